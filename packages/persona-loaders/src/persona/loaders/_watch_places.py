"""What to watch, and how what is there looks: for the watcher of persona files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from persona.core import Catalog

MOST_FOLDERS = 512
"""Folders that are watched at most; systems bound their number. The look serves the rest."""

Looks = Mapping[Path, object]
"""For each place something that is equal as long as nothing changed there."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What one folder depends on.

    Attributes:
        places: Folders of persona files and files of several personas, also missing ones.
        files: Further files that definitions use.
    """

    places: frozenset[Path]
    files: frozenset[Path]

    @property
    def all(self) -> frozenset[Path]:
        """Both."""
        return self.places | self.files


@dataclass(frozen=True, slots=True)
class Outlook:
    """Which folders to watch, and which of the things that happen in them matter.

    Attributes:
        folders: Folders that are there now; each is watched without what lies below it.
        inner: Those of which every entry matters.
        names: Single paths that matter: the places themselves and what leads to them.
    """

    folders: frozenset[str]
    inner: frozenset[str]
    names: frozenset[str]

    def matters(self, path: str) -> bool:
        """Whether something may have changed because of what happened to ``path``."""
        return path in self.names or path.rpartition(os.sep)[0] in self.inner

    def is_lost(self, path: str) -> bool:
        """Whether what happened to ``path`` may have ended the watch of a folder."""
        return path in self.folders


def look_at(catalog: Catalog, watched: Iterable[Watched]) -> Looks:
    """Return how all places look now; one ``stat`` a file, each place once."""
    found: dict[Path, object] = {}
    for one in watched:
        for place in one.places - found.keys():
            found[place] = catalog.stamps(place)
        for file in one.files - found.keys():
            found[file] = stamp_of(file)
    return found


def stamp_of(file: Path) -> object:
    """Return what changes with a file that a definition uses; None if it is not there."""
    try:
        found = file.stat()
    except (OSError, ValueError):  # ValueError: a NUL character in the path
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def outlook(watched: Iterable[Watched]) -> Outlook:
    """Return what to watch for these places.

    A folder of persona files, the folders in it (one may belong to a persona), and the
    nearest folder above that is there: what is missing can only appear, and what is there
    can only be replaced, in that one.
    """
    places: set[Path] = set()
    files: set[Path] = set()
    for one in watched:
        places |= one.places
        files |= one.files
    inner = {str(place) for place in places if _is_folder(place)}
    folders = dict.fromkeys(sorted(inner))
    folders |= dict.fromkeys(_above(place) for place in sorted(places))
    below = {folder for place in sorted(inner) for folder in _folders_in(place)}
    folders |= dict.fromkeys(sorted(below))
    folders |= dict.fromkeys(_above(file) for file in sorted(files))
    names = {str(path) for file in places | files for path in (file, *file.parents)}
    return Outlook(
        frozenset(list(folders)[:MOST_FOLDERS]), frozenset(inner | below), frozenset(names)
    )


def _above(path: Path) -> str:
    """Return the nearest folder above that is there."""
    return str(next((p for p in path.parents if _is_folder(p)), path.anchor))


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where it may not look


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [e.path for e in entries if e.name[0] not in "._" and e.is_dir()]
    except OSError:  # gone meanwhile, not for us, or a link that goes round in a circle
        return []
