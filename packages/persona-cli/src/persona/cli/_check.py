"""``jupyter persona check``: what is wrong with persona files."""

from __future__ import annotations

import os
import stat
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from persona.cli._errors import FAILURE, OK, USAGE, CliError
from persona.cli._github import annotation
from persona.cli._json import print_json
from persona.cli._overlooked import overlooked
from persona.cli._place import Place, find_place, find_root, shown_path
from persona.cli._terminal import harmless
from persona.cli._trust import untrusted_of
from persona.core import (
    CatalogView,
    Diagnostic,
    EngineRegistry,
    LoadResult,
    PersonaLoader,
    Scope,
    Source,
    check_options,
    check_surroundings,
    own_folder,
)

_FOLDER = "personas"
_WIDEST = 100
_SKIPPED = {"node_modules", "__pycache__", "site-packages"}


def run(args: Namespace) -> int:
    """Print every finding with the line it stands in, and a summary."""
    place = find_place(args.dir, args.root)
    if args.paths:
        files, found = _check_paths(args.paths, place)
    else:
        files, found = _check_view(place.view(), place.catalog.registry, place.folder)
        levels = place.catalog.locations(place.folder.resolve(), place.root.resolve())
        found += overlooked((level.folder for level in levels), place.catalog.loaders)
    waiting = list(untrusted_of(place, place.view()).values()) if not args.paths else []
    errors = sum(d.severity == "error" for d in found)
    warnings = len(found) - errors
    tail = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}" if found else "all is well"
    summary = f"{_count(files, 'file')} checked: {tail}."
    if args.format == "json":
        print_json(
            {
                "files": files,
                "errors": errors,
                "warnings": warnings,
                "diagnostics": [d.as_dict() for d in found],
                "untrusted": [one.version.slug for one in waiting],
            }
        )
    elif args.format == "github":
        for finding in found:
            print(annotation(finding))
        print(summary, file=sys.stderr)
    else:
        for finding in found:
            print(*describe(finding), "", sep="\n")
        print(summary)
        for one in waiting:
            print(f"{one.version.slug} is not trusted: {one.detail}", file=sys.stderr)
    return FAILURE if errors else OK


def describe(found: Diagnostic) -> list[str]:
    """Return the lines that tell a finding to a person."""
    mark = "warning: " if found.severity == "warning" else ""
    path = shown_path(found.file).replace("\n", "\\n")  # it shall not start a line of its own
    where = f"{path}:{found.line}:{found.column}"
    lines = [f"{where} {found.code} {mark}{found.message}"]
    text = _line_of(found.file, found.line)
    if text is not None and text.strip():
        lines += _pointed_at(text, found.line, found.column)
    if found.fix:
        lines.append(f"    fix: {found.fix}")
    return [harmless(line) for line in lines]


