"""What a copy has to say differently, so that its relative paths lead where they did."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from persona.core import Location, PersonaDefinition, Source


@dataclass
class Carried:
    """The paths of a copy.

    Attributes:
        values: New values by dotted keys.
        copies: Files to copy, by where they go.
    """

    values: dict[str, object] = field(default_factory=dict)
    copies: dict[Path, Path] = field(default_factory=dict)

    def bring(self) -> None:
        """Copy the files.

        Raises:
            OSError: One cannot be copied.
        """
        for target, origin in self.copies.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, target)

    def take_back(self) -> None:
        """Remove the copies again, because the definition was not written."""
        for target in self.copies:
            with suppress(OSError):
                target.unlink()


def carry(definition: PersonaDefinition, source: Source, level: Location, slug: str) -> Carried:
    """Return what a copy needs.

    Args:
        definition: What is copied, as its own file says it.
        source: The file of the copy.
        level: The level of the copy.
        slug: The short name of the copy.
    """
    carried = Carried()
    avatar = definition.identity.avatar
    if avatar is not None and definition.source is not None:
        origin = _find(avatar, definition.source)
        if origin is not None and _find(avatar, source) != origin:
            carried.values["identity.avatar"] = _avatar(origin, source, level, slug, carried)
    skills = definition.context.skills_paths
    if skills and definition.source is not None:
        new = [path for given in skills for path in _skills(given, definition, source)]
        if new != skills:
            carried.values["context.skills"] = new
    return carried


def _find(avatar: str, source: Source) -> Path | None:
    if avatar.startswith(("http://", "https://", "data:")) or "\0" in avatar:
        return None
    folders = [Path(os.path.realpath(folder)) for folder in source.folders]
    for folder in folders:
        path = Path(os.path.realpath(folder / avatar))
        with suppress(OSError):  # a name that no file can have
            if path.is_file() and any(path.is_relative_to(f) for f in folders):
                return path
    return None


def _avatar(origin: Path, source: Source, level: Location, slug: str, carried: Carried) -> str:
    beside = Path(os.path.realpath(source.file.parent))
    if any(origin.is_relative_to(os.path.realpath(folder)) for folder in source.folders):
        return Path(os.path.relpath(origin, beside)).as_posix()
    target = Path(os.path.realpath(level.folder)) / origin.name
    if os.path.lexists(target):
        target = target.with_name(f"{slug}-{origin.name}")
    number = 2
    while os.path.lexists(target):
        target = target.with_name(f"{slug}-{number}-{origin.name}")
        number += 1
    carried.copies[target] = origin
    return Path(os.path.relpath(target, beside)).as_posix()


def _skills(given: str, definition: PersonaDefinition, source: Source) -> list[str]:
    old = _resolved(given, definition, definition.source)
    if not old or _resolved(given, definition, source) == old:
        return [given]
    root = os.path.realpath(source.root)
    beside = os.path.realpath(source.file.parent)
    new = []
    for path in old:
        inside = os.path.realpath(path).startswith(root + os.sep)
        # Out of the copy's own folder tree, only the whole path is sure to lead there.
        new.append(Path(os.path.relpath(path, beside)).as_posix() if inside else path)
    return new


def _resolved(given: str, definition: PersonaDefinition, source: Source | None) -> list[str]:
    if source is None:
        return []
    context = definition.context.model_copy(update={"skills_paths": [given]})
    alone = definition.model_copy(update={"context": context}).located(source, {})
    return [os.path.normpath(path) for path in alone.resolved_context().skills_paths]
