"""Keeps the definitions of a chat's personas in the chat, so that it can be opened elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from persona.core._definition import PersonaDefinition
from persona.core._portable import MAX_PACKED, pack_definition

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

DEFINITIONS = "persona_definitions"
"""Key in a chat's metadata: a mapping from short names to texts of `pack_definition`.

Texts, as a collaborative chat turns whole numbers into others.
"""

_BUDGET = 1_980
"""Bytes by which a persona lets a chat file grow, without its avatar."""

_NOTED = 300
"""Bytes of it for what an engine notes of its session, so that it can be resumed."""

_LEAST = 400


def record_definition(chat: BaseChatModel, definition: PersonaDefinition) -> None:
    """Keep a definition as it is used in a chat; writes only if it is not there as it is now.

    Called when a persona is asked and when its definition has changed, never by an observer
    of the chat. The text gets into the file with the next message. One that is written in
    Python is not kept: what it does cannot be told in data.
    """
    if definition.code is not None:
        return
    limit = min(MAX_PACKED, max(_BUDGET - _NOTED - _size_besides(definition), _LEAST))
    text = pack_definition(definition, limit=limit)
    kept = recorded_definitions(chat)
    if kept.get(definition.name) != text:
        chat.set_metadata(DEFINITIONS, {**kept, definition.name: text})


def recorded_definitions(chat: BaseChatModel) -> dict[str, str]:
    """Return the definitions in a chat by short name, for `unpack_definition`; unchecked."""
    stored = chat.get_metadata().get(DEFINITIONS)
    if not isinstance(stored, Mapping):
        return {}
    return {k: v for k, v in stored.items() if isinstance(k, str) and isinstance(v, str)}


def _size_besides(definition: PersonaDefinition) -> int:
    """Return the bytes that a persona takes in a chat file besides its definition and avatar."""
    name = definition.identity.name
    user = {
        "username": definition.id, "name": name, "display_name": name, "initials": "AB",
        "avatar_url": "", "color": None, "bot": True,
    }  # fmt: skip
    entry = {"users": {definition.id: user}, "metadata": {DEFINITIONS: {definition.name: ""}}}
    return len(json.dumps(entry, indent=2))
