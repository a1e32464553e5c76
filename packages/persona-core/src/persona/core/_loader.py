"""What a loader of persona files is: anything with these three members."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from operator import attrgetter
from pathlib import Path
from typing import Protocol, runtime_checkable

from persona.core._definition import PersonaDefinition
from persona.core._diagnostics import Diagnostic
from persona.core._preset import PresetDefinition
from persona.core._source import Source

GROUP = "persona.loaders"

FileStamp = tuple[int, int, int]
"""What changes whenever the content of a file may have: mtime in ns, size, inode."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What one file gave.

    Attributes:
        definitions: The personas that it defines; empty if it is broken.
        diagnostics: What is wrong with it.
        broken: In a file of several personas, those that cannot be used by short name, and why.
        presets: The presets that it defines, broken ones too.
        beside: Further files that were read for it, with what they were like; it is read
            again when one of them changes.
    """

    definitions: tuple[PersonaDefinition, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    broken: Mapping[str, tuple[Diagnostic, ...]] = field(default_factory=dict)
    presets: tuple[PresetDefinition, ...] = ()
    beside: tuple[tuple[Path, FileStamp | None], ...] = ()


@runtime_checkable
class PersonaLoader(Protocol):
    """Reads one kind of persona file. Registered in the entry-point group ``persona.loaders``."""

    id: str
    """Short name of the kind, for example ``markdown``."""

    def claims(self, filename: str) -> bool:
        """Whether a file of that name (no folder) is one of its kind. Must be quick."""
        ...

    def load(self, source: Source) -> LoadResult:
        """Read ``source.file``. Never raises for bad content: that is a diagnostic."""
        ...


def file_stamp(file: Path) -> FileStamp | None:
    """Return what a file is like now; None if it is not there."""
    try:
        found = file.stat()
    except (OSError, ValueError):  # ValueError: a NUL character in the path
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def installed_loaders() -> tuple[PersonaLoader, ...]:
    """Return the loaders of the installed packages, sorted by id; imports them.

    One that cannot be used is logged and passed over, so that the others work.
    """
    loaders: list[PersonaLoader] = []
    for point in sorted(set(entry_points(group=GROUP)), key=attrgetter("name")):
        try:
            loader = point.load()
        except Exception as exc:  # boundary: a plugin's import may raise anything
            _log.warning("Loader %r of %s cannot be imported: %s", point.name, point.value, exc)
            continue
        if isinstance(loader, type) or not isinstance(loader, PersonaLoader):
            _log.warning("Loader %r: %s is not a PersonaLoader object", point.name, point.value)
            continue
        loaders.append(loader)
    return tuple(loaders)
