"""A real JupyterLab in a process of its own, on loopback, with a home of its own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

from persona.core import TrustStore

SECONDS = 60.0
"""How long anything may take on a slow machine."""

NO_RTC = "--YDocExtension.disable_rtc=True"
"""Turns jupyter-collaboration off, so that chats use their own WebSocket."""

_SETTINGS = {
    # The theme follows the browser's colour scheme, so that pictures are taken in both.
    "themes": {"adaptive-theme": True},
    "notification": {"fetchNews": "false", "checkForUpdates": False},
}
_T = TypeVar("_T")


def poll(look: Callable[[], _T | None], what: str, seconds: float = SECONDS) -> _T:
    """Call `look` until it gives something true, and give that."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:g} s for {what}.")
        time.sleep(0.05)
    return found


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Lab:
    """One JupyterLab server.

    Args:
        home: An empty folder for its home and its log.
        root: Its root folder.
        arguments: What to run with this Python; the default is JupyterLab.
        extra: Further arguments.
        programs: Folders that are searched for programs before all others.
    """

    def __init__(
        self,
        home: Path,
        root: Path,
        *,
        arguments: Sequence[str] | None = None,
        extra: Sequence[str] = (),
        programs: Sequence[Path] = (),
    ) -> None:
        self.home = home
        self.root = root
        self._log = home / "server.log"
        self._programs = programs
        self._arguments = [*(arguments or self._jupyterlab()), *extra]
        self._process: subprocess.Popen[bytes] | None = None
        self._info: dict[str, Any] = {}

    def address(self, path: str) -> str:
        """Return where the browser finds a file of the server's root."""
        return f"{self._info['url']}lab/tree/{quote(path)}?reset&token={self._info['token']}"

    def log(self) -> str:
        """Return what the server has written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def pid(self) -> int:
        """Id of its process."""
        if self._process is None:
            raise RuntimeError("It does not run.")
        return self._process.pid

    def printed(self, pattern: str) -> str:
        """Wait until the log has text of that pattern, and give it."""
        return poll(lambda: re.search(pattern, self.log()), f"{pattern!r} in the log")[0]

    def __enter__(self) -> Self:
        settings = self.home / "config" / "lab" / "user-settings" / "@jupyterlab"
        settings = settings / "apputils-extension"
        settings.mkdir(parents=True)
        for name, values in _SETTINGS.items():
            (settings / f"{name}.jupyterlab-settings").write_text(json.dumps(values))
        self.root.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments],
                cwd=self.home,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._info = poll(self._announced, "JupyterLab to start")
            poll(self._answers, "JupyterLab to answer")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    @property
    def trust(self) -> TrustStore:
        """What its user has trusted."""
        return TrustStore(self.home / "data" / "personas" / "trust.json")

    def _jupyterlab(self) -> list[str]:
        return [
            *("-m", "jupyterlab", "--no-browser", "--allow-root"),
            f"--ServerApp.root_dir={self.root}",
            f"--ServerApp.port={free_port()}",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
            "--LabApp.expose_app_in_browser=True",
            # Agents of this machine must not join the chats as default personas.
            "--PersonaManager.default_personas=False",
        ]

    def _environment(self) -> dict[str, str]:
        folders = {
            "HOME": self.home,
            "USERPROFILE": self.home,
            "IPYTHONDIR": self.home / "ipython",
            "JUPYTER_CONFIG_DIR": self.home / "config",
            "JUPYTER_DATA_DIR": self.home / "data",
            "JUPYTER_RUNTIME_DIR": self.home / "runtime",
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "JUPYTER"))}
        # A closed port: the demo must not find an Ollama of this machine.
        more = {"OLLAMA_HOST": "127.0.0.1:9", "PYTHONUNBUFFERED": "1"}
        more["PATH"] = os.pathsep.join([*map(str, self._programs), os.environ["PATH"]])
        return kept | {name: str(folder) for name, folder in folders.items()} | more

    def _announced(self) -> dict[str, Any] | None:
        """Return the server's own note about itself, once it is written."""
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"JupyterLab ended:\n{self.log()}")
        note = self.home / "runtime" / f"jpserver-{self._process.pid}.json"
        try:
            info = json.loads(note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return info if isinstance(info, dict) else None

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self._info['url']}api/status?token={self._info['token']}", timeout=5):
                return True
        except (URLError, TimeoutError, ConnectionError):
            return False

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            # jupyter-collaboration, also without personas, never ends while a room that
            # somebody has written to waits for being cleaned up.
            process.kill()
            process.wait()
