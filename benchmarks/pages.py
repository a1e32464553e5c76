"""JupyterLab in Chromium, with the lab extension and without it, and what its main thread does."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NAME = "persona-jupyter"
PATIENCE = 60
MODES = {"ws": "--YDocExtension.disable_rtc=True", "rtc": "--YDocExtension.disable_rtc=False"}

_WATCH = """() => {
    const seen = (window.benchSeen = []);
    new PerformanceObserver(list => list.getEntries().forEach(entry => seen.push(entry.duration)))
        .observe({type: 'longtask'});
}"""


def browser_tests(name: str) -> Any:
    """Return a module of the browser tests: their server, their Chromium."""
    package = types.ModuleType("browser_tests")
    package.__path__ = [str(ROOT / "tests-integration" / "browser")]
    sys.modules.setdefault(package.__name__, package)
    return importlib.import_module(f"{package.__name__}.{name}")


@contextlib.contextmanager
def serving(home: Path, mode: str) -> Iterator[Any]:
    """Run JupyterLab, with the peer in it."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), before]))
    extra = [MODES[mode], "--ServerApp.jpserver_extensions={'benchmarks.peer': True}"]
    try:
        with browser_tests("lab").Lab(home, home / "root", extra=extra) as lab:
            yield lab
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Run the browser."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE * 1000)
    found = browser_tests("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.chromium(), args=found.launch_arguments()
        )
        yield browser
        browser.close()


@dataclass(frozen=True)
class Spent:
    """What the main thread did in a while.

    Attributes:
        task: Seconds in tasks, of CPU.
        script: Of these, in JavaScript.
        wall: Seconds by the clock.
    """

    task: float
    script: float
    wall: float

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.task - other.task, self.script - other.script, self.wall - other.wall)


class LabPage:
    """One tab, in a profile of its own.

    Args:
        browser: The browser.
        lab: The server.
        extension: Whether JupyterLab loads our lab extension; the server has it in any case.
    """

    def __init__(self, browser: Any, lab: Any, *, extension: bool) -> None:
        self.context = browser.new_context(
            viewport={"width": 1100, "height": 760}, locale="en-US", color_scheme="light"
        )
        self.page = self.context.new_page()
        self.chat = browser_tests("chat").ChatPage(self.page, lab, Path())
        if not extension:
            # JupyterLab goes on without an extension that cannot be loaded.
            self.page.route(f"**/extensions/{NAME}/**", lambda route: route.abort())
        self._devtools = self.context.new_cdp_session(self.page)
        # CPU of the thread: what else the machine does must not count.
        self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent(self) -> Spent:
        """Return what the main thread has done so far."""
        found = self._devtools.send("Performance.getMetrics")["metrics"]
        values = {entry["name"]: entry["value"] for entry in found}
        return Spent(values["TaskDuration"], values["ScriptDuration"], values["Timestamp"])

    def watch(self) -> None:
        """Begin to note long tasks."""
        self.page.evaluate(_WATCH)

    def watched(self) -> list[float]:
        """Return the milliseconds of all tasks over 50 ms since `watch`."""
        self.page.wait_for_timeout(300)
        return list(self.page.evaluate("window.benchSeen"))

    @contextlib.contextmanager
    def profile(self) -> Iterator[dict[str, Any]]:
        """Sample the JavaScript; the profile is in what is yielded, afterwards."""
        profile: dict[str, Any] = {}
        self._devtools.send("Profiler.enable")
        self._devtools.send("Profiler.setSamplingInterval", {"interval": 1000})
        self._devtools.send("Profiler.start")
        try:
            yield profile
        finally:
            profile.update(self._devtools.send("Profiler.stop")["profile"])
            self._devtools.send("Profiler.disable")

    def close(self) -> None:
        """Close the tab and its profile."""
        self.context.close()
