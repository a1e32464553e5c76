"""Chats whose file holds messages that jupyterlab-chat cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel, Message


def why_unreadable(chat: BaseChatModel) -> str | None:
    """Return why the messages of a chat cannot be read, or None if they can.

    jupyterlab-chat takes what the file holds as it is, and raises when somebody asks for the
    messages: a file may be damaged, or of a version that knows more fields. Called before a
    chat gets its personas.

    Args:
        chat: The chat.
    """
    try:
        messages = chat.get_messages()
    except (TypeError, ValueError, AttributeError) as exc:
        return str(exc)
    wrong = next((message for message in messages if not _is_whole(message)), None)
    return None if wrong is None else f"message {wrong.id!r} has no text, sender or time"


def _is_whole(message: Message) -> bool:
    texts = (message.id, message.body, message.sender)
    return all(isinstance(text, str) for text in texts) and isinstance(message.time, int | float)