def _pointed_at(text: str, number: int, column: int) -> list[str]:
    column = max(1, min(column, len(text) + 1))
    start = max(0, column - _WIDEST // 2) if len(text) > _WIDEST else 0
    shown = "".join(c if c.isprintable() else " " for c in text[start : start + _WIDEST])
    gutter = f"{number:>6} | "
    return [f"{gutter}{shown}".rstrip(), " " * (len(gutter) + column - 1 - start) + "^"]


def _line_of(file: Path, number: int) -> str | None:
    try:
        if not file.is_file():  # opening a pipe would wait for somebody to write to it
            return None
        with file.open(encoding="utf-8", errors="replace") as lines:
            for at, text in enumerate(lines, start=1):
                if at == number:
                    return text.rstrip("\r\n")[:10_000]
    except OSError:  # the finding itself says that it cannot be read
        pass
    return None


def _check_view(
    view: CatalogView, registry: EngineRegistry, folder: Path
) -> tuple[int, list[Diagnostic]]:
    files = {d.source.file for d in view.personas.values() if d.source}
    files |= {d.source.file for hidden in view.hidden.values() for d in hidden if d.source}
    files |= {broken.source.file for broken in view.broken}
    files |= {preset.source.file for kind in view.presets.values() for preset in kind.values()}
    return len(files | {d.file for d in view.diagnostics}), _all_of(view, registry, folder)


def _all_of(view: CatalogView, registry: EngineRegistry, folder: Path) -> list[Diagnostic]:
    found = list(view.diagnostics)
    for definition in view.personas.values():
        found += check_options(definition, registry)
        found += check_surroundings(definition, folder)
    found = list(dict.fromkeys(found))  # heirs of one persona have its faults in common
    return sorted(found, key=lambda d: (str(d.file), d.line, d.column, d.code))


def _check_paths(paths: Sequence[Path], place: Place) -> tuple[int, list[Diagnostic]]:
    catalog = place.catalog
    by_level: dict[Path, dict[Path, PersonaLoader]] = {}
    walked = {path: list(_walk(path.resolve())) for path in paths if path.is_dir()}
    for path in paths:
        for file, loader in _files(path, walked.get(path), catalog.loaders):
            by_level.setdefault(_level_of(file.parent), {})[file] = loader
    found: list[Diagnostic] = []
    for level, loaders in sorted(by_level.items()):
        # What a chat in that folder sees: what the files build on is read too, but not checked.
        top = place.root if level.is_relative_to(place.root) else level
        results = list(catalog.results(level, top))
        seen = {source.file for source, _ in results}
        results += [
            (source, _load(loader, source))
            for file, loader in sorted(loaders.items())
            if file not in seen
            for source in [Source(file, Scope.PROJECT, level)]
        ]
        view = CatalogView(results, catalog.registry)
        names = {d.name for source, r in results if source.file in loaders for d in r.definitions}
        inherited = {d for name in names for d in view.findings(name)}
        found += [
            d for d in _all_of(view, catalog.registry, level) if d.file in loaders or d in inherited
        ]
    folders = (file.parent for files in walked.values() for file in files)
    found += overlooked((f for f in folders if f.name == _FOLDER), catalog.loaders)
    return sum(map(len, by_level.values())), list(dict.fromkeys(found))


def _level_of(folder: Path) -> Path:
    """Return the folder whose chats are the first to see the persona files of a folder."""
    inside = "personas" in (folder.name, folder.parent.name) or folder.name == ".jupyter"
    return find_root(folder) if inside else folder


def _load(loader: PersonaLoader, source: Source) -> LoadResult:
    try:
        return loader.load(source)
    except Exception as exc:  # boundary: a plugin's loader; the others go on
        message = f"The loader {loader.id!r} failed: {type(exc).__name__}: {exc}"
        return LoadResult(diagnostics=(Diagnostic("P401", message, source.file),))


def _files(
    path: Path, walked: Sequence[Path] | None, loaders: Sequence[PersonaLoader]
) -> Iterator[tuple[Path, PersonaLoader]]:
    """Give the persona files of a path; ``walked`` are the files in it if it is a folder."""
    if walked is not None:
        some = False
        for file in walked:
            loader = next((item for item in loaders if item.claims(file.name)), None)
            if loader is not None and _is_placed(file):
                some = True
                yield file, loader
        if not some:
            print(f"{path} holds no persona file.", file=sys.stderr)
        return
    if not path.is_file():
        raise CliError(_no_file(path), USAGE)
    loader = next((item for item in loaders if item.claims(path.name)), None)
    if loader is None:
        kinds = ", ".join(item.id for item in loaders) or "none"
        raise CliError(f"{path} is no persona file: no loader reads that name ({kinds}).", USAGE)
    yield path.resolve(), loader


def _no_file(path: Path) -> str:
    """Return why a path that is no folder cannot be read."""
    try:
        mode = path.stat().st_mode
    except OSError as exc:
        if path.is_symlink():
            return f"{path} is a link that leads nowhere ({exc.strerror})."
        if isinstance(exc, FileNotFoundError):
            return f"{path} does not exist."
        return f"{path} cannot be looked at: {exc.strerror}."
    kinds = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"),
             (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))  # fmt: skip
    kind = next((word for test, word in kinds if test(mode)), "no ordinary file")
    return f"{path} is {kind}. Name a persona file or a folder."


def _is_placed(file: Path) -> bool:
    """Whether a file ``persona.md`` stands in a persona's own folder; elsewhere it is a text."""
    return own_folder(file) is None or file.parent.parent.name == _FOLDER


def _walk(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(
            f for f in folders if f not in _SKIPPED and (f == ".jupyter" or f[0] != ".")
        )
        yield from (Path(where, name) for name in sorted(names))


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
