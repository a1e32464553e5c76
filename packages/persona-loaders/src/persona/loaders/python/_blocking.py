"""Notices code that holds up the whole server, and says where it stands.

A thread of its own asks the event loop for a sign of life while Python personas are at work.
If none comes it looks at what the loop's thread does. What waits in C (``time.sleep``, a
request) can only be told; a loop of Python code that never ends is broken off.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import dis
import linecache
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from types import FrameType

from persona.core import PersonaError, escape_markdown

LONG = 1.0
"""Seconds without a sign of life from which on it is told."""

TOO_LONG = 15.0
"""Seconds after which Python code that runs on and on is broken off."""

_STEP = 0.1
_RUNNING = frozenset({"JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "RESUME", "JUMP_ABSOLUTE"})
"""Instructions at which a thread that runs Python code lets others run."""


class HeldUp(PersonaError):
    """Raised in code that has held up the server for too long."""

    def __init__(self) -> None:
        super().__init__(
            "It ran on and on and held up the whole server, so it was broken off. "
            "Move such work into a function and write `await asyncio.to_thread(function)`."
        )


@dataclass(frozen=True, slots=True)
class Blocked:
    """Code that held up the server.

    Attributes:
        file: Its file.
        line: The line that took so long.
        function: The function that it stands in.
        text: That line.
        seconds: How long.
    """

    file: str
    line: int
    function: str
    text: str
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line} in {self.function} held up the server for "
            f"{self.seconds:.1f} s: {self.text}"
        )


def told(name: str, blocked: Blocked) -> str:
    """Return what the chat says about it.

    Args:
        name: Name of the persona.
        blocked: What happened.
    """
    file = blocked.file.replace("\\", "/").rpartition("/")[2].replace("`", "'")
    code = blocked.text.replace("`", "'")
    return (
        f"⚠ **{escape_markdown(name)} held up the whole server for {blocked.seconds:.1f} s** "
        f"in `{file}`, line {blocked.line}, `{code}`.\n\n"
        "Nobody could do anything meanwhile. Let it run in a thread: "
        "`await asyncio.to_thread(function, …)`, or use `await asyncio.sleep(…)` to wait."
    )


@dataclass(slots=True)
class _Watch:
    files: Collection[str]
    tell: Callable[[Blocked], None]


class Watchdog:
    """Watches one event loop while Python personas work in it. Belongs to the engine registry.

    Args:
        long: Seconds from which on code is told of.
        too_long: Seconds after which Python code is broken off.
    """

    def __init__(self, long: float = LONG, too_long: float = TOO_LONG) -> None:
        self._long = long
        self._too_long = too_long
        self._watches: list[_Watch] = []
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._loops_thread = 0
        self._beat = 0.0
        self._found: tuple[_Watch, Blocked] | None = None

    @contextlib.contextmanager
    def watching(self, files: Collection[str], tell: Callable[[Blocked], None]) -> Iterator[None]:
        """Watch while something runs. Must be called in the event loop.

        Args:
            files: Files of the persona; what runs in or below them is its own.
            tell: Called in the event loop with what held it up, once it goes on.
        """
        watch = _Watch(frozenset(files), tell)
        self._loop = asyncio.get_running_loop()
        self._loops_thread = threading.get_ident()
        self._beat = time.monotonic()
        with self._lock:
            self._watches.append(watch)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="persona-watchdog", daemon=True
                )
                self._thread.start()
        try:
            yield
        finally:
            # What has held it up until now is told before the turn ends.
            self._alive()
            self._watches.remove(watch)

    async def close(self) -> None:
        """Watch no more. Called by the registry when the server stops."""
        self._watches.clear()

    def _alive(self) -> None:
        """Note that the loop goes on, and tell what held it up. Runs in the loop."""
        now = time.monotonic()
        seconds, self._beat = now - self._beat, now
        found, self._found = self._found, None
        if found is not None and found[0] in self._watches:
            watch, blocked = found
            watch.tell(
                Blocked(
                    blocked.file,
                    blocked.line,
                    blocked.function,
                    linecache.getline(blocked.file, blocked.line).strip()[:120],
                    seconds,
                )
            )

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._watches or self._loop is None or self._loop.is_closed():
                    self._thread = None
                    return
                loop = self._loop
            asked = self._beat
            with contextlib.suppress(RuntimeError):  # the loop was closed just now
                loop.call_soon_threadsafe(self._alive)
            self._wait(asked)

    def _wait(self, asked: float) -> None:
        """Wait for the sign of life that was asked for; look what the loop does if it is late."""
        broken = False
        while True:
            time.sleep(_STEP)
            if self._beat != asked or not self._watches:
                return
            late = time.monotonic() - asked
            frame = sys._current_frames().get(self._loops_thread)
            own = self._own(frame) if late >= self._long else None
            if own is None or frame is None:
                if late > self._long and self._loop is not None and self._loop.is_closed():
                    return
                continue
            self._found = self._found or own
            if late > self._too_long and not broken and _is_running(frame):
                broken = True
                _break_off(self._loops_thread)

    def _own(self, frame: FrameType | None) -> tuple[_Watch, Blocked] | None:
        """Return the innermost line of a persona's own code that the loop is in, if any."""
        while frame is not None:
            file = frame.f_code.co_filename
            for watch in tuple(self._watches):
                if file in watch.files:
                    line, function = frame.f_lineno, frame.f_code.co_qualname
                    return watch, Blocked(file, line, function, "")
            frame = frame.f_back
        return None


def _is_running(frame: FrameType) -> bool:
    """Whether a thread runs Python code, so that an error can be raised at this very place."""
    try:
        return dis.opname[frame.f_code.co_code[frame.f_lasti]] in _RUNNING
    except IndexError:
        return False


def _break_off(thread: int) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(HeldUp))
