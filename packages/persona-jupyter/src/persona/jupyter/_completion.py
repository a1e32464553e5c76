"""What can follow a command in the chat's input, for its menu."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from persona.core import BLOCKS, mention_name
from persona.jupyter._block_commands import RUN
from persona.jupyter._choices import engines_here, models_here, modes_of, options_of
from persona.jupyter._commands import find_command
from persona.jupyter._roster_commands import NOBODY, ROSTER
from persona.jupyter._target import addressed, split_name

if TYPE_CHECKING:
    from persona.jupyter._manager import PersonaManager

_MOST = 50

_FOR_ONE = frozenset({*RUN, *ROSTER, "/restart"})
"""Commands that take the name of a persona."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One line of the menu.

    Attributes:
        word: What takes the place of the word before the cursor.
        description: One line.
    """

    word: str
    description: str = ""


async def complete(manager: PersonaManager, text: str) -> list[Completion]:
    """Return what can stand for the last word of ``text``, the best first.

    Called for the menu while a person types; starts nothing, and may import the engine of
    the persona that the command is for.

    Args:
        manager: The chat's manager.
        text: What stands before the cursor, from the start of the message.
    """
    text = text.lstrip()
    found = find_command(text)
    if found is None or found[1] not in _FOR_ONE or not text[len(found[1]) :][:1].isspace():
        return []
    command = found[1]
    rest = text.split(command, 1)[1].lstrip()
    word = "" if not rest or rest[-1].isspace() else rest.split()[-1]
    if command == "/add":  # those who do not take part
        return _fitting(word, _removed(manager)) if word == rest else []
    names = {slug: (d.identity.name, slug) for slug, d in manager.view.personas.items()}
    whole = split_name(rest.rstrip(), names)
    if rest.startswith("@") and (whole is None or (not whole[1] and word)):
        return _fitting(word, _names(manager))
    given = rest if whole is None else whole[1]
    before = given[: len(given) - len(word)] if word else given
    if before.strip() and command not in ("/options", "/reset"):
        return []
    offered = await _arguments(manager, command, rest)
    if not rest.startswith("@") and not before.strip():
        offered = [*offered, *_names(manager)]
    return _fitting(word, offered)


async def _arguments(manager: PersonaManager, command: str, rest: str) -> list[Completion]:
    if command == "/default":
        return [] if rest.startswith("@") else [Completion(NOBODY, "take it back")]
    try:
        slug, _ = addressed(manager, rest if rest.startswith("@") else "", None)
    except ValueError:  # not clear for whom
        return []
    match command:
        case "/engine":
            now = manager.view.personas[slug].engine
            known = engines_here(manager, slug).items()
            return [Completion(e, "in use now" if e == now else p) for e, p in known]
        case "/model":
            return [Completion(name) for name in models_here(manager, slug)]
        case "/mode":
            return [Completion(id_, name) for id_, name in modes_of(manager, slug).items()]
        case "/options":
            rows = await options_of(manager, slug)
            chosen = [Completion(f"{r.key}={c}", r.description) for r in rows for c in r.choices]
            return [*(Completion(f"{r.key}=", r.description) for r in rows), *chosen]
        case "/reset":
            return [Completion(block) for block in BLOCKS]
        case "/save":
            return [
                Completion("project", "for everybody who works in this folder"),
                Completion("user", "for yourself, everywhere"),
            ]
    return []


def _removed(manager: PersonaManager) -> list[Completion]:
    removed = manager.view.removed
    return [Completion(f"@{mention_name(name)}", "removed from this chat")
            for name in removed.values()]  # fmt: skip


def _names(manager: PersonaManager) -> list[Completion]:
    return [
        Completion(f"@{mention_name(d.identity.name)}", d.identity.description or "")
        for d in manager.view.personas.values()
    ]


def _fitting(word: str, offered: Iterable[Completion]) -> list[Completion]:
    """Return what begins with the word, then what holds it; a longer word fits less."""
    wanted = word.casefold()
    first = [c for c in offered if c.word.casefold().startswith(wanted)]
    second = [c for c in offered if wanted in c.word.casefold() and c not in first]
    return [*first, *second][:_MOST]
