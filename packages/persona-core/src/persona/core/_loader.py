"""What a loader of persona files is: anything with these three members."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, runtime_checkable

from persona.core._definition import PersonaDefinition, Source
from persona.core._diagnostics import Diagnostic

GROUP = "persona.loaders"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What one file gave.

    Attributes:
        definitions: The personas that it defines; empty if it is broken.
        diagnostics: What is wrong with it.
    """

    definitions: tuple[PersonaDefinition, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


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


def installed_loaders() -> tuple[PersonaLoader, ...]:
    """Return the loaders of the installed packages, sorted by id; imports them.

    Raises:
        TypeError: An entry point does not give a loader.
    """
    points: Callable[[EntryPoint], str] = lambda point: point.name  # noqa: E731
    loaders: list[PersonaLoader] = []
    for point in sorted(set(entry_points(group=GROUP)), key=points):
        loader = point.load()
        if not isinstance(loader, PersonaLoader):
            raise TypeError(f"entry point {point.name!r} of group {GROUP} is not a loader")
        loaders.append(loader)
    return tuple(loaders)
