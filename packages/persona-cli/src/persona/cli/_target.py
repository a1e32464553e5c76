"""Where a new definition goes, and what it may be called."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from persona.cli._entry import Entry, all_entries
from persona.cli._errors import USAGE, CliError
from persona.cli._place import Place, shown_path
from persona.core import Location, Scope, Source, level_for_new, slugify, title_of

_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Name:
    """What a new persona is called.

    Attributes:
        slug: Its short name.
        shown: Its name in the chat.
        given: Whether the shown name was chosen, not made from the short one.
    """

    slug: str
    shown: str
    given: bool


def parse_name(text: str, shown: str | None = None) -> Name:
    """Return short and shown name for what the user typed.

    Raises:
        CliError: No name can be made from it.
    """
    plain = text.removeprefix("@").strip()
    if "/" in plain or "\\" in plain:
        raise CliError(f"{text!r} holds a slash. Write a name, not a path.", USAGE)
    slug = slugify(plain)
    if not slug or len(plain) > _LONGEST:
        why = "is too long" if slug else "holds no letter a-z and no digit"
        raise CliError(
            f"No short name can be made from {text[:_LONGEST]!r}: it {why}. Write for example "
            "data-sage, and the name in the chat with --name.",
            USAGE,
        )
    if shown is not None:
        shown = " ".join(shown.split())
        if not shown or len(shown) > 80 or not shown.isprintable():
            raise CliError("--name takes one line of 1 to 80 characters.", USAGE)
        return Name(slug, shown, True)
    if plain in (slug, slug.upper(), slug.capitalize()):
        return Name(slug, title_of(slug), False)
    return Name(slug, " ".join(plain.split()), True)


def find_level(place: Place, scope: str) -> Location:
    """Return the level that a new definition of a scope goes to.

    For a project that is the nearest folder with ``.jupyter`` or ``personas.toml``, else the
    folder itself.

    Raises:
        CliError: The folder's ``.jupyter`` is the user's own.
    """
    levels = place.catalog.locations(place.folder, place.root)
    level = level_for_new(levels, Scope(scope))
    if level is None:
        raise CliError(
            f"{shown_path(levels[-1].folder)} is your own folder of personas, not a project's. "
            "Write --scope user, or go to the project's folder.",
            USAGE,
        )
    return level


def new_source(level: Location, slug: str, kind: str) -> Source:
    """Return the file that a new definition is written to.

    Args:
        level: Its level.
        slug: Its short name.
        kind: ``md`` or ``toml``.
    """
    if kind == "md":
        return Source(level.folder / f"{slug}.persona.md", level.scope, level.root)
    if level.scope is Scope.PROJECT:
        from persona.loaders.paths import get_project_personas_path

        return Source(get_project_personas_path(level.root), level.scope, level.root)
    return Source(level.tables[0], level.scope, level.root)


def refuse_taken(place: Place, level: Location, slug: str, file: Path) -> None:
    """Refuse a name that a persona of that level has.

    Raises:
        CliError: One has.
    """
    for entry in all_entries(place):
        if entry.slug.casefold() == slug and _is_at(entry, level):
            raise CliError(
                f"There is a persona {entry.slug!r} in {level.scope.value} scope already: "
                f"{entry.source.file}. Choose another name, or delete that one."
            )
    if file.suffix == ".md" and os.path.lexists(file):
        raise CliError(f"{file} exists already. Choose another name, or delete it.")


def _is_at(entry: Entry, level: Location) -> bool:
    return (entry.source.scope, entry.source.root) == (level.scope, level.root)
