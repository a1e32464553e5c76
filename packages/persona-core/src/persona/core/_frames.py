"""When the parts of a reply are written, and when what is only shown is stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from persona.core._conversation import Conversation
from persona.core._pace import Pace
from persona.core._parts import Part, WriterStats
from persona.core._places import Places

_GROWING = ("reply", "thought")
"""Parts that grow with each chunk: they may be shown more often than they are stored."""


class Frames:
    """Writes the parts of one reply to the chat, spaced by `Pace`.

    Args:
        conversation: Where to write.
        pace: Spacing of frames.
        places: Where the files lie that reports name.
        note: Returns what is noted with a part, for its state and whether it is the last.
        parts: Returns the parts that more may be heard of.

    Attributes:
        stats: What it has cost.
        answered: Whether something was written that counts as an answer; thoughts do not.
        broken: What went wrong at a time when nobody waited for it.
    """

    def __init__(
        self,
        conversation: Conversation,
        pace: Pace,
        places: Places,
        note: Callable[[Part, str, bool], dict[str, Any]],
        parts: Callable[[], Sequence[Part]],
    ) -> None:
        self.stats = WriterStats()
        self.answered = False
        self.broken: Exception | None = None
        self._conversation = conversation
        self._pace = pace
        self._places = places
        self._note = note
        self._parts = parts
        self._timer: asyncio.TimerHandle | None = None
        self._storing: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._store_due = 0.0
        self._last_cost = 0.0

    def touch(self, part: Part) -> None:
        """Have the part written: at once if it is new or nothing was written lately."""
        part.changed = True
        if part.id is None:
            self.write(part)
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            wait = self._due - loop.time()
            if wait <= 0:
                self.write_changed()
            else:
                self._timer = loop.call_later(wait, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        try:
            self.write_changed()
        except Exception as exc:  # boundary: a timer has no caller; the turn raises it instead
            self.broken = exc

    def _on_silence(self) -> None:
        """Store what is only shown, as no next frame did so."""
        self._storing = None
        try:
            for part in self._parts():
                if part.unstored:
                    self.write(part, store=True)
        except Exception as exc:  # boundary: a timer has no caller; the turn raises it instead
            self.broken = exc

    def cancel(self) -> None:
        """Write nothing by itself from now on."""
        for timer in (self._timer, self._storing):
            if timer is not None:
                timer.cancel()
        self._timer = self._storing = None

    def write_changed(self) -> None:
        """Write what differs from what the chat shows, now."""
        for part in self._parts():
            if part.changed:
                self.write(part)

    def write(
        self, part: Part, state: str = "writing", *, last: bool = False, store: bool = False
    ) -> None:
        """Write one part now.

        Args:
            part: The part.
            state: Where it stands, as it is noted.
            last: Whether it is the turn's last, with which is noted what the turn took.
            store: Whether it is stored in any case.
        """
        begun = time.perf_counter()
        body = part.render(self._places)
        part.changed = False
        if part.id is None and not body.strip():
            return  # an empty bubble helps nobody
        if part.thoughts is None:  # which are no answer
            self.answered = True
        note = self._note(part, state, last)
        loop = asyncio.get_running_loop()
        stored = (
            store
            or state != "writing"
            or part.kind not in _GROWING
            or loop.time() >= self._store_due
        )
        if part.id is None:
            part.id = self._conversation.add(body, note)
            stored = True
        elif stored or not self._conversation.show(part.id, body, note):
            self._conversation.replace(part.id, body, note)
            stored = True
        part.unstored = not stored
        cost = time.perf_counter() - begun
        self.stats.frames += 1
        self.stats.seconds += cost
        self.stats.characters += part.size
        self._plan_store(cost, stored=stored)
        # The cheaper of the last two: one slow write, or the one that adds the message,
        # says little about the next.
        steady, self._last_cost = min(cost, self._last_cost), cost
        self._due = max(self._due, loop.time() + self._pace.spacing(part.size, steady))

    def _plan_store(self, cost: float, *, stored: bool) -> None:
        loop = asyncio.get_running_loop()
        if stored:
            self._store_due = loop.time() + self._pace.until_stored(cost)
            if self._storing is not None and not any(part.unstored for part in self._parts()):
                self._storing.cancel()
                self._storing = None
        elif self._storing is None:
            # After the next frames, which store it too if there are any.
            wait = self._store_due - loop.time() + self._pace.keeping
            self._storing = loop.call_later(wait, self._on_silence)
