"""What the personas of a chat honour and what they miss, by their engines."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from persona.core import (
    BasePersona,
    EngineError,
    EngineRegistry,
    EngineSupport,
    PersonaDefinition,
    Requirement,
)

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

    from persona.jupyter._last_good import LiveView

_NO_CHAT = cast("BaseChatModel", None)
"""A persona that is only looked at touches no chat."""


async def supports(
    view: LiveView,
    registry: EngineRegistry,
    root: Path,
    live: Mapping[str, BasePersona],
) -> dict[str, EngineSupport]:
    """Ask the engine of every persona that may answer; starts nothing.

    Args:
        view: The definitions.
        registry: The engines.
        root: The server's root folder.
        live: The personas in use.
    """
    # What only names programs may be asked for: nothing is started. Code of its own is not run.
    own = {slug for slug in view.untrusted if view.personas[slug].code is not None}
    here = view.personas.keys() - own
    found = {slug: _ask(persona) for slug, persona in live.items() if slug in here}
    known = found.keys() | view.refused.keys() | own
    others = {slug: d for slug, d in view.personas.items() if slug not in known}

    def look() -> dict[str, EngineSupport]:
        return {slug: support_of(d, registry, root) for slug, d in others.items()}

    # It imports the engines' packages.
    return {**found, **await asyncio.to_thread(look)}


def support_of(
    definition: PersonaDefinition, registry: EngineRegistry, root: Path
) -> EngineSupport:
    """Ask the engine of a persona that is not in use; imports it and starts nothing."""
    try:
        persona = BasePersona.from_definition(
            definition, ychat=_NO_CHAT, registry=registry, root_dir=root
        )
    except EngineError as exc:
        return EngineSupport(missing=(Requirement(exc.summary, exc.fix),))
    return _ask(persona)


def _ask(persona: BasePersona) -> EngineSupport:
    try:
        return persona.engine.support()
    except Exception as exc:  # boundary: a plugin's engine may raise anything
        why = f"Its engine failed: {type(exc).__name__}: {exc}"
        return EngineSupport(missing=(Requirement(why, "Look at the server's log."),))
