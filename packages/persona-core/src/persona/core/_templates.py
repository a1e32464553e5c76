"""Personas that installed packages bring: the farthest scope."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from persona.core._locations import Location
from persona.core._registry import GROUP as ENGINES
from persona.core._source import Package, Scope

GROUP = "persona.templates"
"""Entry points whose value names a package that holds persona files."""

PROGRAMS = "programs.toml"
"""File beside them: for each engine that needs a program the names that it may have."""

_log = logging.getLogger(__name__)


def template_locations(entries: Iterable[EntryPoint] | None = None) -> list[Location]:
    """Return the folders of persona files that packages bring, by the entry points' names.

    Nothing is imported. An entry that leads nowhere is logged and passed over.

    Args:
        entries: The entry points; by default those of the installed packages.
    """
    found: list[Location] = []
    for point in sorted(set(entry_points(group=GROUP) if entries is None else entries)):
        folder = _folder_of(point.value)
        owner = point.dist.name if point.dist is not None else "an unnamed package"
        if folder is None:
            _log.warning(
                "Personas %r of %s: there is no package %r", point.name, owner, point.value
            )
            continue
        engines = point.dist is not None and bool(point.dist.entry_points.select(group=ENGINES))
        package = Package(owner, engines, _programs_of(folder))
        location = Location(folder, Scope.BUILTIN, folder, package)
        if location not in found:
            found.append(location)
    return found


def _programs_of(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the programs that engines need; a file that cannot be read says nothing."""
    file = folder / PROGRAMS
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        _log.warning("%s cannot be read: %s", file, exc)
        return {}
    found = {}
    for engine, programs in said.items():
        if isinstance(programs, list) and all(isinstance(name, str) for name in programs):
            found[engine] = tuple(programs)
        else:
            _log.warning("%s: %s must be a list of names of programs", file, engine)
    return found


def _folder_of(package: str) -> Path | None:
    """Return the folder of a package, without importing it or what it lies in."""
    top, *parts = package.strip().split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):  # no name of a package, or one that is half there
        return None
    if spec is None or spec.submodule_search_locations is None:
        return None
    folders = (Path(place, *parts) for place in spec.submodule_search_locations)
    return next((folder for folder in folders if folder.is_dir()), None)
