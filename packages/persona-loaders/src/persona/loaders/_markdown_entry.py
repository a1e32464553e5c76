"""A persona in a Markdown file of its own, to be made, changed or deleted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from persona.core import DefinitionError, LoadResult, locked, own_folder
from persona.loaders._entry import Check, PersonaEntry, by_path
from persona.loaders._files import replace
from persona.loaders._keys import split_key, with_values
from persona.loaders._markdown_write import (
    content_of,
    load_content,
    values_of,
    with_other_values,
)
from persona.loaders._report import Refused
from persona.loaders._text import LARGEST, read_bytes


class MarkdownEntry(PersonaEntry):
    """A persona in a Markdown file of its own."""

    format = "md"

    def content(self) -> bytes:
        """Return what the file holds.

        Raises:
            DefinitionError: It cannot be read.
        """
        try:
            return read_bytes(self.source.file)
        except Refused as refused:
            raise self._unread(refused) from refused

    def values(self) -> dict[str, Any]:
        """Return what the file says, with the text below as the prompt under ``context``."""
        try:
            return values_of(read_bytes(self.source.file))
        except Refused as refused:
            raise self._unread(refused) from refused

    def create(
        self, values: Mapping[str, Any], *, head: str = "", check: Check | None = None
    ) -> None:
        """Write a new file; see `PersonaEntry.create`."""
        self.create_content(content_of(values, head=head), check=check)

    def create_content(self, content: bytes, *, check: Check | None = None) -> None:
        """Write a new file with this content.

        Raises:
            DefinitionError: There is one already, or it cannot be written so.
            OSError: It cannot be written.
        """
        file = self.source.file
        with locked_markdown(file) as real:
            if real.exists() or file.is_symlink():
                raise DefinitionError(f"{file} exists already. Choose another name or delete it.")
            self._write(real, content, check)

    def create_from(
        self,
        other: PersonaEntry,
        values: Mapping[str, Any],
        unset: Iterable[str] = (),
        *,
        check: Check | None = None,
    ) -> None:
        """Write a copy; of a Markdown file with all its comments."""
        paths, gone = by_path(values), [split_key(key) for key in unset]
        if isinstance(other, MarkdownEntry):
            try:
                content = with_other_values(other.content(), paths, gone)
            except Refused as refused:
                raise other._unread(refused) from refused
        else:
            content = content_of(with_values(other.values(), paths, gone))
        self.create_content(content, check=check)

    def delete(self, *, check: Check | None = None) -> None:
        """Remove the file, and the persona's own folder if nothing else is in it."""
        file = self.source.file
        with locked_markdown(file):
            if not file.exists() and not file.is_symlink():
                raise DefinitionError(f"{file} does not exist any more.")
            if check is not None:
                check(LoadResult())
            file.unlink()
            if own_folder(file) and not file.parent.is_symlink():
                remove_if_empty(file.parent)

    def _change(
        self,
        values: Mapping[tuple[str, ...], Any],
        unset: Iterable[tuple[str, ...]],
        check: Check | None,
    ) -> bool:
        with locked_markdown(self.source.file) as real:
            try:
                before = read_bytes(real)
                after = with_other_values(before, values, unset)
            except Refused as refused:
                raise self._unread(refused) from refused
            if after == before:
                return False
            self._write(real, after, check)
            return True

    def _write(self, real: Path, content: bytes, check: Check | None) -> None:
        if len(content) > LARGEST:
            raise DefinitionError(
                f"{self.source.file} would be larger than {LARGEST // 1024} KiB. "
                "Move reference texts to files or skills."
            )
        if check is not None:
            check(load_content(self.source, content))
        real.parent.mkdir(parents=True, exist_ok=True)
        replace(real, content)


@contextmanager
def locked_markdown(file: Path) -> Iterator[Path]:
    """Hold the lock of the folder ``personas`` that a file is in; give the file behind links."""
    real = Path(os.path.realpath(file))
    folder = real.parent.parent if own_folder(real) else real.parent
    # One lock a folder of personas, beside it: the folder itself stays as its owner made it.
    with locked(folder):
        yield real


def remove_if_empty(folder: Path) -> None:
    """Remove a folder that holds nothing; one that holds something stays."""
    with os.scandir(folder) as entries:
        if next(entries, None) is not None:
            return
    folder.rmdir()
