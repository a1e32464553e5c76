"""Replies that were being written when a server ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from persona.core import BROKEN_OFF, Conversation, note

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel


def mend_broken_off(chat: BaseChatModel) -> int:
    """Mark the replies that nobody writes any more; their text stays.

    Called when a chat opens: whoever wrote a reply that is still marked as being
    written went with the server that ran it.

    Returns:
        How many replies there were.
    """
    users = chat.get_users()
    left = [
        message
        for message in chat.get_messages()
        if note(message).get("state") == "writing" and not message.deleted
    ]
    for message in left:
        user = users.get(message.sender)
        if user is None:
            continue
        body = message.body + (BROKEN_OFF if note(message).get("kind") == "reply" else "")
        Conversation(chat, user).replace(message.id, body, {**note(message), "state": "failed"})
    return len(left)
