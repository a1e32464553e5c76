"""What was said in a chat and what of it still wants an answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from persona.core import TERMINAL, note

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel, Message, User

_PREFIX = "persona::"

_DAY = 24 * 3600.0
"""Who has not written for so long does not count as present when a chat opens."""


class Inbox:
    """Reads a chat for its `PersonaManager`; writes nothing.

    Attributes:
        last_addressed: Short name of the persona last addressed, or None.
    """

    def __init__(self, chat: BaseChatModel) -> None:
        self._chat = chat
        messages = chat.get_messages()
        self._seen = {message.id for message in messages}
        self._taken: set[str] = set()
        self._humans: dict[str, str] = {}
        self.last_addressed: str | None = None
        users = chat.get_users()
        for message in messages:
            if message.sender.startswith(_PREFIX) and note(message).get("kind") == "reply":
                self.last_addressed = message.sender.removeprefix(_PREFIX)
            elif not _is_bot(message, users.get(message.sender)) and _is_recent(message):
                self._meet(message, users.get(message.sender))

    def unanswered(self, seconds: float) -> list[Message]:
        """Return the messages at the end that people wrote and nobody answered, oldest first.

        Args:
            seconds: Older ones are left alone.
        """
        users = self._chat.get_users()
        waiting: list[Message] = []
        for message in reversed(self._chat.get_messages()):
            if _is_bot(message, users.get(message.sender)):
                if note(message).get("kind") == "diagnostics":
                    continue  # answers nobody
                break
            if not message.deleted and time.time() - message.time <= seconds:
                waiting.append(message)
        for message in waiting:
            self._seen.discard(message.id)
        return waiting[::-1]

    def take(self, message: Message) -> bool:
        """Return whether ``message`` is new and wants an answer; true only once for each."""
        if message.id in self._seen or message.deleted:
            return False
        self._seen.add(message.id)
        user = self._chat.get_users().get(message.sender)
        if _is_bot(message, user):
            return False
        self._meet(message, user)
        return True

    def humans(self) -> dict[str, str]:
        """Return the people who have written here: username → name shown."""
        return dict(self._humans)

    def replies(self, persona_id: str, message_id: str) -> list[Message]:
        """Return a persona's finished replies to a message."""
        return [
            m
            for m in self._chat.get_messages()
            if m.sender == persona_id
            and note(m).get("answers") == message_id
            and note(m).get("kind") == "reply"
            and note(m).get("state") == "complete"
        ]

    def answered(self, persona_id: str, message_id: str) -> bool:
        """Return whether a persona has written anything to a message, be it an error."""
        return any(
            m.sender == persona_id and note(m).get("answers") == message_id
            for m in self._chat.get_messages()
        )

    def _meet(self, message: Message, user: User | None) -> None:
        if message.sender.startswith(TERMINAL):
            return  # most likely the same person as in the browser
        name = message.sender if user is None else (user.display_name or user.name)
        self._humans[message.sender] = name or message.sender


def _is_bot(message: Message, user: User | None) -> bool:
    return message.sender.startswith(("persona::", "personas::")) or bool(user and user.bot)


def _is_recent(message: Message) -> bool:
    return time.time() - message.time < _DAY
