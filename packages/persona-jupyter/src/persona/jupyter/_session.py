"""What listings show of a persona at work: its state and its agent's session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from persona.core import BasePersona


def state_of(persona: BasePersona | None) -> str:
    """Return ``waiting`` (for somebody's leave), ``busy`` or ``ready``."""
    if persona is None or not persona.busy:
        return "ready"
    return "waiting" if persona.permissions else "busy"


def session_of(persona: BasePersona | None) -> Mapping[str, Any] | None:
    """Return commands, mode and settings as plain data; None if nothing is known of them."""
    info = persona.session_info if persona is not None else None
    if info is None or not (info.commands or info.mode or info.config):
        return None
    mode = info.mode
    return {
        "mode": mode and {"id": mode.mode, "name": mode.name or mode.mode},
        "commands": [
            {"name": c.name, "description": c.description, "hint": c.hint} for c in info.commands
        ],
        "config": [
            {
                "id": value.id,
                "name": value.name or value.id,
                "value": value.value,
                "category": value.category,
                "choices": [{"id": key, "name": name} for key, name in value.choices],
            }
            for value in info.config
        ],
    }
