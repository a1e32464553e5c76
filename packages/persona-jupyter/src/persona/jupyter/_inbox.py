"""What was said in a chat and what of it still wants an answer."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from persona.core import TERMINAL, find_mentions, note, users_of

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel, Message, User

_PREFIX = "persona::"

_ANSWERS = ("reply", "error")

_NO_ANSWERS = ("diagnostics", "thought")
"""Kinds of messages after which the one before them still wants an answer."""

_DAY = 24 * 3600.0
"""Who has not written for so long does not count as present when a chat opens."""


class Inbox:
    """Reads a chat for its `PersonaManager`; writes nothing.

    Args:
        chat: The chat.
        since: Id of the message up to which it does not count who was addressed, if any.

    Attributes:
        last_addressed: Short name of the persona last addressed, or None.
    """

    def __init__(self, chat: BaseChatModel, since: str | None = None) -> None:
        self._chat = chat
        messages = chat.get_messages()
        self._seen = {message.id for message in messages}
        self._taken: set[str] = set()
        self._humans: dict[str, str] = {}
        users = users_of(chat)
        for message in messages:
            if not _is_bot(message, users.get(message.sender)) and _is_recent(message):
                self._meet(message, users.get(message.sender))
        start = next((n for n, m in enumerate(messages, 1) if m.id == since), 0) if since else 0
        self.last_addressed = _last_addressed(messages[start:], users)

    def unanswered(self, seconds: float) -> list[Message]:
        """Return the messages at the end that people wrote and nobody answered, oldest first.

        Args:
            seconds: Older ones are left alone.
        """
        users = users_of(self._chat)
        waiting: list[Message] = []
        for message in reversed(self._chat.get_messages()):
            if _is_bot(message, users.get(message.sender)):
                if note(message).get("kind") in _NO_ANSWERS:
                    continue
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
        user = users_of(self._chat).get(message.sender)
        if _is_bot(message, user):
            return False
        self._meet(message, user)
        return True

    def humans(self) -> dict[str, str]:
        """Return the people who have written here: username → name shown."""
        return dict(self._humans)

    def forget_last(self) -> None:
        """Forget who was addressed last. Called when another one was made the default."""
        self.last_addressed = None

    def replies(self, ids: Collection[str], message_id: str) -> list[Message]:
        """Return the finished replies to a message of a persona with these ids."""
        return [
            m
            for m in self._chat.get_messages()
            if m.sender in ids
            and note(m).get("answers") == message_id
            and note(m).get("kind") == "reply"
            and note(m).get("state") == "complete"
        ]

    def answered(self, ids: Collection[str], message_id: str) -> bool:
        """Return whether a persona has written anything to a message, be it an error."""
        return any(
            m.sender in ids
            and note(m).get("answers") == message_id
            and note(m).get("kind") not in _NO_ANSWERS
            for m in self._chat.get_messages()
        )

    def _meet(self, message: Message, user: User | None) -> None:
        if message.sender.startswith(TERMINAL):
            return  # most likely the same person as in the browser
        name = message.sender if user is None else (user.display_name or user.name)
        self._humans[message.sender] = name or message.sender


def _last_addressed(messages: Sequence[Message], users: Mapping[str, User]) -> str | None:
    """Return the short name of who answered the last message of a person that was answered.

    An error is an answer too. What personas answered each other does not count.
    """
    people = {
        message.id: number
        for number, message in enumerate(messages)
        if not _is_bot(message, users.get(message.sender))
    }
    last = -1
    answered: list[str] = []
    for message in messages:
        if not message.sender.startswith(_PREFIX) or note(message).get("kind") not in _ANSWERS:
            continue
        asked = people.get(str(note(message).get("answers")), -1)
        if asked > last:
            last, answered = asked, []
        if asked >= 0 and asked == last:
            answered.append(message.sender)
    if not answered:
        return None
    names = {id_: (_shown(users.get(id_)), id_.removeprefix(_PREFIX)) for id_ in answered}
    mentioned = find_mentions(messages[last].body, names)
    return (mentioned or answered)[-1].removeprefix(_PREFIX)


def _shown(user: User | None) -> str:
    return (user.display_name or user.name or "") if user is not None else ""


def _is_bot(message: Message, user: User | None) -> bool:
    return message.sender.startswith(("persona::", "personas::")) or bool(user and user.bot)


def _is_recent(message: Message) -> bool:
    return time.time() - message.time < _DAY
