"""The commands of the chat: what a message that begins with ``/`` can ask for."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from persona.core import did_you_mean
from persona.jupyter import _notices as notices

if TYPE_CHECKING:
    from persona.jupyter._manager import PersonaManager

_COMMAND = re.compile(r"\s*/([a-z][a-z0-9-]*)(?:\s+(?P<rest>.*))?\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        name: With the slash.
        description: One line for the menu.
        run: Does it and returns what the chat says.
    """

    name: str
    description: str
    run: Callable[[PersonaManager, str], Awaitable[str]]


async def _refresh(manager: PersonaManager, _rest: str) -> str:
    return notices.refreshed(await manager.refresh())


async def _personas(manager: PersonaManager, _rest: str) -> str:
    return notices.persona_table(manager.listing())


async def _stop(manager: PersonaManager, _rest: str) -> str:
    return notices.stopped(await manager.stop())


COMMANDS = (
    Command("/personas", "List the personas of this chat", _personas),
    Command("/refresh-personas", "Read the persona files again", _refresh),
    Command("/stop", "Stop the replies that are being written", _stop),
)
"""All commands, by name."""


def find_command(body: str) -> tuple[Command | None, str, str] | None:
    """Return the command that ``body`` asks for.

    Returns:
        None if it is no command, else the command (None if there is none of that
        name), the word as written, and the rest of the line.
    """
    match = _COMMAND.match(body)
    if match is None:
        return None
    word = "/" + match.group(1)
    command = next((c for c in COMMANDS if c.name == word), None)
    return command, word, (match.group("rest") or "").strip()


def unknown_command(word: str) -> str:
    """Return what the chat says about a command that there is not."""
    guess = did_you_mean(word, [c.name for c in COMMANDS])
    hint = f"Did you mean `{guess}`?" if guess else ""
    known = ", ".join(f"`{c.name}`" for c in COMMANDS)
    return f"There is no command `{word}`. {hint} Commands: {known}.".replace("  ", " ")
