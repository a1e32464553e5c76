"""The Markdown personas of one folder: load, make, change, rename, copy, delete."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from persona.core import (
    DefinitionChanged,
    DefinitionError,
    Diagnostic,
    LoadResult,
    PersonaDefinition,
    Scope,
    own_folder,
)
from persona.loaders._entry import by_path
from persona.loaders._files import replace
from persona.loaders._keys import said, same, split_key
from persona.loaders._markdown_differences import differences, renamed, says
from persona.loaders._markdown_entry import MarkdownEntry, locked_markdown
from persona.loaders._markdown_folder import MarkdownFolder
from persona.loaders._markdown_write import (
    definition_values,
    load_content,
    values_of,
    with_other_values,
)
from persona.loaders._report import Refused
from persona.loaders._text import read_bytes


class MarkdownPersonaStore:
    """The Markdown personas of a folder ``personas``, single files and folders.

    A value that this store has read is not overwritten if somebody else changed it since;
    other values of the same file never stand in the way. Saving reads the file again under
    a lock, so several processes can save to one file. Blocking: call it off the event loop.

    Args:
        folder: The folder; need not exist.
        scope: What its files belong to.
        root: Folder that relative paths may be relative to besides the file's own; by default
            the one that holds ``.jupyter/personas``, else ``folder``.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        scope: Scope = Scope.PROJECT,
        root: Path | str | None = None,
    ) -> None:
        self.folder = Path(folder).absolute()
        self.scope = scope
        inside = self.folder.parent.name == ".jupyter" and scope is Scope.PROJECT
        implied = self.folder.parent.parent if inside else self.folder
        self.root = implied if root is None else Path(root)
        self._files = MarkdownFolder(self.folder, self.scope, self.root)
        self._seen: dict[Path, bytes] = {}

    def load_definitions(self) -> dict[str, PersonaDefinition]:
        """Return the personas by short name.

        What cannot be read is left out; `check` tells why. Of two files with one name the
        first by path counts.
        """
        found: dict[str, PersonaDefinition] = {}
        for file, content, result in self._files.results():
            self._seen[file] = content
            for definition in result.definitions:
                found.setdefault(definition.name, definition)
        return found

    def check(self) -> tuple[Diagnostic, ...]:
        """Return what is wrong with the files."""
        return self._files.check()

    def path(self, name: str) -> Path | None:
        """Return the file of a persona, or None if there is none."""
        return self._files.path(name)

    def new_path(self, name: str, *, own_folder: bool = False) -> Path:
        """Return the file that a new persona gets.

        Raises:
            DefinitionError: The name is no short name.
        """
        return self._files.new_path(name, own_folder=own_folder)

    def create(self, definition: PersonaDefinition, *, own_folder: bool = False) -> Path:
        """Write a new persona.

        Returns:
            The file.

        Raises:
            DefinitionError: There is one of that name, or it cannot be written.
            OSError: It cannot be written.
        """
        other = self.path(definition.name)
        if other is not None:
            raise DefinitionError(f"{other} defines a persona {definition.name!r} already.")
        file = self.new_path(definition.name, own_folder=own_folder)
        entry = MarkdownEntry(self._files.source(file))
        entry.create(definition_values(definition), check=says(definition))
        self._seen[file] = entry.content()
        return file

    def save_persona(self, definition: PersonaDefinition) -> Path:
        """Add a persona, or change the one of its name: only the values that differ.

        Returns:
            The file.

        Raises:
            DefinitionChanged: Somebody else changed one of these values since it was read.
            DefinitionError: The persona or the file is not right; nothing was written.
            OSError: The file cannot be written.
        """
        file = self.path(definition.name)
        if file is None:
            return self.create(definition)
        content = self._seen.get(file)
        result = load_content(
            self._files.source(file), read_bytes(file) if content is None else content
        )
        before = result.definitions[0]
        values, unset = differences(before, definition)
        if values or unset:
            self._save(file, values, unset, definition.name)
        return file

    def set_values(self, name: str, values: Mapping[str, Any], unset: Iterable[str] = ()) -> Path:
        """Set and take out values of a persona by dotted keys: ``{"model.temperature": 0.2}``.

        Returns:
            The file.

        Raises:
            DefinitionChanged: Somebody else changed one of these values since it was read.
            DefinitionError: There is no such persona, or it would be broken by that; nothing
                was written.
            OSError: The file cannot be written.
        """
        file = self._existing(name)
        self._save(file, by_path(values), [split_key(key) for key in unset], name)
        return file

    def delete_persona(self, name: str) -> None:
        """Delete the file of a persona. Nothing happens if there is none.

        Other files of a folder of its own stay; a folder that is empty then is removed.

        Raises:
            DefinitionChanged: Somebody else changed the file since it was read.
            OSError: It cannot be deleted.
        """
        file = self.path(name)
        if file is None:
            return

        def unchanged(_: LoadResult) -> None:
            if file in self._seen and read_bytes(file) != self._seen[file]:
                raise _changed(file, name, "The file")

        MarkdownEntry(self._files.source(file)).delete(check=unchanged)
        self._seen.pop(file, None)

    def copy_persona(self, name: str, new: str) -> Path:
        """Write a persona once more under another name, comments included.

        The copy lies beside the original, so relative paths stay as they are; a folder of its
        own is copied whole. The shown name is made from the new one.

        Returns:
            The new file.

        Raises:
            DefinitionError: There is no such persona, or one of the new name already.
            OSError: It cannot be written.
        """
        file = self._existing(name)
        other = self.path(new)
        if other is not None:
            raise DefinitionError(f"{other} defines a persona {new!r} already.")
        own = own_folder(file) is not None
        target = self.new_path(new, own_folder=own)
        content = renamed(read_bytes(file), new)
        if own:
            if target.parent.exists():
                raise DefinitionError(f"{target.parent} is there already. Choose another name.")
            others = shutil.ignore_patterns(file.name, f".{file.name}.*")
            shutil.copytree(file.parent, target.parent, symlinks=True, ignore=others)
        MarkdownEntry(self._files.source(target)).create_content(content)
        self._seen[target] = content
        return target

    def rename_persona(self, name: str, new: str) -> Path:
        """Give a persona, and its folder if it has one of its own, another short name.

        Returns:
            The file, where it is then.

        Raises:
            DefinitionError: There is no such persona, or one of the new name already.
            OSError: It cannot be written.
        """
        file = self._existing(name)
        own = own_folder(file) is not None
        target = self.new_path(new, own_folder=own)
        with locked_markdown(file) as real:
            other = self.path(new)
            if other is not None or target.exists() or (own and target.parent.exists()):
                raise DefinitionError(
                    f"{other or target} is there already. Choose another name or delete it."
                )
            content = read_bytes(real)
            if "name" in values_of(content):
                replace(real, with_other_values(content, {("name",): new}))
            if own:
                file.parent.rename(target.parent)
                (target.parent / file.name).rename(target)
            else:
                file.rename(target)
        self._seen.pop(file, None)
        self._seen[target] = read_bytes(target)
        return target

    # -- one file --------------------------------------------------------------

    def _save(
        self,
        file: Path,
        values: Mapping[tuple[str, ...], Any],
        unset: Iterable[tuple[str, ...]],
        name: str,
    ) -> None:
        unset = list(unset)
        with locked_markdown(file) as real:
            try:
                content = read_bytes(real)
                now = values_of(content)
                seen = values_of(self._seen.get(file, content))
                for path in (*values, *unset):
                    if not same(said(seen, path), said(now, path)):
                        raise _changed(file, name, ".".join(path))
                # Somebody else may have taken it out already: that was the only change.
                gone = [path for path in unset if said(now, path) is not None]
                after = with_other_values(content, values, gone)
            except Refused as refused:
                raise DefinitionError(
                    f"{file} is left as it is, because it cannot be read. {refused.message} "
                    f"{refused.fix}"
                ) from refused
            result = load_content(self._files.source(file), after)
            if not result.definitions:
                raise DefinitionError(
                    f"{file} would be broken by that. {result.diagnostics[0]}", result.diagnostics
                )
            if after != content:
                replace(real, after)
            self._seen[file] = after

    def _existing(self, name: str) -> Path:
        file = self.path(name)
        if file is None:
            raise DefinitionError(f"There is no persona {name!r} in {self.folder}.")
        return file


def _changed(file: Path, name: str, what: str) -> DefinitionChanged:
    return DefinitionChanged(
        f"{what} in {file} was changed by somebody else since it was read. Load again, put your "
        "changes into what is there now, and save once more.",
        file=file,
        name=name,
    )
