"""Which definition a command means, also one that is disabled, hidden or broken."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from persona.cli._errors import CliError
from persona.cli._place import Place, no_persona, shown_names, shown_path
from persona.core import (
    DefinitionError,
    Diagnostic,
    LoadResult,
    PersonaDefinition,
    Scope,
    Source,
    slug_of,
    slugify,
)

WRITABLE = (Scope.USER, Scope.PROJECT)
"""Scopes that are the user's own; the others are an administrator's."""

_LARGEST = 16 * 1024 * 1024
"""Bytes of a file whose names are looked at though it is broken."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition in one file.

    Attributes:
        slug: Its short name.
        source: Its file.
        key: Its name in a file of several.
        level: Number of its level, the nearest 0.
        definition: What the file says; None if it is broken.
        errors: Why it is broken.
    """

    slug: str
    source: Source
    key: str
    level: int
    definition: PersonaDefinition | None = None
    errors: tuple[Diagnostic, ...] = ()

    @property
    def enabled(self) -> bool:
        """Whether it is not disabled."""
        return self.definition is None or self.definition.enabled

    @property
    def only_hides(self) -> bool:
        """Whether it says nothing but that a farther persona is hidden."""
        if self.definition is None or self.definition.enabled:
            return False
        from persona.loaders import open_entry

        try:
            said = open_entry(self.source, self.key).values()
        except DefinitionError:
            return False
        return set(said) <= {"enabled", "name"}

    @property
    def line(self) -> int:
        """Line on which it starts."""
        if self.definition is None:
            return self.errors[0].line if self.errors else 1
        if self.source.file.suffix != ".toml":
            return 1
        origin = self.definition.origins.get("name")
        return origin.line if origin else 1

    def where(self, place: Place) -> str:
        """Return file and scope for people."""
        return f"{shown_path(self.source.file, place.folder)} ({self.source.scope.value})"


def all_entries(place: Place) -> list[Entry]:
    """Return every definition that the folder can see or that is hidden there, nearest first."""
    levels: list[list[tuple[Source, LoadResult]]] = []
    last = None
    for source, result in place.catalog.results(place.folder, place.root):
        if (source.scope, source.root) != last:
            last = (source.scope, source.root)
            levels.append([])
        levels[-1].append((source, result))
    return [
        entry
        for number, level in enumerate(reversed(levels))
        for source, result in level
        for entry in _entries_of(source, result, number)
    ]


def find_entries(place: Place, name: str, scope: str | None = None) -> list[Entry]:
    """Return the definitions of one persona, nearest first; at least one.

    Args:
        place: Where to look from.
        name: Short name or shown name, any case.
        scope: The only scope that counts.

    Raises:
        CliError: There is none, or the name means several personas.
    """
    every = all_entries(place)
    wanted = name.removeprefix("@").casefold()
    found = [entry for entry in every if entry.slug.casefold() == wanted]
    if not found:
        slugs = sorted(
            {
                entry.slug
                for entry in every
                if entry.definition and wanted in shown_names(entry.definition)
            }
        )
        if len(slugs) > 1:
            raise CliError(f"Several personas are called {name!r}; use one of: {', '.join(slugs)}.")
        found = [entry for entry in every if entry.slug in slugs]
    if not found:
        shown = {entry.definition.identity.name for entry in every if entry.definition}
        raise no_persona(name, {entry.slug for entry in every}, shown)
    there = [entry for entry in found if scope in (None, entry.source.scope.value)]
    if not there:
        first = found[0]
        raise CliError(
            f"There is no {first.slug!r} in {scope} scope; it is in {first.where(place)}. Name "
            f"that scope, or make a copy: jupyter persona copy {first.slug} {first.slug} "
            f"--scope {scope}."
        )
    return there


def find_seen(place: Place, slug: str) -> Entry | None:
    """Return the nearest definition of a short name, if there is one."""
    return next((entry for entry in all_entries(place) if entry.slug == slug), None)


def first_of_substance(place: Place, name: str, scope: str | None = None) -> Entry:
    """Return the nearest definition that says more than that a farther one is hidden.

    Raises:
        CliError: As `find_entries`.
    """
    entries = find_entries(place, name, scope)
    return next((entry for entry in entries if not entry.only_hides), entries[0])


def require_own(entry: Entry, scope: str | None, place: Place) -> None:
    """Refuse to change what is an administrator's, unless that scope is named.

    Raises:
        CliError: It is.
    """
    if entry.source.scope in WRITABLE or scope is not None:
        return
    ways = [f"Copy it (jupyter persona copy {entry.slug} {entry.slug} --scope user)", "disable it"]
    if entry.source.scope is Scope.ENVIRONMENT:  # what a package brings belongs to the package
        ways.append("write --scope environment")
    raise CliError(
        f"{entry.slug!r} comes from {entry.where(place)} and is there for everybody. "
        f"{', '.join(ways[:-1])} or {ways[-1]}."
    )


def _entries_of(source: Source, result: LoadResult, level: int) -> Iterator[Entry]:
    keys = set()
    for definition in result.definitions:
        keys.add(definition.key)
        yield Entry(definition.name, source, definition.key, level, definition)
    errors = tuple(d for d in result.diagnostics if d.severity == "error")
    if not errors:
        return
    if source.file.suffix == ".toml":
        for key in _tables(source.file):
            if key not in keys:
                slug = slugify(key) or key
                yield Entry(slug, source, key, level, errors=result.broken.get(slug, errors))
    elif not result.definitions:
        yield Entry(slug_of(source.file), source, "", level, errors=errors)


def _tables(file: Path) -> Iterable[str]:
    try:
        # A pipe would wait for somebody to write to it.
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return ()
        tables = tomllib.loads(file.read_text(encoding="utf-8-sig")).get("personas")
    except (OSError, ValueError, RecursionError):  # told by `check`
        return ()
    return tables if isinstance(tables, dict) else ()
