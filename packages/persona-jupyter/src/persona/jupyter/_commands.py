"""The commands of the chat: what a message that begins with ``/`` can ask for."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from persona.core import did_you_mean, escape_markdown, find_mentions
from persona.jupyter import _notices as notices
from persona.jupyter._block_commands import RUN
from persona.jupyter._persona_table import persona_table
from persona.jupyter._roster_commands import ROSTER
from persona.jupyter._trust_command import trust

if TYPE_CHECKING:
    from jupyterlab_chat.models import Message

    from persona.jupyter._manager import PersonaManager

_COMMAND = re.compile(r"\s*/([A-Za-z][A-Za-z0-9-]*)(?:\s+(?P<rest>.*))?\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        name: With the slash.
        description: One line for the menu.
        run: Does it and returns what the chat says. It is given what stands after the
            command, and the message, which a person has written.
        changes: Whether it changes personas, so that what is sent after it waits for it.
        consents: Whether it lets something from somebody else count, so that only a message
            that a person sends now is taken for it.
    """

    name: str
    description: str
    run: Callable[[PersonaManager, str, Message], Awaitable[str]]
    changes: bool = False
    consents: bool = False


Asked = tuple[Command | None, str, str]
"""A command, None if there is none of that name; the word as written; what follows."""


async def _refresh(manager: PersonaManager, _rest: str, _message: Message) -> str:
    return notices.refreshed(await manager.refresh())


async def _personas(manager: PersonaManager, _rest: str, _message: Message) -> str:
    return persona_table(manager.listing(), await manager.supports())


async def _stop(manager: PersonaManager, _rest: str, _message: Message) -> str:
    return notices.stopped(await manager.stop())


async def _approve(manager: PersonaManager, rest: str, message: Message) -> str:
    return manager.desk.answer("approve", rest, manager.in_use, message.sender)


async def _deny(manager: PersonaManager, rest: str, message: Message) -> str:
    return manager.desk.answer("deny", rest, manager.in_use, message.sender)


async def _restart(manager: PersonaManager, rest: str, _message: Message) -> str:
    names = manager.names()
    asked = find_mentions(rest, names)
    if rest and not asked:
        return f"Nobody here is called {escape_markdown(rest)}. Write `/restart @Name`."
    used = {persona.slug: persona for persona in manager.in_use}
    if not asked and len(used) > 1:
        ways = ", ".join(f"`/restart @{slug}`" for slug in used)
        return f"Which one? {ways}."
    chosen = [used[slug] for slug in asked or used if slug in used]
    if not chosen:
        return "Nothing to restart: it has not answered here since the server started."
    return " ".join([notices.restarted(p.name, await p.restart()) for p in chosen])


async def _late(_manager: PersonaManager, _rest: str, _message: Message) -> str:
    return (
        "Not done, as this was written before the chat was opened here, perhaps by somebody "
        "else. Send it again."
    )


LATE = Command("", "", _late)
"""What is done instead of a command that gives leave, where nobody has just sent it."""

_CONSENTS = ("/keep-changes", "/save")

COMMANDS = tuple(
    sorted(
        (
            Command("/approve", 'Allow what a persona asks for; "always" from now on', _approve),
            Command("/deny", "Refuse what a persona asks for", _deny),
            Command("/personas", "List the personas of this chat", _personas),
            Command("/refresh-personas", "Read the persona files again", _refresh, True),
            Command(
                "/restart", "Stop a persona and start its engine anew: /restart @Name", _restart
            ),
            Command("/stop", "Stop the replies that are being written", _stop),
            Command("/trust", "Let a project's persona run its programs", trust, True, True),
            *(
                Command(name, text, run, True, name in _CONSENTS)
                for name, (text, run) in (RUN | ROSTER).items()
            ),
        ),
        key=lambda command: command.name,
    )
)
"""All commands, by name."""


def find_command(body: str) -> Asked | None:
    """Return the command that ``body`` asks for.

    Returns:
        None if it is no command, else the command (None if there is none of that
        name), the word as written, and the rest of the line.
    """
    match = _COMMAND.match(body)
    if match is None:
        return None
    word = "/" + match.group(1)
    command = next((c for c in COMMANDS if c.name == word.lower()), None)
    if command is None and word != word.lower():
        return None  # more likely a path than a mistake
    return command, word, (match.group("rest") or "").strip()


def unknown_command(word: str) -> str:
    """Return what the chat says about a command that there is not."""
    guess = did_you_mean(word, [c.name for c in COMMANDS])
    hint = f"Did you mean `{guess}`?" if guess else ""
    known = ", ".join(f"`{c.name}`" for c in COMMANDS)
    return f"There is no command `{word}`. {hint} Commands: {known}.".replace("  ", " ")
