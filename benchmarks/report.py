"""Figures as text, as JSON and as the page in the documentation."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.measure import Measure

FOLDER = Path(__file__).parent / "results"
LATEST = FOLDER / "latest.json"
REFERENCE = FOLDER / "reference.json"
PAGE = Path(__file__).parents[1] / "docs" / "speed.md"

_PACKAGES = (
    "jupyterlab",
    "jupyter_server",
    "jupyterlab-chat",
    "pycrdt",
    "pydantic",
    "traitlets",
    "agent-client-protocol",
)
_HEADINGS = {"acp": "ACP engines"}
_INTRO = """\
# Speed

Both sides of a figure are measured side by side in one run, on the machine that the end of this
page names; the topics may come from different runs. Each figure has a limit, and
`python3 bootstrap.py test -s bench -- --full` measures all of them again and fails if one is missed
twice. This page is written by a run with `--save`.

A thousand Markdown files of 2 KB are loaded by the catalog: found, read, parsed, validated. That is
compared with parsing their front matter alone, which is in memory already, with the fastest safe
loader that is known here (PyYAML's `CSafeLoader`); most front matter is read line by line instead.
The least of several turns counts on both sides. A thousand entries of `personas.toml` are compared
with `tomllib.load` and with validating the same entries, one after the other.

A streamed reply comes in pieces of four characters every two milliseconds. It is compared with
one update of the message for each piece, which is given its pieces without the waiting: its bytes
are the same so, and its CPU is less. In CPU the persona's side pays for waking up at each piece and
for its whole turn; that is why the ratio is below 1 over RTC, where one update is cheap.
Both transports of jupyterlab-chat send the whole message at each update, and the WebSocket
transport also writes the whole chat file again.

In Chromium the same reply is streamed at the same pace, and the CPU of the browser's main thread is
counted; one update a chunk runs in a page without our lab extension. The long chat has 1,000
messages, 200 of them reports of three tool calls each. jupyterlab-chat draws all of them at once,
with us or without, for seconds. What counts is the part of our code in it: the profile's samples
below a function of ours, between two moments in which the main thread had nothing to do.
"""


def line(measure: Measure) -> str:
    """Return a measure as one line of text."""
    mark = "ok  " if measure.ok else "MISS"
    limit = f" (limit {_limit(measure)})" if measure.limit is not None else ""
    case = f" ({measure.case})" if measure.case else ""
    return f"{mark} {measure.title}{case}: {_value(measure)}{limit}{_detail(measure, ' — ')}"


def write_json(path: Path, measures: Sequence[Measure], *, mode: str, seconds: float) -> None:
    """Write the result of a run."""
    content = {
        "ok": all(measure.ok for measure in measures),
        "mode": mode,
        "when": datetime.now(UTC).date().isoformat(),
        "seconds": round(seconds),
        "machine": _machine(),
        "measures": [_as_dict(measure) for measure in measures],
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> list[Measure]:
    """Return the measures of an earlier run."""
    found = json.loads(path.read_text(encoding="utf-8"))["measures"]
    return [Measure(**{k: v for k, v in entry.items() if k != "ok"}) for entry in found]


def write_page(path: Path, measures: Sequence[Measure]) -> None:
    """Write the page of the documentation."""
    parts = [_INTRO]
    for topic in dict.fromkeys(measure.topic for measure in measures):
        chosen = [measure for measure in measures if measure.topic == topic]
        parts.append(f"\n## {_HEADINGS.get(topic, topic.capitalize())}\n\n")
        parts += _by_case(chosen) if chosen[0].case else _one_by_one(chosen)
    machine = ", ".join(f"{name} {value}" for name, value in _machine().items())
    parts.append(f"\n## The machine\n\n{machine}.\n")
    path.write_text("".join(parts), encoding="utf-8")


def _one_by_one(measures: Sequence[Measure]) -> list[str]:
    rows = ["| | measured | limit | behind it |\n|-|-|-|-|\n"]
    for measure in measures:
        limit = "–" if measure.limit is None else _limit(measure)
        title = measure.title[0].upper() + measure.title[1:]
        rows.append(f"| {title} | {_value(measure)} | {limit} | {_detail(measure)} |\n")
    return rows


def _by_case(measures: Sequence[Measure]) -> list[str]:
    """Return a table with a row for each case, the limits in brackets."""
    titles = list(dict.fromkeys(measure.title for measure in measures))
    found = {(measure.case, measure.title): measure for measure in measures}
    rows = [f"| | {' | '.join(titles)} |\n|-|{'-|' * len(titles)}\n"]
    for case in dict.fromkeys(measure.case for measure in measures):
        cells = [_cell(found.get((case, title))) for title in titles]
        rows.append(f"| {case} | {' | '.join(cells)} |\n")
    return rows


def _cell(measure: Measure | None) -> str:
    if measure is None:
        return "–"
    if measure.limit is None:
        return _value(measure)
    sign = {"min": "≥", "max": "≤"}[measure.sense]
    return f"{_value(measure)} ({sign} {_number(measure.limit)})"


def _value(measure: Measure) -> str:
    return f"{_number(measure.value)} {measure.unit}".strip()


def _limit(measure: Measure) -> str:
    bound = {"min": "at least", "max": "at most"}[measure.sense]
    return f"{bound} {_number(measure.limit)} {measure.unit}".strip()


def _detail(measure: Measure, before: str = "") -> str:
    shown = [f"{name}: {_number(value)}" for name, value in measure.detail.items()]
    return before + "; ".join(shown) if shown else ""


def _number(value: float | str | None) -> str:
    if not isinstance(value, int | float):
        return str(value)
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _as_dict(measure: Measure) -> dict[str, Any]:
    detail = {k: _rounded(v) for k, v in measure.detail.items()}
    found = {
        "topic": measure.topic,
        "title": measure.title,
        **({"case": measure.case} if measure.case else {}),
        "value": _rounded(measure.value),
        "unit": measure.unit,
        "ok": measure.ok,
    }
    if measure.limit is not None:
        found |= {"limit": measure.limit, "sense": measure.sense}
    return found | ({"detail": detail} if detail else {})


def _rounded(value: float | str) -> float | str:
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _machine() -> dict[str, str]:
    memory = psutil.virtual_memory().total / 2**30
    return {
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": str(psutil.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        **{name: version(name) for name in _PACKAGES},
    }
