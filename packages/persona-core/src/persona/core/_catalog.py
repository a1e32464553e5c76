"""All persona definitions that a folder can see, read once.

Reading is pure and cached by a file's size and times; a look at an unchanged catalog
costs one ``stat`` a file. Nothing is instantiated and no engine is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from persona.core._diagnostics import Diagnostic
from persona.core._loader import LoadResult, PersonaLoader, file_stamp, installed_loaders
from persona.core._locations import (
    TABLES,
    Location,
    Stamp,
    is_code,
    jupyter_locations,
    look,
    project_locations,
    scan,
)
from persona.core._paths import leads_elsewhere, real
from persona.core._registry import EngineRegistry
from persona.core._source import Scope, Source
from persona.core._templates import template_locations
from persona.core._view import CatalogView

_Found = tuple[Location, Path, tuple[Stamp, ...]]
"""A level, a folder of it, and the files there."""

_Read = tuple[Stamp, Source, LoadResult]
"""What a file was like when it was read, and what it gave."""


class Catalog:
    """Find the personas that a folder sees. One instance serves a whole server.

    Scopes, the later wins: builtin, environment, user, project. Inside a project every
    level from the server's root down to the folder counts, nearer wins. A level is a folder
    ``personas`` (in a project ``.jupyter/personas``) with single files and one folder a
    persona, and ``personas.toml`` beside it (in a project also beside ``.jupyter``).

    Args:
        loaders: Readers of files; by default those of the installed packages.
        registry: Engines, for checks.
        locations: Folders outside of projects; by default those of installed packages and
            of Jupyter's own configuration paths.
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
        self._templates: list[Location] | None = None
        self.registry = registry or EngineRegistry()
        self._results: dict[tuple[Path, Location], dict[str, _Read]] = {}
        self._loader_of: dict[str, PersonaLoader | None] = {}
        self._packaged: tuple[tuple[Source, LoadResult], ...] | None = None
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
        found = self._look(folder, root)
        places = ((str(where), level.scope, stamps) for level, where, stamps in found)
        key: tuple[object, ...] = tuple(places)
        cached = self._views.get((folder, root))
        results = self._read(found)
        key += tuple(result.beside for _, result in results if result.beside)
        if cached is not None and cached[0] == key and cached[1].is_current():
            return cached[1]
        view = CatalogView(results, self.registry)
        self._views[folder, root] = (key, view)
        return view

    def results(self, folder: Path | str, root: Path | str) -> list[tuple[Source, LoadResult]]:
        """Return what each file that ``folder`` sees gave, the farthest first."""
        return self._read(self._look(Path(folder).resolve(), Path(root).resolve()))

    def forget(self) -> None:
        """Drop everything that is remembered, so that the next view reads all files again."""
        self._results.clear()
        self._loader_of = {}
        self._views.clear()
        self._templates = None
        self._packaged = None
        self.registry.refresh()

    def locations(self, folder: Path, root: Path) -> list[Location]:
        """Return the levels that ``folder`` sees, farthest first."""
        if self._locations is not None:
            return [*self._locations, *project_locations(folder, root)]
        if self._templates is None:
            self._templates = template_locations()
        return [*self._templates, *jupyter_locations(), *project_locations(folder, root)]

    def places(self, folder: Path, root: Path) -> tuple[Path, ...]:
        """Return where the personas that ``folder`` sees may lie, also what is not there yet.

        Folders of persona files, and files of several personas. Called to watch them.
        """
        levels = self.locations(Path(folder).resolve(), Path(root).resolve())
        return tuple(p for level in levels for p in (level.folder, *level.tables))

    def stamps(self, place: Path) -> tuple[Stamp, ...]:
        """Return what tells that a place of `places` is as it was; in any thread."""
        if place.name == TABLES:
            return tuple(look(place)) if self._claims(place.name) else ()
        # By way of a list: who walks over all objects at that moment, such as a memory profiler
        # in another thread, breaks a tuple that grows (bpo-15108).
        found = list(scan(place, self._claims))
        return tuple(found)

    def _look(self, folder: Path, root: Path) -> list[_Found]:
        """Return the persona files that are there; a user's folder is no project's too."""
        found: list[_Found] = []
        fixed: set[str] = set()
        for level in self.locations(folder, root):
            project = level.scope is Scope.PROJECT
            for where in (level.folder, *level.tables):
                place = real(where)
                if project and place in fixed:
                    continue
                if not project:
                    fixed.add(place)
                if where == level.folder:
                    found.append((level, where, tuple(scan(where, self._claims))))
                elif self._claims(where.name):
                    found.append((level, where.parent, tuple(look(where))))
        return found

    def _read(self, found: Sequence[_Found]) -> list[tuple[Source, LoadResult]]:
        results = list(self._installed())
        for level, where, stamps in found:
            before = self._results.get((where, level), {})
            now: dict[str, _Read] = {}
            for stamp in stamps:
                name = stamp[0]
                read = before.get(name)
                if (
                    read is None
                    or read[0] != stamp
                    or (read[2].beside and not _is_current(read[2]))
                ):
                    source = (
                        read[1]
                        if read
                        else Source(where / name, level.scope, level.root, level.package)
                    )
                    read = (stamp, source, self._load(source, name.rpartition("/")[2]))
                now[name] = read
                results.append(read[1:])
            # A new mapping, so that another thread's is never changed, and what is gone is gone.
            self._results[where, level] = now
        return results

    def _installed(self) -> Sequence[tuple[Source, LoadResult]]:
        """Return what loaders find in installed packages, the farthest scope; looked up once."""
        if self._locations is not None:  # given by hand: nothing that is installed counts
            return ()
        if self._packaged is None:
            found: list[tuple[Source, LoadResult]] = []
            for loader in self.loaders:
                installed = getattr(loader, "installed", None)
                if installed is not None:
                    found += installed()
            self._packaged = tuple(found)
        return self._packaged

    def _claims(self, name: str) -> bool:
        return self._find_loader(name) is not None

    def _find_loader(self, name: str) -> PersonaLoader | None:
        """Return the loader for files of that name; it is asked once for each name."""
        known = self._loader_of  # another thread may forget it
        if name not in known:
            claiming = (loader for loader in self.loaders if loader.claims(name))
            known[name] = next(claiming, None)
        return known[name]

    def _load(self, source: Source, name: str) -> LoadResult:
        loader = self._find_loader(name)
        if loader is None:  # it is never asked for what no loader claims
            return LoadResult()
        self.reads += 1
        if is_code(name) and leads_elsewhere(source):
            return LoadResult(diagnostics=(_leads_out(source),))
        try:
            return loader.load(source)
        except Exception as exc:  # boundary: a plugin; one bad file never hides the good ones
            message = f"The loader {loader.id!r} failed: {type(exc).__name__}: {exc}"
            return LoadResult(diagnostics=(Diagnostic("P401", message, source.file),))


def _leads_out(source: Source) -> Diagnostic:
    """Return what is told of a project's code that is a link to somewhere else."""
    return Diagnostic(
        "P112",
        "The file leads out of the project, so it is not used.",
        source.file,
        fix="Copy it into the project, or to your own personas.",
    )


def _is_current(result: LoadResult) -> bool:
    """Whether the further files that were read for a result are as they were."""
    return all(file_stamp(file) == stamp for file, stamp in result.beside)
