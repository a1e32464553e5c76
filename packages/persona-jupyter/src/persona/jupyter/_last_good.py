"""Broken edits: the last version that could be used stays in use.

One memory serves the whole server, so that all its chats give the same answer, also
those that are opened while a file is broken. What was broken when it was first read has
no version to fall back to; what was deleted is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace
from pathlib import Path

from persona.core import (
    CatalogView,
    Changes,
    Diagnostic,
    EngineRegistry,
    LoadResult,
    PersonaDefinition,
    Requirement,
    Source,
    Untrusted,
)
from persona.jupyter._attached import attached_files, stamps

Results = Sequence[tuple[Source, LoadResult]]
"""What each file gave, the farthest first."""

_Key = tuple[Path, str]
"""A file and the short name of a persona in it."""

_Faults = Mapping[_Key, tuple[Diagnostic, ...]]


class LiveView(CatalogView):
    """What a folder sees, with the last good versions of what is broken now.

    Args:
        results: What each file gives now.
        registry: Engines, for checks.
        usable: The same with the last good versions of files that are broken.
        faults: What is wrong with these.
        whole: The last good version of each persona with what it inherits; kept up to date.

    Attributes:
        kept: For each persona that is in use as it was before its last edit, why.
        attached: Files that the personas use besides their own.
        refused: For each persona that may not answer on this server, why.
        changed: For each persona that was changed in the chat, the new values by dotted path.
        removed: Who was removed from the chat: short name → name shown.
        untrusted: For each persona that waits until the user trusts it, why.
    """

    def __init__(
        self,
        results: Results,
        registry: EngineRegistry,
        usable: Results,
        faults: _Faults,
        whole: MutableMapping[_Key, PersonaDefinition],
    ) -> None:
        super().__init__(usable, registry)
        self._results = results  # findings stand where the files say their names now
        _ = self.diagnostics  # of what the files say now; reads avatars and looks for skills
        kept: dict[str, tuple[Diagnostic, ...]] = {}
        personas = dict(self.personas)
        for slug, definition in self.personas.items():
            if definition.source is None:
                continue
            key = definition.source.file, slug
            last = whole.get(key)
            errors = tuple(d for d in self._by_slug.get(slug, ()) if d.severity == "error")
            if key in faults:
                kept[slug] = faults[key]
            # The same version as before: then it is not an edit that broke it.
            elif errors and last and last.model_dump() != definition.model_dump():
                personas[slug], kept[slug] = last, errors
            if not errors:
                whole[key] = definition
        for source, result in usable:
            for definition in result.definitions:
                if not definition.enabled:  # the last good version is not to be seen
                    whole.pop((source.file, definition.name), None)
        for broken in self.broken:  # what it inherits cannot be merged
            last = whole.get((broken.source.file, broken.slug))
            if last is not None and broken.slug not in personas:
                personas[broken.slug], kept[broken.slug] = last, broken.errors
        self.personas = personas
        self.broken = tuple(b for b in self.broken if b.slug not in kept)
        self.kept: Mapping[str, tuple[Diagnostic, ...]] = kept
        self.refused: Mapping[str, Requirement] = {}
        self.changed: Mapping[str, Changes] = {}
        self.removed: Mapping[str, str] = {}
        self.untrusted: Mapping[str, Untrusted] = {}
        self._attached = {slug: attached_files(d) for slug, d in personas.items()}
        self._stamps = {slug: stamps(files) for slug, files in self._attached.items() if files}
        self.attached = frozenset(file for files in self._attached.values() for file in files)

    def is_of(self, results: Results) -> bool:
        """Whether a view of these results, read now, would be the same; blocking."""
        return (
            len(results) == len(self._results)
            and all(
                source == other and result is known
                for (source, result), (other, known) in zip(results, self._results, strict=True)
            )
            and all(stamps(self._attached[slug]) == was for slug, was in self._stamps.items())
            and self.is_current()
        )

    def has_same_files(self, other: LiveView, slug: str) -> bool:
        """Whether a persona's avatar and skills lie there as they do in another view."""
        return self._stamps.get(slug) == other._stamps.get(slug)


class LastGood:
    """Remember the last good version of every definition that a server has read.

    Not for several threads at once.

    Args:
        registry: Engines, for checks.
    """

    def __init__(self, registry: EngineRegistry) -> None:
        self._registry = registry
        self._files: dict[Path, LoadResult] = {}
        self._whole: dict[_Key, PersonaDefinition] = {}
        self._seen: dict[Path, frozenset[Path]] = {}

    def view(self, folder: Path, results: Results) -> LiveView:
        """Return what ``folder`` sees; blocking. Called when something has changed.

        Args:
            folder: The folder.
            results: What each file that it sees gives now.
        """
        seen = frozenset(source.file for source, _ in results)
        self._forget(self._seen.get(folder, seen) - seen)
        self._seen[folder] = seen
        faults: dict[_Key, tuple[Diagnostic, ...]] = {}
        usable = [(source, self._usable(source.file, result, faults)) for source, result in results]
        return LiveView(results, self._registry, usable, faults, self._whole)

    def _forget(self, gone: frozenset[Path]) -> None:
        for file in gone:
            self._files.pop(file, None)
        for key in [key for key in self._whole if key[0] in gone]:
            del self._whole[key]

    def _usable(
        self, file: Path, result: LoadResult, faults: dict[_Key, tuple[Diagnostic, ...]]
    ) -> LoadResult:
        """Return what a file gives, with what it gave before where it is broken now."""
        errors = tuple(d for d in result.diagnostics if d.severity == "error")
        last = self._files.get(file)
        if errors and last is not None:
            result = _mended(result, errors, last, faults, file)
        self._files[file] = result
        return result


def _mended(
    result: LoadResult,
    errors: tuple[Diagnostic, ...],
    last: LoadResult,
    faults: dict[_Key, tuple[Diagnostic, ...]],
    file: Path,
) -> LoadResult:
    if not (result.definitions or result.broken or result.presets):  # nothing of it can be read
        why = {d.name: errors for d in last.definitions}
        presets = last.presets
    else:
        good = {d.name for d in result.definitions}
        why = {slug: found for slug, found in result.broken.items() if slug not in good}
        before = {(p.kind, p.name): p for p in last.presets}
        presets = tuple(before.get((p.kind, p.name), p) if p.errors else p for p in result.presets)
    lost = [d for d in last.definitions if d.name in why]
    faults |= {(file, d.name): why[d.name] for d in lost}
    names = {d.name for d in lost}
    return replace(
        result,
        definitions=(*result.definitions, *lost),
        broken={slug: found for slug, found in result.broken.items() if slug not in names},
        presets=presets,
    )
