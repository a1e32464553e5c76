"""One persona in ``personas.toml``, to be made, changed or deleted value by value."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from persona.core import DefinitionError, locked
from persona.loaders._entry import Check, PersonaEntry, by_path
from persona.loaders._files import replace
from persona.loaders._keys import same, split_key, with_values
from persona.loaders._markdown_write import from_flat
from persona.loaders._report import Refused
from persona.loaders._toml_edit import drop_table, keeps_the_rest, put_table, put_values
from persona.loaders._toml_load import PERSONAS, load_document
from persona.loaders._toml_text import Document, read_document, read_for_editing


class TomlEntry(PersonaEntry):
    """A table ``[personas.<key>]``. The rest of the file stays as it is, byte for byte."""

    format = "toml"

    def table(self) -> dict[str, Any]:
        """Return what the table says, in the form that it is written in.

        Raises:
            DefinitionError: The file cannot be read, or the table is not there.
        """
        try:
            document = read_document(self.source.file)
        except Refused as refused:
            raise self._unread(refused) from refused
        return copy.deepcopy(self._raw(document))

    def values(self) -> dict[str, Any]:
        """Return what the table says, in blocks and with the prompt under ``context``."""
        plain = _plain(from_flat(self.table()))
        return plain if isinstance(plain, dict) else {}

    def create(
        self, values: Mapping[str, Any], *, head: str = "", check: Check | None = None
    ) -> None:
        """Write a new table; see `PersonaEntry.create`."""
        with self._open() as (document, finish):
            if self.key in document.table(PERSONAS):
                line, _ = document.place(PERSONAS, self.key)
                raise DefinitionError(
                    f"{self.source.file} has [{PERSONAS}.{self.key}] already, in line {line}. "
                    "Choose another name or delete it."
                )
            new = _writable(values)
            text = put_table(document, (PERSONAS, self.key), new)
            if head:
                before, after = text[: len(document.text)], text[len(document.text) :]
                lead = after[: len(after) - len(after.lstrip())]
                lines = document.newline.join(head.split("\n"))
                text = before + lead + lines + after[len(lead) :]
            finish(text, new, check)

    def create_from(
        self,
        other: PersonaEntry,
        values: Mapping[str, Any],
        unset: Iterable[str] = (),
        *,
        check: Check | None = None,
    ) -> None:
        """Write a copy; of a table in the form that it has."""
        paths, gone = by_path(values), [split_key(key) for key in unset]
        if isinstance(other, TomlEntry):
            self.create(with_values(other.table(), paths, gone, toml=True), check=check)
        else:
            self.create(with_values(other.values(), paths, gone), check=check)

    def delete(self, *, check: Check | None = None) -> None:
        """Take the table out; see `PersonaEntry.delete`."""
        with self._open() as (document, finish):
            self._raw_or_wrong(document)
            finish(drop_table(document, (PERSONAS, self.key)), None, check)

    def _change(
        self,
        values: Mapping[tuple[str, ...], Any],
        unset: Iterable[tuple[str, ...]],
        check: Check | None,
    ) -> bool:
        with self._open() as (document, finish):
            old = self._raw(document)
            new = with_values(old, values, unset, toml=True)
            if same(old, new):
                return False
            place = (PERSONAS, self.key)
            for whole_lists in (False, True):
                text = put_values(document, place, old, new, whole_lists=whole_lists)
                if text is not None:
                    try:
                        finish(text, new, check)
                        return True
                    except _Otherwise:
                        pass
            finish(put_table(document, place, _writable(new)), new, check)
            return True

    @contextmanager
    def _open(self) -> Iterator[tuple[Document, _Finish]]:
        """Lock and read the file; give it with the function that writes it."""
        file = self.source.file
        with locked(file) as real:
            try:
                document, mark = read_for_editing(real) if real.exists() else (Document(""), "")
            except Refused as refused:
                raise self._unread(refused) from refused
            if document.is_inline(PERSONAS):
                raise DefinitionError(
                    f"{PERSONAS} in {file} is written as one value, which is not changed by "
                    f"programs. Write each entry as a table [{PERSONAS}.<name>]."
                )

            def write(text: str) -> None:
                if text != document.text:
                    replace(real, (mark + text).encode())

            try:
                yield document, _Finish(self, document, write)
            except _Otherwise as exc:
                raise DefinitionError(
                    f"{PERSONAS}.{self.key} cannot be written to {file} without changing "
                    f"something else. Write it as a table of its own, [{PERSONAS}.{self.key}]."
                ) from exc

    def _raw(self, document: Document) -> dict[str, Any]:
        raw = self._raw_or_wrong(document)
        if not isinstance(raw, dict):
            raise DefinitionError(
                f"{PERSONAS}.{self.key} in {self.source.file} is no table. Correct it first."
            )
        return raw

    def _raw_or_wrong(self, document: Document) -> object:
        if self.key not in document.table(PERSONAS):
            raise DefinitionError(f"{self.source.file} has no [{PERSONAS}.{self.key}] any more.")
        return document.table(PERSONAS)[self.key]


class _Otherwise(Exception):
    """The text that was made says something else than it should."""


class _Finish:
    """Checks a new text and writes it."""

    def __init__(self, entry: TomlEntry, document: Document, write: Any) -> None:
        self._entry = entry
        self._document = document
        self._write = write

    def __call__(self, text: str, new: Mapping[str, Any] | None, check: Check | None) -> None:
        place = (PERSONAS, self._entry.key)
        try:
            after = Document(text, self._document.newline)
        except Refused as refused:
            raise _Otherwise from refused
        kept = keeps_the_rest(self._document, after, place, there=new is not None)
        if not kept or (new is not None and not same(after.table(PERSONAS)[place[1]], new)):
            raise _Otherwise
        if check is not None:
            check(load_document(after, self._entry.source))
        self._write(text)


def _plain(value: Any) -> Any:
    """Return a value with dates as text, as they are read from TOML too."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else value


def _writable(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return values as TOML can hold them: nothing empty, tables behind everything else.

    Raises:
        DefinitionError: An empty value says something where it stands.
    """
    new: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            new[key] = _writable(value, (*path, key))
        elif value is not None:
            _refuse_null(value, (*path, key))
            new[key] = value
        elif path[:1] == ("options",):
            _refuse_null([None], (*path, key))
    return dict(sorted(new.items(), key=lambda item: isinstance(item[1], dict)))


def _refuse_null(value: object, path: tuple[str, ...]) -> None:
    if isinstance(value, list):
        for inner in value:
            if inner is None:
                raise DefinitionError(
                    f"{'.'.join(path)} holds an empty value, and TOML has no form for that. "
                    "Use Markdown, or remove it."
                )
            _refuse_null(inner, path)
    elif isinstance(value, Mapping):
        _writable(value, ("options", *path))
