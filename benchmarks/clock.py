"""An event loop that does not sit out its waiting.

Whenever all tasks wait for a timer, the loop's clock jumps to that timer. Work takes the
time that it takes, so a stream of 20 seconds is simulated in the time of its work alone,
and what depends on the clock (spacing of frames, age of a text) comes out as in real time.
Sound only where nothing waits for another thread, process or socket.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _SkippingSelector(selectors.DefaultSelector):
    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        events = super().select(0)
        if not events:
            self.skipped += timeout
        return events


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose idle time takes no time."""

    def __init__(self) -> None:
        self._idle = _SkippingSelector()
        super().__init__(self._idle)

    def time(self) -> float:
        return super().time() + self._idle.skipped


def run(work: Coroutine[Any, Any, T], *, real_time: bool) -> T:
    """Run ``work`` in a new loop, with or without sitting out its waiting."""
    factory = asyncio.SelectorEventLoop if real_time else SkippingLoop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)
