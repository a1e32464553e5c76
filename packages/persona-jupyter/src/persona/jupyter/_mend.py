"""Replies that were being written, and questions that waited, when a server ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from persona.core import BROKEN_OFF, Conversation, mark_withdrawn, note, users_of

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel


def mend_broken_off(chat: BaseChatModel) -> int:
    """Mark the replies that nobody writes any more; their text stays.

    Called when a chat opens: whoever wrote a reply that is still marked as being
    written went with the server that ran it. So did who asked for permission and waits.

    Returns:
        How many messages there were.
    """
    users = users_of(chat)
    left = [
        message
        for message in chat.get_messages()
        if note(message).get("state") in ("writing", "waiting") and not message.deleted
    ]
    for message in left:
        user = users.get(message.sender)
        if user is None:
            continue
        noted = note(message)
        if noted.get("state") == "waiting":
            body, state = mark_withdrawn(message.body), "withdrawn"
        else:
            body = message.body + (BROKEN_OFF if noted.get("kind") == "reply" else "")
            state = "failed"
        Conversation(chat, user).replace(message.id, body, {**noted, "state": state})
    return len(left)
