"""Who answers a message. Pure: no chat, no server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from persona.core import did_you_mean, find_mentions, mention_name, without_code

_LEADING = re.compile(r"\s*@([\w-]+)")

Why = Literal[
    "mentioned", "picked", "sticky", "default", "unknown-mention", "several-people", "person",
    "no-one", "nobody", "no-personas",
]  # fmt: skip

NO_ONE = ""
"""Picked by a person who wants no answer."""


@dataclass(frozen=True, slots=True)
class Route:
    """The answer to "who answers?".

    Attributes:
        targets: Short names of the personas that answer, in order.
        why: The rule that decided.
        word: With ``unknown-mention`` the name that nobody has.
        guess: With ``unknown-mention`` a name that is close to it, or None.
    """

    targets: tuple[str, ...]
    why: Why
    word: str = ""
    guess: str | None = None


def route(
    body: str,
    *,
    names: Mapping[str, Sequence[str]],
    people: Iterable[str] = (),
    picked: str | None = None,
    last: str | None = None,
    default: str | None = None,
    humans: int = 1,
) -> Route:
    """Decide who answers a person's message.

    Mentioned personas answer, each of them. Else the persona that was picked, else the
    one last addressed, else the default one. Who picked `NO_ONE` gets an answer only of
    those that are mentioned. With several people in the chat only
    mentions count, so that people can talk to each other.

    Args:
        body: The message.
        names: For each persona (by short name) what it answers to.
        people: Names of the people in the chat.
        picked: Short name that the user interface sent along, or `NO_ONE`.
        last: Short name of the persona last addressed.
        default: Short name of the default persona.
        humans: How many people have written in this chat.
    """
    mentioned = find_mentions(body, names)
    if mentioned:
        return Route(tuple(mentioned), "mentioned")
    leading = _LEADING.match(without_code(body))
    if leading is not None:
        word = leading.group(1)
        if any(word.casefold() == mention_name(person).casefold() for person in people):
            return Route((), "person")
        forms = [mention_name(name) for own in names.values() for name in own]
        if humans < 2:
            return Route((), "unknown-mention", word, did_you_mean(word, forms))
    if picked == NO_ONE:
        return Route((), "no-one")
    if not names:
        return Route((), "no-personas" if humans < 2 else "several-people")
    if humans > 1:
        return Route((), "several-people")
    rules: tuple[tuple[str | None, Why], ...] = (
        (picked, "picked"),
        (last, "sticky"),
        (default, "default"),
    )
    for slug, why in rules:
        if slug is not None and slug in names:
            return Route((slug,), why)
    return Route((), "nobody")


def addressed_by_persona(body: str, names: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the personas that a persona's reply addresses.

    Only a mention at the start of a line counts: models often name others in passing.
    """
    lines = [line for line in without_code(body).splitlines() if _LEADING.match(line)]
    found: dict[str, None] = {}
    for line in lines:
        for slug in find_mentions(line, names)[:1]:
            found[slug] = None
    return list(found)
