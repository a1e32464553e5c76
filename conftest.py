"""Keeps every test away from the home folder and the keys of whoever runs it."""

import os
import tempfile
from pathlib import Path

import pytest

_FOLDERS = {
    "HOME": "",
    "USERPROFILE": "",
    "APPDATA": "appdata",
    "LOCALAPPDATA": "localappdata",
    "XDG_CACHE_HOME": ".cache",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "JUPYTER_CONFIG_DIR": ".jupyter",
    "JUPYTER_DATA_DIR": ".local/share/jupyter",
    "JUPYTER_RUNTIME_DIR": ".local/share/jupyter/runtime",
    "IPYTHONDIR": ".ipython",
}
_HOME = pytest.StashKey["tempfile.TemporaryDirectory[str]"]()


def pytest_configure(config: pytest.Config) -> None:
    """Point the home, XDG and Jupyter folders to a new one and drop the keys of models."""
    temporary = tempfile.TemporaryDirectory(prefix="persona-home-", ignore_cleanup_errors=True)
    config.stash[_HOME] = temporary
    for name, folder in _FOLDERS.items():
        path = Path(temporary.name, folder)
        path.mkdir(parents=True, exist_ok=True)
        os.environ[name] = str(path)
    for name in list(os.environ):
        if name.endswith("_API_KEY") or name.startswith(("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")):
            del os.environ[name]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the temporary home."""
    if temporary := config.stash.get(_HOME, None):
        temporary.cleanup()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why a test was run once more: it passes then, and nobody would look."""
    for report in terminalreporter.stats.get("rerun", ()):
        reason = str(report.longrepr).strip().splitlines()
        said = [line for line in reason if line.startswith("E  ")] or reason[-1:]
        terminalreporter.section(f"once more: {report.nodeid} ({report.when})", sep="-")
        terminalreporter.write_line("\n".join(said[:20]))
