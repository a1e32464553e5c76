"""Default personas: which of those that packages of engines bring are there.

One is there if a program that its engine needs is found, and if nobody else is called so.
A missing login does not count: the chat tells of it, and says what to do.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from persona.core._definition import PersonaDefinition
from persona.core._mentions import mention_name
from persona.core._support import Requirement

_Programs = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """A default persona that is not there.

    Attributes:
        definition: The persona.
        why: Why it is not there and what to do about it.
    """

    definition: PersonaDefinition
    why: Requirement


class Presence:
    """Sorts the default personas of one view; blocking. Starts nothing and imports nothing.

    Args:
        personas: All personas by short name.

    Attributes:
        personas: Those that are there.
        absent: Those that are not, by short name.
    """

    def __init__(self, personas: Mapping[str, PersonaDefinition]) -> None:
        self._found: dict[_Programs, bool] = {}
        own: list[PersonaDefinition] = []
        defaults: list[PersonaDefinition] = []
        for definition in personas.values():
            source = definition.source
            (defaults if source is not None and source.is_default else own).append(definition)
        names = {d.name: d for d in own}
        names |= {mention_name(d.identity.name).casefold(): d for d in own}
        absent = {d.name: Absent(d, why) for d in defaults if (why := self._why(d, names))}
        self.absent: Mapping[str, Absent] = absent
        self.personas = {slug: d for slug, d in personas.items() if slug not in absent}

    def is_current(self) -> bool:
        """Whether the same programs are found as before; blocking."""
        return all(_is_found(programs) == was for programs, was in self._found.items())

    def _why(
        self, definition: PersonaDefinition, names: Mapping[str, PersonaDefinition]
    ) -> Requirement | None:
        slug = definition.name
        shown = mention_name(definition.identity.name)
        other = names.get(shown.casefold()) or names.get(slug)
        if other is not None:
            return Requirement(
                f"@{shown} is {other.name!r} here.", "Give that persona another name."
            )
        package = definition.source.package if definition.source else None
        programs = package.programs.get(definition.engine) if package else None
        if not programs:
            return None
        if programs not in self._found:
            self._found[programs] = _is_found(programs)
        if self._found[programs]:
            return None
        what = (
            f"Its program {programs[0]} is not on PATH."
            if len(programs) == 1
            else f"None of its programs {', '.join(programs)} is on PATH."
        )
        return Requirement(what, f"`jupyter persona show {slug}` says how to install it.")


def _is_found(programs: _Programs) -> bool:
    return any(shutil.which(program) for program in programs)
