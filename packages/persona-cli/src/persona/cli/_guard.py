"""Refuses what would break a persona, before it is written."""

from __future__ import annotations

from collections.abc import Callable

from persona.cli._errors import CliError
from persona.cli._place import Place
from persona.core import (
    CatalogView,
    Diagnostic,
    LoadResult,
    PersonaDefinition,
    Source,
    check_options,
)

_Result = tuple[Source, LoadResult]


class Guard:
    """Compares what a folder would see with what it sees now.

    Args:
        place: Where to look from.
        slug: The persona that is changed.
        like: What it is a copy of: the errors of that are no new ones.
    """

    def __init__(self, place: Place, slug: str, *, like: PersonaDefinition | None = None) -> None:
        self._place = place
        self._slug = slug
        self._like = like
        self._results = place.catalog.results(place.folder, place.root)
        levels = place.catalog.locations(place.folder, place.root)
        self._order = {(level.scope, level.root): n for n, level in enumerate(levels)}

    def check(self, source: Source) -> Callable[[LoadResult], None]:
        """Return what is called with the new content of a file; raises `CliError`."""

        def compare(result: LoadResult) -> None:
            known = self._errors(self._results)
            plain = {(found.code, found.file, found.message) for found in known}
            copied = {(found.code, found.message) for found in self._copied(source)}
            for found in self._errors(self._with(source, result)):
                new = (found.code, found.file, found.message) not in plain
                if new and (found.code, found.message) not in copied:
                    where = "" if found.file == source.file else f" in {found.file}"
                    raise CliError(
                        f"Nothing was written, because of {found.code}{where}: {found.message} "
                        f"{found.fix}"
                    )

        return compare

    def _copied(self, source: Source) -> list[Diagnostic]:
        """Return the errors that there would be with the original in the place of its copy."""
        if self._like is None:
            return []
        moved = self._like.model_copy(update={"name": self._slug})
        return self._errors(self._with(source, LoadResult((moved,))))

    def _errors(self, results: list[_Result]) -> list[Diagnostic]:
        registry = self._place.catalog.registry
        view = CatalogView(results, registry)
        found = list(view.diagnostics)
        if self._slug in view.personas:
            found += check_options(view.personas[self._slug], registry)
        return [d for d in found if d.severity == "error"]

    def _with(self, source: Source, result: LoadResult) -> list[_Result]:
        results = [(s, result if s.file == source.file else r) for s, r in self._results]
        if all(s.file != source.file for s, _ in results):
            results.append((source, result))
            last = len(self._order)
            results.sort(key=lambda pair: self._order.get((pair[0].scope, pair[0].root), last))
        return results
