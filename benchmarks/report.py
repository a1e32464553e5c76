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

_PACKAGES = ("jupyterlab", "jupyter_server", "jupyterlab-chat", "pycrdt", "pydantic", "traitlets")
_INTRO = """\
# Speed

Each figure is taken side by side in one run, on the machine that the end of this page names, and
each has a limit: `python3 bootstrap.py test -s bench -- --full` measures all of them again and
fails if one is missed. This page is written by a run with `--save`.

Streamed replies come in pieces of four characters every two milliseconds. They are compared with
one update of the message for each piece. Both transports of jupyterlab-chat send the whole
message at each update, and the WebSocket transport also writes the whole chat file again.
"""


def line(measure: Measure) -> str:
    """Return a measure as one line of text."""
    mark = "ok  " if measure.ok else "MISS"
    limit = f" (limit {_limit(measure)})" if measure.limit is not None else ""
    return f"{mark} {measure.title}: {_value(measure)}{limit}{_detail(measure, ' — ')}"


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


def write_page(path: Path, measures: Sequence[Measure]) -> None:
    """Write the page of the documentation."""
    parts = [_INTRO]
    for topic in dict.fromkeys(measure.topic for measure in measures):
        parts.append(
            f"\n## {topic.capitalize()}\n\n| | measured | limit | behind it |\n|-|-|-|-|\n"
        )
        parts += [_row(measure) for measure in measures if measure.topic == topic]
    machine = ", ".join(f"{name} {value}" for name, value in _machine().items())
    parts.append(f"\n## The machine\n\n{machine}.\n")
    path.write_text("".join(parts), encoding="utf-8")


def _row(measure: Measure) -> str:
    limit = "–" if measure.limit is None else _limit(measure)
    title = measure.title[0].upper() + measure.title[1:]
    return f"| {title} | {_value(measure)} | {limit} | {_detail(measure)} |\n"


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
