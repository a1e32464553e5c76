"""All persona definitions that a folder can see: scopes, merge, and what is wrong.

Reading is pure and cached by a file's size and times; a look at an unchanged catalog
costs one ``stat`` a file. Nothing is instantiated and no engine is imported.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from persona.core._checks import check_definition, check_mention_names
from persona.core._definition import PersonaDefinition, Scope, Source, slugify
from persona.core._diagnostics import Diagnostic
from persona.core._loader import LoadResult, PersonaLoader, installed_loaders
from persona.core._registry import EngineRegistry

_Stamp = tuple[str, int, int, int]
"""File name, mtime in ns, size, inode: changes whenever the content may have."""


@dataclass(frozen=True, slots=True)
class Location:
    """One folder of persona files.

    Attributes:
        folder: The folder; need not exist.
        scope: What its files belong to.
        root: What relative paths in them may be relative to, besides the file's folder.
    """

    folder: Path
    scope: Scope
    root: Path


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A file that defines no persona because of what its diagnostics say."""

    source: Source
    slug: str


class CatalogView:
    """What one folder sees: immutable, shared by all chats of that folder.

    Attributes:
        personas: The personas by short name, the nearest scope first.
        hidden: For each short name the definitions that it hides, nearest first.
        broken: Files that could not be read as a persona.
    """

    def __init__(
        self, results: Sequence[tuple[Source, LoadResult]], registry: EngineRegistry
    ) -> None:
        self._registry = registry
        self._found: list[Diagnostic] = [d for _, r in results for d in r.diagnostics]
        chosen: dict[str, list[PersonaDefinition]] = {}
        for _, result in results:
            for definition in result.definitions:
                chosen.setdefault(definition.name, []).append(definition)
        personas: dict[str, PersonaDefinition] = {}
        hidden: dict[str, tuple[PersonaDefinition, ...]] = {}
        rank = {source.file.parent: number for number, (source, _) in enumerate(results)}
        for slug, candidates in chosen.items():
            nearest = self._first_of_its_folder(candidates)
            if nearest.enabled:
                personas[slug] = nearest
            hidden[slug] = tuple(c for c in reversed(candidates) if c is not nearest)
        near_first = sorted(personas.values(), key=lambda d: -rank.get(_folder(d), -1))
        personas = {definition.name: definition for definition in near_first}
        self.personas: Mapping[str, PersonaDefinition] = personas
        self.hidden: Mapping[str, tuple[PersonaDefinition, ...]] = hidden
        self.broken = tuple(
            BrokenFile(source, slugify(source.file.name.split(".")[0]) or source.file.name)
            for source, result in results
            if not result.definitions and any(d.severity == "error" for d in result.diagnostics)
        )

    def _first_of_its_folder(self, candidates: list[PersonaDefinition]) -> PersonaDefinition:
        """Return the nearest; of two in one folder the first by path, and say so."""
        nearest = candidates[-1]
        same = [c for c in candidates if c.source and _folder(c) == _folder(nearest)]
        for other in same[1:]:
            first, second = same[0].source, other.source
            if first is not None and second is not None:
                self._found.append(
                    Diagnostic(
                        "P303",
                        f"{first.file.name} defines a persona {other.name!r} too and is used.",
                        second.file,
                        severity="warning",
                        fix="Give one of them another name.",
                    )
                )
        return same[0] if same else nearest

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that is wrong, by file and line."""
        found = list(self._found)
        for definition in self.personas.values():
            found += check_definition(definition, self._registry)
        found += check_mention_names(self.personas.values())
        return tuple(sorted(found, key=lambda d: (str(d.file), d.line, d.column, d.code)))


def _real(path: Path) -> str:
    return os.path.realpath(path)  # Path.resolve raises for links that go round in a circle


def _folder(definition: PersonaDefinition) -> Path:
    return definition.source.file.parent if definition.source else Path()


class Catalog:
    """Find the personas that a folder sees. One instance serves a whole server.

    Scopes, the later wins: builtin, environment, user, project. Inside a project every
    ``.jupyter/personas`` from the server's root down to the folder counts, nearer wins.

    Args:
        loaders: Readers of files; by default those of the installed packages.
        registry: Engines, for checks.
        locations: Folders outside of projects; by default those of Jupyter's own
            configuration paths.
    """

    def __init__(
        self,
        *,
        loaders: Sequence[PersonaLoader] | None = None,
        registry: EngineRegistry | None = None,
        locations: Sequence[Location] | None = None,
    ) -> None:
        self._given_loaders = loaders
        self._locations = locations
        self.registry = registry or EngineRegistry()
        self._results: dict[Path, tuple[_Stamp, LoadResult]] = {}
        self._views: dict[tuple[Path, Path], tuple[tuple[object, ...], CatalogView]] = {}
        self.reads = 0

    @cached_property
    def loaders(self) -> Sequence[PersonaLoader]:
        """The loaders in use."""
        return installed_loaders() if self._given_loaders is None else self._given_loaders

    def view(self, folder: Path | str, root: Path | str | None = None) -> CatalogView:
        """Return what ``folder`` sees; the same object while nothing changed.

        Blocking, some microseconds a file; a cold read of many files belongs off the loop.

        Args:
            folder: Folder of the chat (or where the user works). Must lie under ``root``
                to see any project scope above itself.
            root: The server's root folder; by default ``folder``.
        """
        folder = Path(folder).resolve()
        root = folder if root is None else Path(root).resolve()
        found = [(loc, tuple(self._scan(loc.folder))) for loc in self.locations(folder, root)]
        key = tuple((str(loc.folder), loc.scope, stamps) for loc, stamps in found)
        cached = self._views.get((folder, root))
        if cached is not None and cached[0] == key:
            return cached[1]
        results = [
            (Source(loc.folder / stamp[0], loc.scope, loc.root), self._load(loc, stamp))
            for loc, stamps in found
            for stamp in stamps
        ]
        view = CatalogView(results, self.registry)
        self._views[folder, root] = (key, view)
        return view

    def forget(self) -> None:
        """Drop everything that is remembered, so that the next view reads all files again."""
        self._results.clear()
        self._views.clear()
        self.registry.refresh()

    def locations(self, folder: Path, root: Path) -> list[Location]:
        """Return the folders that ``folder`` sees, farthest scope first."""
        fixed = jupyter_locations() if self._locations is None else list(self._locations)
        seen = {_real(loc.folder) for loc in fixed}
        levels = [folder]
        if folder != root and folder.is_relative_to(root):
            levels += [p for p in folder.parents if p.is_relative_to(root)]
        project = [Location(p / ".jupyter" / "personas", Scope.PROJECT, p) for p in levels]
        return fixed + [loc for loc in reversed(project) if _real(loc.folder) not in seen]

    def _scan(self, folder: Path) -> Iterable[_Stamp]:
        try:
            with os.scandir(folder) as entries:
                names = sorted((e for e in entries if self._claimed(e.name)), key=lambda e: e.name)
                for entry in names:
                    try:
                        found = entry.stat()
                    except OSError:  # gone, or a broken link: told when it is read
                        yield entry.name, 0, 0, 0
                        continue
                    if stat.S_ISREG(found.st_mode):
                        yield entry.name, found.st_mtime_ns, found.st_size, found.st_ino
        except OSError:  # no such folder, or not for us
            return

    def _claimed(self, name: str) -> bool:
        return any(loader.claims(name) for loader in self.loaders)

    def _load(self, location: Location, stamp: _Stamp) -> LoadResult:
        path = location.folder / stamp[0]
        cached = self._results.get(path)
        if cached is not None and cached[0] == stamp:
            return cached[1]
        loader = next(loader for loader in self.loaders if loader.claims(stamp[0]))
        self.reads += 1
        try:
            result = loader.load(Source(path, location.scope, location.root))
        except Exception as exc:  # boundary: a plugin; one bad file never hides the good ones
            message = f"The loader {loader.id!r} failed: {type(exc).__name__}: {exc}"
            result = LoadResult(diagnostics=(Diagnostic("P401", message, path),))
        self._results[path] = (stamp, result)
        return result


def jupyter_locations() -> list[Location]:
    """Return the folders of Jupyter's configuration that hold personas, farthest first."""
    from jupyter_core.paths import ENV_CONFIG_PATH, SYSTEM_CONFIG_PATH, jupyter_config_dir

    admin = [*reversed(SYSTEM_CONFIG_PATH), *reversed(ENV_CONFIG_PATH)]
    folders = [(Path(p), Scope.ENVIRONMENT) for p in dict.fromkeys(admin)]
    folders.append((Path(jupyter_config_dir()), Scope.USER))
    return [Location(p / "personas", scope, p / "personas") for p, scope in folders]
