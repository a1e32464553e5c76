"""Other Python processes: what they cost, in a home of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measure import Cost


def environment(home: Path) -> dict[str, str]:
    """Return an environment whose home and Jupyter folders are empty ones under ``home``."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "XDG_", "IPYTHON"))
    }
    own = {
        "HOME": home,
        "IPYTHONDIR": home / "ipython",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
    }
    for folder in own.values():
        folder.mkdir(parents=True, exist_ok=True)
    return {**kept, **{name: str(folder) for name, folder in own.items()}}


def run(command: list[str], *, cwd: Path, home: Path) -> tuple[Cost, str]:
    """Run a command to its end; return its cost, with its children's, and what it printed.

    Raises:
        RuntimeError: It failed.
    """
    before, begun = os.times(), time.perf_counter()
    done = subprocess.run(
        command, cwd=cwd, env=environment(home), capture_output=True, text=True, check=False
    )
    wall, after = time.perf_counter() - begun, os.times()
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    cpu = after.children_user + after.children_system
    return Cost(cpu - before.children_user - before.children_system, wall), done.stdout


def run_code(code: str, *, home: Path) -> str:
    """Run Python code in a process of its own and return what it printed."""
    return run([sys.executable, "-c", code], cwd=home, home=home)[1]
