"""`jupyter persona list` in a project of a hundred personas."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.children import run
from benchmarks.files import write_definitions
from benchmarks.measure import Measure, median

COUNT = 100
SECONDS = 1.0


def measure(*, full: bool) -> Iterator[Measure]:
    """Yield how long the command takes, from its start to its end."""
    command = [*_jupyter_persona(), "list", "--json"]
    walls: list[float] = []
    cpus: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        project, home = Path(name) / "project", Path(name) / "home"
        write_definitions(project, COUNT)
        for number in range((11 if full else 5) + 1):
            cost, printed = run(command, cwd=project, home=home)
            found = json.loads(printed)["personas"]
            states = [p["state"] for p in found if p["scope"] == "project"]
            if len(states) != COUNT or "broken" in states:
                raise RuntimeError(f"{' '.join(command)} does not list {COUNT} personas.")
            if number:  # the first run fills the caches
                walls.append(cost.wall)
                cpus.append(cost.cpu)
    yield Measure(
        "command line",
        f"`jupyter persona list` with {COUNT} personas",
        min(walls),  # on a busy machine the clock says too much, never too little
        "s",
        SECONDS,
        detail={"CPU s": median(cpus), "median, s": median(walls)},
    )


def _jupyter_persona() -> list[str]:
    """Return the command as people call it, or as a module where it is not installed."""
    scripts = Path(sys.executable).parent
    if (scripts / "jupyter").exists() and (scripts / "jupyter-persona").exists():
        return [str(scripts / "jupyter"), "persona"]
    return [sys.executable, "-m", "persona.cli"]
