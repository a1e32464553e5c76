"""How the turns of one persona go, in words of this module alone: no text of anybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

TurnState = Literal["starting", "thinking", "writing", "tool", "waiting"]
"""What a persona does in a turn: its engine starts, it thinks, writes, uses a tool, or waits
for somebody's permission."""

ActivityState = Literal[TurnState, "idle", "stopped", "failed", "closed"]
"""As in a turn; or how the last one ended: answered (``idle``), ``stopped``, ``failed``; or that
the persona was let go of (``closed``)."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What a persona does now.

    Attributes:
        state: In a word.
        turn: Id of the message that is or was answered, None before the first.
        engine: Id of the engine that answers.
        model: Id of the model that it uses, None if that is not known or not told yet.
        error: What sort of failure ended the turn, as `TurnError.kind`.
    """

    state: ActivityState = "idle"
    turn: str | None = None
    engine: str | None = None
    model: str | None = None
    error: str | None = None


class ActivityLog:
    """Kept by a persona; told by its queue of turns and by the writers of them.

    Only the turn that runs now counts: one that did not let itself be stopped is over.

    Args:
        changed: Called at each change, with the new one; must neither raise nor block.
    """

    def __init__(self, changed: Callable[[Activity], None] = lambda _: None) -> None:
        self.now = Activity()
        self._changed = changed
        self._running: str | None = None

    def begin(self, turn: str, engine: str) -> None:
        """Note that a turn begins."""
        self._running = turn
        self._set(Activity("thinking", turn, engine))

    def answers(self, turn: str, engine: str | None, model: str | None) -> None:
        """Note what answers the turn, once it is known."""
        if turn == self._running:
            self._set(replace(self.now, engine=engine or self.now.engine, model=model))

    def tell(self, turn: str, state: TurnState) -> None:
        """Note what happens in a turn. Cheap where nothing changes: called for each chunk."""
        if state != self.now.state and turn == self._running:
            self._set(replace(self.now, state=state))

    def end(
        self, turn: str, state: Literal["idle", "stopped", "failed"], error: str | None = None
    ) -> None:
        """Note how a turn ended, also one that never began."""
        if turn != self._running:
            self.now = Activity()  # what is known of another turn says nothing of this one
        self._running = None
        self._set(replace(self.now, state=state, turn=turn, error=error))

    def close(self) -> None:
        """Note that the persona was let go of."""
        self._running = None
        self._set(Activity("closed"))

    def _set(self, activity: Activity) -> None:
        if activity != self.now:
            self.now = activity
            self._changed(activity)
