"""Session ids in a chat's metadata, so that a conversation goes on after a restart."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

KEY = "persona_sessions"
"""Key in the chat's metadata; a mapping from each persona's short name to its session."""

NOTHING = "-"
"""Stands for a message where a session has not been given what was said before it."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A session of one persona in one chat.

    Attributes:
        agent: Id of the agent's row.
        session: The agent's id of it.
        settings: A fingerprint of what it was opened with.
        seen: Id of the last message up to which the agent was given everything, or `NOTHING`.
    """

    agent: str
    session: str
    settings: str
    seen: str


def recall(chat: BaseChatModel, slug: str) -> Remembered | None:
    """Return what is noted in the chat, or None; a chat file may hold anything."""
    sessions = chat.get_metadata().get(KEY)
    entry = sessions.get(slug) if isinstance(sessions, dict) else None
    if not isinstance(entry, dict):
        return None
    values = {field.name: entry.get(field.name) for field in fields(Remembered)}
    if not all(isinstance(value, str) and value for value in values.values()):
        return None
    return Remembered(**{name: str(value) for name, value in values.items()})


def remember(chat: BaseChatModel, slug: str, session: Remembered | None) -> None:
    """Note a session in the chat, or forget it; written only if it changes."""
    known = chat.get_metadata().get(KEY)
    sessions = dict(known) if isinstance(known, dict) else {}
    entry = None if session is None else asdict(session)
    if sessions.get(slug) == entry:
        return
    if entry is None:
        sessions.pop(slug, None)
    else:
        sessions[slug] = entry
    chat.set_metadata(KEY, sessions)
