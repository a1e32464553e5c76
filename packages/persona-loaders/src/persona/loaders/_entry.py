"""One definition in its file, to be made, changed or deleted.

What is written is worked out under the file's lock from what stands there at that moment,
so nothing of what others wrote is lost. Blocking: call it off the event loop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from persona.core import DefinitionError, LoadResult, Source
from persona.loaders._keys import split_key
from persona.loaders._markdown import MARKDOWN
from persona.loaders._report import Refused, Report
from persona.loaders._toml import TOML

Check = Callable[[LoadResult], None]
"""Called with what the file will give, before anything is written; raises to refuse it."""


class PersonaEntry(ABC):
    """One definition in its file.

    Attributes:
        source: The file; need not exist.
        key: The name in the file, for files of several.
    """

    format: str

    def __init__(self, source: Source, key: str = "") -> None:
        self.source = source
        self.key = key

    @abstractmethod
    def values(self) -> dict[str, Any]:
        """Return what the file says, with the prompt under ``context``.

        Raises:
            DefinitionError: The file cannot be read.
        """

    def change(
        self,
        values: Mapping[str, Any],
        unset: Iterable[str] = (),
        *,
        check: Check | None = None,
    ) -> bool:
        """Set and take out values by dotted keys, ``model.temperature`` for example.

        Comments, order, quotes and whatever else stands in the file stay.

        Returns:
            Whether the file changed.

        Raises:
            DefinitionError: It cannot be read, or cannot be changed so; nothing was written.
            OSError: It cannot be written.
        """
        return self._change(by_path(values), [split_key(key) for key in unset], check)

    @abstractmethod
    def create(
        self, values: Mapping[str, Any], *, head: str = "", check: Check | None = None
    ) -> None:
        """Write a new definition.

        Args:
            values: What it says, in the form of `values`.
            head: Comment lines for its start.
            check: See `Check`.

        Raises:
            DefinitionError: There is one already, or it cannot be written so.
            OSError: It cannot be written.
        """

    @abstractmethod
    def create_from(
        self,
        other: PersonaEntry,
        values: Mapping[str, Any],
        unset: Iterable[str] = (),
        *,
        check: Check | None = None,
    ) -> None:
        """Write a copy of another definition, of either format, with other values.

        Two files of one format share comments and forms too.

        Args:
            other: What to copy.
            values: New values by dotted keys.
            unset: Dotted keys of values to leave out.
            check: See `Check`.

        Raises:
            DefinitionError: There is one already, or it cannot be written so.
            OSError: It cannot be written.
        """

    @abstractmethod
    def delete(self, *, check: Check | None = None) -> None:
        """Take the definition out. Nothing else of the user is touched.

        Raises:
            DefinitionError: The file cannot be read, or the definition is not there.
            OSError: It cannot be written.
        """

    @abstractmethod
    def _change(
        self,
        values: Mapping[tuple[str, ...], Any],
        unset: Iterable[tuple[str, ...]],
        check: Check | None,
    ) -> bool: ...

    def _unread(self, refused: Refused) -> DefinitionError:
        report = Report(self.source.file, toml=self.format == "toml")
        report.refuse(refused)
        return DefinitionError(
            f"{self.source.file} is left as it is, because it cannot be read. "
            f"{report.diagnostics[0]}",
            report.diagnostics,
        )


def by_path(values: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """Return values with their dotted keys split.

    Raises:
        DefinitionError: One is no key.
    """
    return {split_key(key): value for key, value in values.items()}


def open_entry(source: Source, key: str = "") -> PersonaEntry:
    """Return the definition of a file, by the file's name.

    Args:
        source: The file; need not exist.
        key: The name in it (`PersonaDefinition.key`), for files of several.

    Raises:
        DefinitionError: Files of its kind cannot be changed here.
    """
    if MARKDOWN.claims(source.file.name):
        from persona.loaders._markdown_entry import MarkdownEntry

        return MarkdownEntry(source)
    if TOML.claims(source.file.name):
        from persona.loaders._toml_entry import TomlEntry

        return TomlEntry(source, key)
    raise DefinitionError(
        f"{source.file} is neither a Markdown nor a TOML file, so only an editor can change it."
    )
