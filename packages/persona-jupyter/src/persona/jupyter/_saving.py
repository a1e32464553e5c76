"""Writes what was changed in a chat into the persona's file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from persona.core import (
    ChangeError,
    DefinitionError,
    PersonaDefinition,
    Scope,
    Source,
    level_for_new,
)
from persona.jupyter._notices import shown_path

if TYPE_CHECKING:
    from persona.jupyter._manager import PersonaManager

_OWN = (Scope.PROJECT, Scope.USER)
"""Scopes that are the user's own; the others are an administrator's or a package's."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved.

    Attributes:
        name: The persona's name.
        file: The file, as people read it.
        made: Whether the file is new.
        missing: What could not be written, as it was not known here.
    """

    name: str
    file: str
    made: bool
    missing: tuple[str, ...] = ()


async def save_changes(manager: PersonaManager, slug: str, where: str = "") -> Saved:
    """Write the changes of a persona into its file; the chat keeps none of them then.

    A definition that is not the user's own is left as it is: a new one that builds on it
    is made in the project.

    Args:
        manager: The chat's manager.
        slug: Short name.
        where: ``project`` or ``user``; empty for where the definition is.

    Raises:
        ChangeError: There is nothing to save, or the file cannot be written so.
    """
    if where not in ("", *_OWN):
        raise ChangeError(f"{where[:40]!r} is no place to save to. Write `project` or `user`.")
    definition = manager.personas.files.personas.get(slug)
    changes = manager.personas.changes.of(slug)
    if definition is None or not changes:
        raise ChangeError("There is nothing to save: it is as its file says.")
    scope = Scope(where) if where else _scope_of(definition)
    if definition.source and definition.source.scope is Scope.PROJECT and scope is Scope.USER:
        raise ChangeError("The project's file of that name would hide it. Save it there.")
    try:
        if definition.source is not None and definition.source.scope is scope:
            source, made = definition.source, False
            await asyncio.to_thread(_change, definition, source, changes)
        else:
            source, made = _new_source(manager, slug, scope), True
            await asyncio.to_thread(_extend, definition, source, changes)
    except (DefinitionError, OSError) as exc:
        raise ChangeError(str(exc)) from exc

    async def forget() -> None:
        manager.personas.changes.reset(slug)

    # First the file: the persona must not be for a moment as it was before.
    await manager.reload()
    await manager.personas.change(forget)
    return Saved(definition.identity.name, shown_path(source.file, manager.root_dir), made)


def _scope_of(definition: PersonaDefinition) -> Scope:
    scope = definition.source.scope if definition.source else Scope.PROJECT
    return scope if scope in _OWN else Scope.PROJECT


def _new_source(manager: PersonaManager, slug: str, scope: Scope) -> Source:
    level = level_for_new(manager.levels(), scope)
    if level is None:
        raise ChangeError("This folder is no project of its own. Write `/save @Name user`.")
    return Source(level.folder / f"{slug}.persona.md", level.scope, level.root)


def _change(definition: PersonaDefinition, source: Source, changes: Mapping[str, Any]) -> None:
    from persona.loaders import open_entry

    values = {path: value for path, value in changes.items() if value is not None}
    unset = [path for path, value in changes.items() if value is None]
    open_entry(source, definition.key).change(values, unset)


def _extend(definition: PersonaDefinition, source: Source, changes: Mapping[str, Any]) -> None:
    from persona.loaders import open_entry

    if source.file.exists():
        raise DefinitionError(f"{source.file} exists already.")
    far = definition.source
    base = f"{far.scope.value}:{definition.name}" if far else definition.name
    entry = open_entry(source)
    entry.create({"extends": base})
    values = {path: value for path, value in changes.items() if value is not None}
    entry.change(values)
