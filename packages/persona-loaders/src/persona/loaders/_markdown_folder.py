"""The files in a folder ``personas`` that define personas."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from persona.core import DefinitionError, Diagnostic, LoadResult, Scope, Source, own_folder
from persona.loaders._markdown import MAIN, MARKDOWN, SUFFIX
from persona.loaders._markdown_write import load_content
from persona.loaders._report import Refused
from persona.loaders._shape import is_slug
from persona.loaders._text import read_bytes


@dataclass(frozen=True, slots=True)
class MarkdownFolder:
    """Finds the files of a folder, single ones and those of folders of their own; blocking.

    Attributes:
        folder: The folder; need not exist.
        scope: What its files belong to.
        root: Folder that relative paths may be relative to besides the file's own.
    """

    folder: Path
    scope: Scope
    root: Path

    def source(self, file: Path) -> Source:
        """Return what a definition in a file is said to come from."""
        return Source(file, self.scope, self.root)

    def files(self) -> list[Path]:
        """Return the files, those of each folder by name."""
        found: list[Path] = []
        for entry in _entries(self.folder):
            if MARKDOWN.claims(entry.name):
                if entry.name.lower() != MAIN:
                    found.append(Path(entry.path))
            elif entry.name[0] not in "._" and entry.is_dir():
                inner = [
                    Path(e.path) for e in _entries(Path(entry.path)) if MARKDOWN.claims(e.name)
                ]
                found += [file for file in inner if own_folder(file)]
        return found

    def results(self) -> Iterator[tuple[Path, bytes, LoadResult]]:
        """Yield each file that can be read, what it holds, and what that says."""
        for file in self.files():
            try:
                content = read_bytes(file)
            except Refused:  # told by `check`
                continue
            yield file, content, load_content(self.source(file), content)

    def check(self) -> tuple[Diagnostic, ...]:
        """Return what is wrong with the files."""
        results = (MARKDOWN.load(self.source(file)) for file in self.files())
        return tuple(d for result in results for d in result.diagnostics)

    def path(self, name: str) -> Path | None:
        """Return the file of a persona, or None if there is none."""
        for file, _, result in self.results():
            if any(definition.name == name for definition in result.definitions):
                return file
        return None

    def new_path(self, name: str, *, own_folder: bool = False) -> Path:
        """Return the file that a new persona gets.

        Raises:
            DefinitionError: The name is no short name.
        """
        if not is_slug(name):
            raise DefinitionError(
                f"{name!r} is no short name. Use a-z, digits, dots, dashes and underscores."
            )
        return self.folder / name / MAIN if own_folder else self.folder / f"{name}{SUFFIX}"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:  # no such folder, or not for us
        return []
