"""Events of a turn that nobody has taken yet; when they are too many, the agent has to wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from persona.core import ReplyEvent

MOST = 1024 * 1024
"""How much may wait, in bytes as the agent sent it, before its output is not read any more."""

PATIENCE = 5.0
"""Seconds after which who takes nothing is looked at again, and then given up."""


class Backlog:
    """Keeps events in order until they are taken.

    A full one holds the agent's output until all of it was taken. The process may serve
    other sessions, whose messages wait behind: so it is held for a while only. When nobody
    takes anything it is given up, and what comes then is dropped.

    Args:
        hold: Called when nothing more should be read from the agent.
        let_go: Called when reading may go on.
    """

    def __init__(self, hold: Callable[[], None], let_go: Callable[[], None]) -> None:
        self._hold = hold
        self._let_go = let_go
        self._events: deque[ReplyEvent] = deque()
        self._size = 0
        self._held = False
        self._look: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self.given_up = False

    def __bool__(self) -> bool:
        return bool(self._events)

    def put(self, events: Iterable[ReplyEvent], size: int) -> None:
        """Add events that came in so many bytes."""
        self._wake.set()
        if self.given_up:
            return
        self._events.extend(events)
        if not self._events:
            return
        # Counted since it was empty: what is taken meanwhile need not be counted.
        self._size += size
        if self._size > MOST and not self._held:
            self._held = True
            self._hold()
            self._look_later(seen=-1)

    def take(self) -> ReplyEvent:
        """Return the oldest event."""
        event = self._events.popleft()
        if not self._events:
            self._relax()
        return event

    def clear(self) -> None:
        """Drop everything, and begin anew."""
        self._events.clear()
        self._relax()
        self.given_up = False

    def wake(self) -> None:
        """Let who waits go on."""
        self._wake.set()

    async def news(self, seconds: float) -> bool:
        """Wait until something happens, at most so long; return whether it did."""
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    def _relax(self) -> None:
        self._size = 0
        if self._look is not None:
            self._look.cancel()
            self._look = None
        if self._held:
            self._held = False
            self._let_go()

    def _look_later(self, seen: int) -> None:
        loop = asyncio.get_running_loop()
        self._look = loop.call_later(PATIENCE, self._look_whether_taken, seen)

    def _look_whether_taken(self, seen: int) -> None:
        # Twice: after a halt of the whole server the first look comes before anybody's turn.
        if len(self._events) == seen:
            self.given_up = True
            self._relax()
        else:
            self._look_later(len(self._events))
