"""The turn that an author's code runs in, and what stands for one where there is none."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from persona.core import Turn, Utterance

if TYPE_CHECKING:
    from persona.core import BasePersona as Container

current_turn: ContextVar[Turn | None] = ContextVar("persona_turn", default=None)
"""The turn that runs; tasks that a persona starts in it have it too."""


def no_turn(held: Container) -> Turn:
    """Return what stands for a turn where something is written outside of one."""
    nothing = Utterance("", "human", "", "", "", 0.0)
    return Turn(nothing, (), held.model, held.context, held.identity, dict(held.options))


def note_of(turn: Turn | None) -> dict[str, Any]:
    """Return the note of a whole message that is sent in a turn, or outside of one."""
    note: dict[str, Any] = {"kind": "reply", "state": "complete"}
    return note if turn is None else {**note, "answers": turn.message.id, "hops": turn.hops}
