"""Finds a Chromium for the browser tests, and installs one where there is none.

`python chromium.py` prints its path. The tests call `chromium()` and `launch_arguments()`.
"""

import functools
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)


class ChromiumMissing(RuntimeError):
    """No Chromium is installed, and none could be."""


@functools.cache
def chromium() -> str:
    """Return the path of a Chromium that starts.

    Looks at `PERSONA_CHROMIUM`, at the usual names on PATH and the usual places, then at what
    Playwright has. Failing these, has Playwright download its own, or apt install Debian's.

    Raises:
        ChromiumMissing: with what was tried and what to do.
    """
    if named := os.environ.get("PERSONA_CHROMIUM"):
        if _starts(named):
            return named
        raise ChromiumMissing(f"PERSONA_CHROMIUM is {named}, which does not start.")
    ways: list[tuple[str, Callable[[], str | None]]] = [
        ("on PATH and in the usual places", _installed),
        ("Playwright's own", _playwrights),
        ("playwright install chromium", _install_with_playwright),
        ("apt-get install chromium", _install_with_apt),
    ]
    for name, way in ways:
        if (found := way()) is not None and _starts(found):
            return found
        _say(f"no Chromium: {name}")
    raise ChromiumMissing(
        "The browser tests need Chromium or Chrome. Install it (Debian: apt install chromium), "
        "or set PERSONA_CHROMIUM to its path."
    )


def launch_arguments() -> list[str]:
    """Return the options to start Chromium with: headless machines, containers, closed networks."""
    arguments = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-gpu",
        "--disable-quic",
        "--disable-sync",
        "--no-first-run",
    ]
    if _is_root():
        arguments.append("--no-sandbox")
    return arguments


def _installed() -> str | None:
    for candidate in (*map(shutil.which, _NAMES), *_PLACES):
        if candidate and Path(candidate).is_file() and _starts(candidate):
            return candidate
    return None


def _playwrights() -> str | None:
    script = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    path = _output([sys.executable, "-c", script])
    return path if path and Path(path).is_file() else None


def _install_with_playwright() -> str | None:
    playwright = [sys.executable, "-m", "playwright"]
    if not _run([*playwright, "install", "chromium"]):
        return None
    if _is_root() and platform.system() == "Linux":
        _run([*playwright, "install-deps", "chromium"])
    return _playwrights()


def _install_with_apt() -> str | None:
    if not (_is_root() and shutil.which("apt-get")):
        return None
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
    if _run(["apt-get", "update"], environment) and _run(install, environment):
        return shutil.which("chromium")
    return None


def _starts(path: str) -> bool:
    # On Windows `--version` opens a window instead of answering.
    if os.name == "nt":
        return Path(path).is_file()
    return _output([path, "--version"]) is not None


def _is_root() -> bool:
    return os.name != "nt" and os.geteuid() == 0


def _output(command: list[str]) -> str | None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _run(command: list[str], environment: dict[str, str] | None = None) -> bool:
    _say(" ".join(command))
    try:
        # What installers print goes to the error stream: the path alone is this program's output.
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment, timeout=600
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        _say(str(error))
        return False
    return done.returncode == 0


def _say(text: str) -> None:
    print(f"chromium: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        print(chromium())
    except ChromiumMissing as problem:
        sys.exit(str(problem))
