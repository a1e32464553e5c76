"""What one folder sees: personas by short name, what they hide, what is broken."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from persona.core._checks import check_definition, check_mention_names, check_presets
from persona.core._definition import PersonaDefinition
from persona.core._diagnostics import Diagnostic
from persona.core._findings import finding
from persona.core._former import renamed_personas
from persona.core._inherit import Inheritance, Merged
from persona.core._loader import LoadResult
from persona.core._locations import slug_of
from persona.core._origins import MergedOrigins
from persona.core._presence import Absent, Presence
from persona.core._preset import PresetDefinition
from persona.core._registry import EngineRegistry
from persona.core._source import Source

_Placed = list[tuple[int, PersonaDefinition]]
"""Definitions of one name with their levels, farthest first."""


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A definition that is no persona because of what its diagnostics say.

    Attributes:
        source: Its file.
        slug: Its short name, as far as it is known.
        errors: Why it is broken.
    """

    source: Source
    slug: str
    errors: tuple[Diagnostic, ...] = ()


class CatalogView:
    """What one folder sees: immutable, shared by all chats of that folder.

    Args:
        results: What each file gave, the farthest first. Files of one scope and root are
            one level.
        registry: Engines, for checks.

    Attributes:
        personas: The personas by short name, the nearest scope first, with what they inherit.
        hidden: For each short name the definitions that it hides, nearest first, as their
            files say them.
        broken: Files and definitions that cannot be used.
        absent: Default personas of packages that are not there, by short name.
        presets: The presets by kind and name, the nearest of each name.
    """

    def __init__(
        self, results: Sequence[tuple[Source, LoadResult]], registry: EngineRegistry
    ) -> None:
        self._registry = registry
        self._found: list[Diagnostic] = [d for _, r in results for d in r.diagnostics]
        self._by_slug: dict[str, list[Diagnostic]] = {}
        self._results = results
        broken = [found for source, result in results for found in _broken_of(source, result)]
        every: dict[str, _Placed] = {}
        level, last = -1, None
        defaults = False
        for source, result in results:
            if (source.scope, source.root) != last:
                level, last = level + 1, (source.scope, source.root)
                defaults = defaults or source.is_default
            for definition in result.definitions:
                every.setdefault(definition.name, []).append((level, definition))
        first = {slug: self._first_of_each_level(placed) for slug, placed in every.items()}
        inheritance = Inheritance(first, frozenset(b.slug for b in broken))
        personas: list[tuple[int, PersonaDefinition]] = []
        hidden: dict[str, tuple[PersonaDefinition, ...]] = {}
        for slug, placed in every.items():
            level, nearest = first[slug][-1]
            hidden[slug] = tuple(d for _, d in reversed(placed) if d is not nearest)
            whole = _whole(level, nearest, hidden[slug], inheritance)
            errors = inheritance.errors_of(nearest)
            if whole is None and nearest.source is not None:
                broken.append(BrokenFile(nearest.source, slug, errors))
                self._found += errors
            elif whole is not None and whole.enabled:
                personas.append((level, whole))
        personas.sort(key=lambda placed: -placed[0])
        self.personas: Mapping[str, PersonaDefinition] = {d.name: d for _, d in personas}
        self.absent: Mapping[str, Absent] = {}
        self._presence = Presence(self.personas) if defaults else None
        if self._presence is not None:
            self.personas, self.absent = self._presence.personas, self._presence.absent
        self.hidden: Mapping[str, tuple[PersonaDefinition, ...]] = hidden
        self.broken = tuple(broken)
        self._broken_presets: set[tuple[str, str]] = set()
        self.presets: Mapping[str, Mapping[str, PresetDefinition]] = self._nearest_presets(results)

    def is_current(self) -> bool:
        """Whether the programs of default personas are found, or not, as before; blocking."""
        return self._presence is None or self._presence.is_current()

    @property
    def renamed(self) -> Mapping[str, str]:
        """For each former short name that counts, the short name of who goes on for it."""
        return self._renamed()[0]

    def former_names(self, slug: str) -> tuple[str, ...]:
        """Return the former short names that count of one persona."""
        definition = self.personas.get(slug)
        if definition is None or not definition.formerly:
            return ()
        return tuple(old for old, now in self.renamed.items() if now == slug)

    def _renamed(self) -> tuple[dict[str, str], list[tuple[str, Diagnostic]]]:
        return renamed_personas(self.personas, {broken.slug for broken in self.broken})

    def _nearest_presets(
        self, results: Sequence[tuple[Source, LoadResult]]
    ) -> dict[str, dict[str, PresetDefinition]]:
        found: dict[str, dict[str, PresetDefinition]] = {}
        levels: dict[tuple[str, str], tuple[Source, object]] = {}
        for source, result in results:
            level = (source.scope, source.root)
            for preset in result.presets:
                if preset.errors:
                    self._broken_presets.add((preset.kind, preset.name))
                    continue
                first, at = levels.setdefault((preset.kind, preset.name), (source, level))
                if at == level and first is not source:
                    self._tell_doubled_preset(preset, first)
                    continue
                levels[preset.kind, preset.name] = (source, level)
                found.setdefault(preset.kind, {})[preset.name] = preset
        return found

    def _tell_doubled_preset(self, preset: PresetDefinition, first: Source) -> None:
        message = f"{_shown(first)} defines {preset.kind}.{preset.name} too and is used."
        fix = "Give one of them another name."
        file, at = preset.source.file, preset.origins.get("name")
        line, column = (at.line, at.column) if at else (1, 1)
        self._found.append(Diagnostic("P303", message, file, line, column, "warning", fix))

    def _first_of_each_level(self, placed: _Placed) -> _Placed:
        """Return one definition a level, the first by path, and tell of the others."""
        if len(placed) == 1:
            return placed
        chosen: dict[int, PersonaDefinition] = {}
        for level, definition in placed:
            first = chosen.setdefault(level, definition)
            if first is not definition and first.source and definition.source:
                message = (
                    f"{_shown(first.source)} defines a persona {first.name!r} too and is used."
                )
                fix = "Give one of them another name."
                self._found.append(
                    finding(definition, definition.source, "name", "P303", message, fix, "warning")
                )
        return list(chosen.items())

    def findings(self, slug: str) -> tuple[Diagnostic, ...]:
        """Return what is wrong with one persona, also where the fault is in a base of it."""
        _ = self.diagnostics
        definition = self.personas.get(slug)
        if definition is None:
            return tuple(d for b in self.broken if b.slug == slug for d in b.errors)
        file = definition.source.file if definition.source else None
        # A file with several personas may hold errors and warnings of others.
        warnings = [
            d
            for d in self._found
            if d.file == file and d.severity == "warning" and self._is_about(slug, d)
        ]
        return tuple(dict.fromkeys([*self._by_slug.get(slug, ()), *warnings]))

    def _is_about(self, slug: str, found: Diagnostic) -> bool:
        """Whether a finding stands below the name of that definition, or above all names."""
        heads = self._heads.get(found.file, [])
        above = bisect_right(heads, (found.line, found.column, "\U0010ffff"))
        return not above or heads[above - 1][2] == slug

    @cached_property
    def _heads(self) -> dict[Path, list[tuple[int, int, str]]]:
        """Where the names of definitions stand, in files that hold several."""
        heads: dict[Path, list[tuple[int, int, str]]] = {}
        for source, result in self._results:
            for definition in result.definitions if len(result.definitions) > 1 else ():
                at = definition.origins.get("name")
                if at is not None:
                    heads.setdefault(source.file, []).append((at.line, at.column, definition.name))
        return {file: sorted(found) for file, found in heads.items()}

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that is wrong, by file and line; each thing once."""
        found = list(self._found)
        for slug, definition in self.personas.items():
            wrong = [
                *check_definition(definition, self._registry),
                *check_presets(definition, self.presets, self._broken_presets),
            ]
            if wrong:
                self._by_slug[slug] = wrong
                found += wrong
        doubled = check_mention_names(self.personas.values())
        for slug, told in (*doubled, *self._renamed()[1]):
            self._by_slug.setdefault(slug, []).append(told)
            found.append(told)
        return tuple(
            sorted(dict.fromkeys(found), key=lambda d: (str(d.file), d.line, d.column, d.code))
        )


def _broken_of(source: Source, result: LoadResult) -> list[BrokenFile]:
    """Return what of a file cannot be used: entries of it, or else the whole."""
    if result.broken:
        return [BrokenFile(source, slug, errors) for slug, errors in result.broken.items()]
    if result.definitions or result.presets:
        return []
    errors = tuple(d for d in result.diagnostics if d.severity == "error")
    return [BrokenFile(source, slug_of(source.file), errors)] if errors else []


def _whole(
    level: int,
    nearest: PersonaDefinition,
    hidden: tuple[PersonaDefinition, ...],
    inheritance: Inheritance,
) -> PersonaDefinition | None:
    """Return the nearest definition with what it inherits and what its values hide."""
    if not nearest.extends and not hidden:
        return nearest
    merged: Merged | None = inheritance.merged(level, nearest)
    if merged is None:
        return None
    definition = merged.definition
    farther = [d for d in hidden if not any(d is other for other in merged.chain)]
    if not farther or definition.source is None:
        return definition
    origins = MergedOrigins(merged.chain, merged.data, merged.prompt[1:], farther)
    return definition.located(
        definition.source, origins, definition.implied, definition.known_sources
    )


def _shown(source: Source) -> str:
    file = source.file
    return str(file.relative_to(source.root)) if file.is_relative_to(source.root) else file.name
