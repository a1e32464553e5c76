"""Apply to the personas in use what changed in their definitions, block by block."""

from __future__ import annotations

from collections.abc import MutableMapping

from persona.core import (
    BasePersona,
    CatalogView,
    EngineError,
    EngineRegistry,
    PersonaDefinition,
    PersonaEngine,
)
from persona.jupyter._notices import Refreshed


async def apply_changes(
    before: CatalogView,
    after: CatalogView,
    personas: MutableMapping[str, BasePersona],
    used: MutableMapping[str, PersonaDefinition],
    registry: EngineRegistry,
) -> Refreshed:
    """Bring ``personas`` from ``before`` to ``after``.

    Only blocks whose definition changed are replaced; the rest keeps running. A new
    engine that cannot be made leaves the persona as it was.

    Args:
        before: The definitions until now.
        after: The definitions from now on.
        personas: The personas in use, by short name; those that are gone are taken out.
        used: The definition that each of them was made from; kept up to date.
        registry: Engines.
    """
    old, new = before.personas, after.personas
    result = Refreshed(total=len(new), broken=len(after.broken))
    result.added = [d.identity.name for slug, d in new.items() if slug not in old]
    result.removed = [d.identity.name for slug, d in old.items() if slug not in new]
    for slug in [s for s in personas if s not in new]:
        used.pop(slug, None)
        await personas.pop(slug).shutdown()
    for slug, definition in new.items():
        changed = changed_blocks(old[slug], definition) if slug in old else []
        if slug in personas:
            changed = changed_blocks(used[slug], definition)
            try:
                _apply(personas[slug], definition, changed, registry)
            except EngineError as exc:
                result.failed[definition.identity.name] = str(exc)
                continue
            used[slug] = definition
        if changed:
            result.changed[definition.identity.name] = changed
    return result


def changed_blocks(old: PersonaDefinition, new: PersonaDefinition) -> list[str]:
    """Return the names of the blocks in which two definitions differ."""
    blocks = [
        name
        for name in ("engine", "model", "identity", "options")
        if getattr(old, name) != getattr(new, name)
    ]
    if (
        old.avatar_folders != new.avatar_folders
        and new.identity.avatar
        and "identity" not in blocks
    ):
        blocks.append("identity")
    if old.resolved_context() != new.resolved_context():
        blocks.append("context")
    return blocks


def _apply(
    persona: BasePersona,
    definition: PersonaDefinition,
    changed: list[str],
    registry: EngineRegistry,
) -> None:
    if "engine" in changed:  # first: it is the one that can fail
        persona.update_engine(
            PersonaEngine.from_id(definition.engine, registry=registry, parent=persona.parent)
        )
    if "model" in changed:
        persona.update_model(definition.model)
    if "context" in changed:
        persona.update_context(definition.resolved_context())
    if "options" in changed:
        persona.update_options(definition.options)
    if "identity" in changed:
        persona.update_identity(definition.identity, definition.avatar_folders)
