"""What only running a file tells of its persona: name, picture, prompt that are computed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from persona.core import (
    CodeReference,
    EngineRegistry,
    PersonaDefaults,
    PersonaDefinition,
    TurnError,
)
from persona.loaders.python._author import BasePersona
from persona.loaders.python._defaults import defaults_of
from persona.loaders.python._store import ModuleStore

_PATIENCE = 5.0


async def complete(definition: PersonaDefinition, registry: EngineRegistry) -> PersonaDefinition:
    """Return a definition with what could not be read, found by importing its file.

    Called when a chat opens, only for what is trusted. What fails changes nothing: it is
    told when the persona is used.

    Args:
        definition: As it was read.
        registry: Keeps the modules.
    """
    code = definition.code
    if code is None or code.complete or code.kind != "persona":
        return definition
    store = registry.shared(ModuleStore, ModuleStore)
    try:
        module = await store.imported(code, _PATIENCE)
        async with asyncio.timeout(_PATIENCE):
            said = await asyncio.to_thread(_said, getattr(module, code.qualname, None))
    except asyncio.CancelledError:
        raise
    except BaseException:  # boundary: a plugin may raise anything; told when it is used
        return definition
    return definition if said is None else _filled(definition, said, code)


def _said(cls: Any) -> PersonaDefaults | None:
    """Return the defaults of a class, of an object that was never set up."""
    if not isinstance(cls, type) or not issubclass(cls, BasePersona):
        return None
    try:
        return defaults_of(cls.__new__(cls))
    except TurnError:
        return None


def _filled(
    definition: PersonaDefinition, said: PersonaDefaults, code: CodeReference
) -> PersonaDefinition:
    """Return the definition with what its file did not say plainly."""
    identity, context = definition.identity, definition.context
    changes: dict[str, Any] = {}
    name = " ".join(said.name.split())[:80]
    if "identity.name" in definition.implied and name:
        changes["name"] = name
    if said.description and not identity.description:
        changes["description"] = " ".join(said.description.split())
    avatar = picture(said.avatar_path, code)
    if avatar and not identity.avatar:
        changes["avatar"] = avatar
    update: dict[str, Any] = {}
    if changes:
        update["identity"] = identity.model_copy(update=changes)
    if said.system_prompt.strip() and context.system_prompt is None:
        update["context"] = context.model_copy(update={"system_prompt": said.system_prompt.strip()})
    return definition.model_copy(update=update) if update else definition


def picture(path: str, code: CodeReference) -> str | None:
    """Return an avatar's path relative to the file's folder, if it lies there."""
    if not path:
        return None
    folder = code.file.parent.resolve()
    file = Path(folder, path).resolve()
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else None
