"""What an agent's session has heard of the chat, and what it must be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from persona.core import Turn, note
from persona.engines.acp._handover import handover, ids_up_to
from persona.engines.acp._memory import NOTHING, recall
from persona.engines.acp._session import Session

if TYPE_CHECKING:
    from persona.core import BasePersona


class Hearing:
    """Keeps count of the messages that the session of one persona in one chat knows.

    Args:
        persona: Whose session it is.
    """

    def __init__(self, persona: BasePersona) -> None:
        self._persona = persona
        self._heard: set[str] = set()
        self._asked: set[str] = set()
        self._session = ""
        self._primed = ""
        self._seen = NOTHING
        self._giving: set[str] = set()
        self._giving_all = self._priming = self._instructed = False

    def before(self, session: Session, preamble: str | None, turn: Turn, text: str) -> list[str]:
        """Return the texts that come before the message: instructions, what was missed."""
        self._recollect(session, turn)
        heard = self._heard | self._own_answers()
        history = {utterance.id for utterance in turn.history}
        self._giving = {turn.message.id}
        command = text[1:].split(None, 1)[0] if text.startswith("/") and text[1:].strip() else ""
        if command and command in session.commands:
            # A command must come first: instructions and what was missed come next time.
            self._priming = self._instructed = False
            self._giving_all = history <= heard and not self._unprimed(session, preamble)
            return []
        self._priming = self._giving_all = True
        self._giving |= history
        self._instructed = self._unprimed(session, preamble)
        parts = (
            preamble if self._instructed else None,
            handover(turn, heard, fresh=not self._heard),
        )
        return [part for part in parts if part]

    def note(self, session: Session, turn: Turn) -> str:
        """Take note that the agent has what `before` returned, and the message.

        Returns:
            Id of the last message up to which the session knows all, or `NOTHING`.
        """
        self._heard |= self._giving
        self._asked.add(turn.message.id)
        if session.refused and self._instructed:
            # Instructions are told twice rather than never.
            self._priming = self._giving_all = False
        if self._priming:
            self._primed = session.id
        if self._giving_all:
            self._seen = turn.message.id
        return self._seen

    def _unprimed(self, session: Session, preamble: str | None) -> bool:
        return bool(preamble) and self._primed != session.id

    def _recollect(self, session: Session, turn: Turn) -> None:
        """Find out what this session has heard, if it is another one than before."""
        if self._session == session.id:
            return
        self._session = session.id
        self._heard, self._asked, self._seen = set(), set(), NOTHING
        stored = recall(self._persona.ychat, self._persona.slug)
        if session.resumed and stored is not None and stored.session == session.id:
            self._heard = ids_up_to(turn.history, stored.seen)
            self._asked = {stored.seen}
            self._seen = stored.seen
            if stored.seen != NOTHING:
                self._primed = session.id

    def _own_answers(self) -> set[str]:
        """Return the ids of what the agent itself has answered in this session."""
        if not self._asked:
            return set()
        return {
            message.id
            for message in self._persona.ychat.get_messages()
            if message.sender in self._persona.ids
            and str(note(message).get("answers")) in self._asked
        }
