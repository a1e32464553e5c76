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
    value_at,
)
from persona.jupyter._whereabouts import shown_path

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
        dropped: Options that were taken out, as the engine that it has now does not take them.
    """

    name: str
    file: str
    made: bool
    missing: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


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
    left = (await manager.personas.preview(slug, changes)).left
    resting = [f"options.{key}" for key in left]
    changes = {p: v for p, v in changes.items() if not any(_lies_at(p, rest) for rest in resting)}
    if not changes:
        raise ChangeError(f"There is nothing to save: its engine does not take {', '.join(left)}.")
    moved = "engine" in changes
    dropped = [path for path in resting if moved and value_at(definition, path) is not None]
    changes |= dict.fromkeys(dropped)  # with them its engine would refuse the file
    scope = Scope(where) if where else _scope_of(definition)
    if definition.source and definition.source.scope is Scope.PROJECT and scope is Scope.USER:
        raise ChangeError("The project's file of that name would hide it. Save it there.")
    waited = await manager.trust.look(slug)
    try:
        if definition.source is not None and definition.source.scope is scope:
            source, made = definition.source, False
            await asyncio.to_thread(_change, definition, source, changes)
        else:
            source, made = _new_source(manager, slug, scope), True
            await asyncio.to_thread(_extend, definition, source, changes)
    except (DefinitionError, OSError) as exc:
        # Where the server's folder lies is not for the chat, which others read.
        raise ChangeError(str(exc).replace(f"{manager.root_dir}/", "")) from exc

    async def forget() -> None:
        # What somebody has changed meanwhile is not in the file.
        own = manager.personas.changes.of(slug)
        kept = {p: v for p, v in own.items() if p not in changes or changes[p] != v}
        manager.personas.changes.put(slug, kept)

    # First the file: the persona must not be for a moment as it was before.
    await manager.reload()
    if waited is None:
        await manager.trust.written(slug)
    await manager.personas.change(forget)
    now = manager.view.personas.get(slug, definition)
    return Saved(
        now.identity.name,
        shown_path(source.file, manager.root_dir),
        made,
        dropped=tuple(path.removeprefix("options.") for path in dropped),
    )


def _lies_at(path: str, top: str) -> bool:
    return path == top or path.startswith(f"{top}.")


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

    unset = [path for path, value in changes.items() if value is None]
    if unset:
        raise DefinitionError(
            f"{', '.join(unset)}: a file that builds on another cannot take that out. "
            "Set it to another value, or reset it."
        )
    if source.file.exists():
        raise DefinitionError(f"{source.file} exists already.")
    far = definition.source
    base = f"{far.scope.value}:{definition.name}" if far else definition.name
    entry = open_entry(source)
    entry.create({"extends": base})
    entry.change(changes)
