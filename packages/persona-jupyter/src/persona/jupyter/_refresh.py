"""Apply to the personas in use what changed in their definitions, block by block."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field

from persona.core import (
    BasePersona,
    EngineError,
    EngineRegistry,
    PersonaDefinition,
    PersonaEngine,
)
from persona.jupyter._last_good import LiveView


@dataclass(slots=True)
class Refreshed:
    """What a refresh found."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    total: int = 0
    broken: int = 0
    kept: int = 0
    refused: int = 0


def compare(before: LiveView, after: LiveView) -> Refreshed:
    """Return what is different; may take long if there are many personas."""
    old, new = before.personas, after.personas
    result = Refreshed(broken=len(after.broken), kept=len(after.kept), refused=len(after.refused))
    result.total = len(new) - result.refused
    was = {now: name for name, now in after.renamed.items() if name in old and now not in old}
    gone = old.keys() - new.keys() - set(was.values())
    result.renamed = {
        old[former].identity.name: new[slug].identity.name
        for slug, former in was.items()
        if slug in new
    }
    result.added = [d.identity.name for slug, d in new.items() if slug not in {*old, *was}]
    result.removed = [d.identity.name for slug, d in old.items() if slug in gone]
    for slug, definition in new.items():
        known = old.get(was.get(slug, slug))
        if known is not None and (changed := changed_blocks(known, definition)):
            result.changed[definition.identity.name] = changed
    return result


async def apply_changes(
    before: LiveView,
    after: LiveView,
    personas: MutableMapping[str, BasePersona],
    used: MutableMapping[str, PersonaDefinition],
    registry: EngineRegistry,
    release: Callable[[BasePersona], Awaitable[None]],
) -> Refreshed:
    """Bring ``personas`` from ``before`` to ``after``.

    Only blocks whose definition changed are replaced; the rest keeps running. A new
    engine that cannot be made leaves the persona as it was. One whose definition was
    renamed goes on under its new name.

    Args:
        before: The definitions until now.
        after: The definitions from now on.
        personas: The personas in use, by short name; those that are gone or
            may not answer any more are taken out.
        used: The definition that each of them was made from; kept up to date.
        registry: Engines.
        release: What is done with a persona that is gone.

    Returns:
        What changed in the personas in use, and what failed.
    """
    result = Refreshed()
    here = after.personas.keys() - after.refused.keys() - after.untrusted.keys()
    for old, slug in after.renamed.items():
        if old in personas and slug in here and slug not in personas:
            personas[slug], used[slug] = personas.pop(old), used.pop(old)
    gone = [personas.pop(slug) for slug in [s for s in personas if s not in here]]
    for persona in gone:
        used.pop(persona.slug, None)
    for slug, persona in personas.items():
        definition = after.personas[slug]
        name = definition.identity.name
        persona.rename(slug, after.former_names(slug))
        changed = changed_blocks(used[slug], definition)
        if changed and persona.engine.id != definition.engine:
            if "engine" not in changed:  # it could not start with the blocks that it had before
                changed.insert(0, "engine")
        elif "engine" in changed:  # another could not start, and this one has gone on
            changed.remove("engine")
        if "identity" not in changed and not after.has_same_files(before, slug):
            changed.append("identity")
        try:
            _apply(persona, definition, changed, registry)
        except EngineError as exc:
            result.failed[name] = str(exc)
            continue
        used[slug] = definition
        if changed:
            result.changed[name] = changed
    for persona in gone:
        await release(persona)
    return result


def changed_blocks(old: PersonaDefinition, new: PersonaDefinition) -> list[str]:
    """Return the names of the blocks in which two definitions differ."""
    if old is new:
        return []
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
    if old.code != new.code:
        blocks.append("code")
    return blocks


def _apply(
    persona: BasePersona,
    definition: PersonaDefinition,
    changed: list[str],
    registry: EngineRegistry,
) -> None:
    if "code" in changed:
        persona.update_code(definition.code)
    anew = "code" in changed and persona.engine.runs_code
    if "engine" in changed or anew:  # first: it is the one that can fail
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
