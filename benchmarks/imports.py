"""What `import persona.core` costs and what it leaves alone."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.children import run_code
from benchmarks.measure import Measure, median

FORBIDDEN = ("jupyter_server", "tornado", "litellm", "mcp", "acp")
DEARER = 2.0

_MODELS = "import pydantic, traitlets"
_CORE = "import persona.core"
_EVERY_NAME = f"{_CORE}\nfor name in persona.core.__all__: getattr(persona.core, name)"
_TIMED = """
import json, sys, time
begun = time.process_time()
{code}
cost = time.process_time() - begun
print(json.dumps([cost, [m for m in {names!r} if m in sys.modules]]))
"""


def measure(*, full: bool) -> Iterator[Measure]:
    """Yield the CPU cost of the import, against that of pydantic and traitlets."""
    costs: dict[str, list[float]] = {_MODELS: [], _CORE: [], _EVERY_NAME: []}
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range((31 if full else 11) + 1):
            for code, seen in costs.items():
                text = _TIMED.format(code=code, names=FORBIDDEN)
                cost, found[code] = json.loads(run_code(text, home=Path(folder)))
                if number:  # the first round fills the caches
                    seen.append(cost)
    models, core, names = (median(seen) for seen in costs.values())
    detail: dict[str, float | str] = {"ms": core * 1e3, "pydantic and traitlets, ms": models * 1e3}
    yield Measure(
        "imports",
        "`import persona.core` against `import pydantic, traitlets`",
        core / models,
        "x",
        DEARER,
        detail=detail,
    )
    yield Measure(
        "imports",
        "using every public name of it as well",
        names / models,
        "x",
        detail={"ms": names * 1e3},
    )
    for code, title in ((_CORE, "`import persona.core`"), (_EVERY_NAME, "every public name")):
        yield Measure(
            "imports",
            f"heavy packages that are imported with {title}",
            len(found[code]),
            "",
            0,
            detail={"looked for": ", ".join(FORBIDDEN)}
            | ({"found": ", ".join(found[code])} if found[code] else {}),
        )
