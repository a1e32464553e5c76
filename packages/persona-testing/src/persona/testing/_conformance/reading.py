"""What a test reads in a chat after a turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from persona.core import META, BasePersona
from persona.testing.chat import MemoryChat


def ids_of(chat: MemoryChat) -> list[str]:
    """Return the ids of all messages of a chat."""
    return [message.id for message in chat.get_messages()]


def note_of(chat: MemoryChat, key: str) -> Mapping[str, Any]:
    """Return what a message's writer noted with it; empty if it has gone."""
    message = chat.get_message(key)
    return {} if message is None else (message.metadata or {}).get(META, {})


def kind_of(chat: MemoryChat, key: str) -> str:
    """Return what sort of message of a persona it is; empty for those of people."""
    return str(note_of(chat, key).get("kind", ""))


def said_since(persona: BasePersona, chat: MemoryChat, after: str) -> list[tuple[str, str]]:
    """Return kind and body of what the persona has written since a message."""
    messages = chat.get_messages()
    start = [message.id for message in messages].index(after)
    mine = [m for m in messages[start:] if m.sender == persona.id]
    return [(str((m.metadata or {}).get(META, {}).get("kind", "")), m.body) for m in mine]
