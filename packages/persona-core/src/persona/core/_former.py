"""Former names of personas: who goes on under which name."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from persona.core._definition import PersonaDefinition
from persona.core._diagnostics import Diagnostic
from persona.core._findings import finding


def renamed_personas(
    personas: Mapping[str, PersonaDefinition], others: Collection[str] = ()
) -> tuple[dict[str, str], list[tuple[str, Diagnostic]]]:
    """Return which persona each former name belongs to now, and what is wrong with others.

    A name that a persona still has belongs to that one. Of several that claim a name the
    first by path has it.

    Args:
        personas: The personas by short name, with what they inherit.
        others: Short names of what cannot be used now but is still there.

    Returns:
        Former short name → short name, and for each claim that does not count the short
        name of who makes it with the finding.
    """
    claims = sorted(
        (
            (_place(definition), number, name, definition)
            for definition in personas.values()
            for number, name in enumerate(definition.formerly)
        ),
        key=lambda claim: claim[:2],
    )
    renamed: dict[str, str] = {}
    wrong: list[tuple[str, Diagnostic]] = []
    for _, number, name, definition in claims:
        owner = renamed.get(name)
        if name in personas or name in others:
            message = f"There is still a persona {name!r}, so this is none of its former names."
            fix = "Take the name out of `formerly`, or delete that persona."
        elif owner not in (None, definition.name):
            message = f"{owner!r} was {name!r} formerly too and goes on for it."
            fix = "Take the name out of one of them."
        else:
            renamed[name] = definition.name
            continue
        if definition.source is not None:
            key = f"formerly.{number}"
            key = key if key in definition.origins else "formerly"
            told = finding(definition, definition.source, key, "P318", message, fix, "warning")
            wrong.append((definition.name, told))
    return renamed, wrong


def _place(definition: PersonaDefinition) -> tuple[str, int]:
    source, at = definition.source, definition.origins.get("name")
    return str(source.file) if source else "", at.line if at else 1
