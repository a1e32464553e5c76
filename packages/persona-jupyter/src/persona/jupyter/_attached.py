"""Files that a definition uses besides its own: its avatar, its skills, its modules."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

from persona.core import PersonaDefinition

_ELSEWHERE = ("http://", "https://", "data:")

Stamp = tuple[int, int, int]


def attached_files(definition: PersonaDefinition) -> tuple[Path, ...]:
    """Return where the files may lie that a definition uses, also if they are not there."""
    code = definition.code
    modules = () if code is None else tuple(one.file for one in code.modules.values())
    return (*_avatars(definition), *_skills(definition), *modules)


def stamps(files: Iterable[Path]) -> tuple[Stamp | None, ...]:
    """Return what changes when one of the files does; blocking."""
    return tuple(map(_stamp, files))


def _avatars(definition: PersonaDefinition) -> list[Path]:
    avatar = definition.identity.avatar
    # A path has a dot or a slash; an emoji or a letter has none.
    if not avatar or avatar.startswith(_ELSEWHERE) or not {".", "/"} & set(avatar):
        return []
    return [folder / avatar for folder in definition.avatar_folders]


def _skills(definition: PersonaDefinition) -> list[Path]:
    source = definition.source_of("context.skills_paths")
    if source is None:
        return []
    found = []
    for given in definition.context.skills_paths:
        fixed = tuple(takewhile(lambda part: not set("*?[~") & set(part), Path(given).parts))
        if fixed:
            found += [folder.joinpath(*fixed) for folder in source.folders]
    return found


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except (OSError, ValueError):  # ValueError: a NUL character in the path
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
