"""The permission messages of one turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from persona.core._conversation import Conversation
from persona.core._errors import ChatGone
from persona.core._permissions import PermissionDecision, PermissionRequest
from persona.core._question import note_of, render_answered, render_question
from persona.core._users import users_of


class Asking:
    """Shows the requests of a turn, each in a message of its own, and what became of them.

    Args:
        conversation: Where to write.
        note: Returns what the messages of this turn have in common, for a state.
        changed: Called after a request was answered or withdrawn, with what went wrong when
            that was written.
    """

    def __init__(
        self,
        conversation: Conversation,
        note: Callable[[str], dict[str, Any]],
        changed: Callable[[Exception | None], None],
    ) -> None:
        self._conversation = conversation
        self._note = note
        self._changed = changed
        self._open: list[PermissionRequest] = []

    @property
    def waiting(self) -> bool:
        """Whether a request is open."""
        return bool(self._open)

    def ask(self, request: PermissionRequest) -> None:
        """Show a request that is not decided yet.

        Raises:
            TurnError: Another request with that id is open.
        """
        self._conversation.session.ask(request)
        self._open.append(request)
        body = render_question(request)
        note = {**self._note("waiting"), "permission": note_of(request)}
        message_id = self._conversation.add(body, note)
        self._conversation.session.shown(request, message_id)
        request.when_decided(lambda decision: self._settle(request, decision, message_id, body))

    def withdraw(self) -> None:
        """Withdraw what is open: the turn is over."""
        for request in list(self._open):
            request.withdraw()

    def _settle(
        self,
        request: PermissionRequest,
        decision: PermissionDecision,
        message_id: str,
        body: str,
    ) -> None:
        self._open.remove(request)
        name = self._name(decision)
        state = "decided" if decision.option is not None else "withdrawn"
        note = {**self._note(state), "permission": note_of(request, name)}
        error: Exception | None = None
        try:
            self._conversation.replace(message_id, render_answered(body, decision, name), note)
        except ChatGone:
            pass  # somebody removed the question; the answer counts all the same
        except Exception as exc:  # boundary: who answers is not at fault; the turn raises it
            error = exc
        self._changed(error)

    def _name(self, decision: PermissionDecision) -> str:
        if decision.name or not decision.by:
            return decision.name
        user: Any = users_of(self._conversation.chat).get(decision.by)
        return (user and (user.display_name or user.name)) or decision.by
