"""What can be chosen for a persona: engines, models, modes, options."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from persona.core import CODE_ENGINE, ConfigValue, EngineError, looks_secret, value_at

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from persona.jupyter._manager import PersonaManager

_BY_CATEGORY: Mapping[str, str] = MappingProxyType({"mode": "mode", "thought_level": "effort"})
"""Options by the categories of settings that ACP has."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of an engine.

    Attributes:
        key: Its key.
        value: What it is set to, or None.
        changed: Whether that was said in this chat.
        description: One line.
        choices: The values that it can have, if they are known.
        names: What people read for a choice, where that is not the choice itself.
    """

    key: str
    value: Any = None
    changed: bool = False
    description: str = ""
    choices: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


def engines_here(manager: PersonaManager, slug: str | None = None) -> dict[str, str]:
    """Return the engines that a persona may use, each with its package; imports none."""
    entries = manager.registry.entries.values()
    policy = manager.policy
    found = {e.id: e.distribution for e in entries if not e.broken and policy.allows_engine(e.id)}
    definition = manager.view.personas.get(slug or "")
    if definition is None or definition.code is None:
        found.pop(CODE_ENGINE, None)
    return found


def models_here(manager: PersonaManager, slug: str) -> list[str]:
    """Return models that are known: the persona's own, its agent's, and those of others."""
    view = manager.view
    own = view.personas[slug]
    said = [own.model, *own.models]
    for definition in view.personas.values():
        if definition.engine == own.engine:
            said += [definition.model, *definition.models]
    names = [model.model_id for model in said if model is not None]
    for setting in _settings(manager, slug, "model"):
        names += [choice for choice, _ in setting.choices]
    return [name for name in dict.fromkeys(names) if manager.policy.allows_model(name)]


def modes_of(manager: PersonaManager, slug: str) -> dict[str, str]:
    """Return the modes that the persona's agent has told of: id → name shown."""
    found: dict[str, str] = {}
    for setting in _settings(manager, slug, "mode"):
        found |= dict(setting.choices)
    return found


async def options_of(manager: PersonaManager, slug: str) -> list[Option]:
    """Return the options of a persona and those that its engine knows; may import it.

    Secrets are left out: they do not belong into a chat.
    """
    definition = manager.view.personas[slug]
    changed = manager.personas.changes.of(slug)
    model = await asyncio.to_thread(_options_model, manager, definition.engine)
    fields = {} if model is None else model.model_fields
    told = {_key_of(setting, fields): setting for setting in _settings(manager, slug)}
    keys = dict.fromkeys([*fields, *definition.options, *(key for key in told if key)])
    rows: list[Option] = []
    for key in keys:
        if looks_secret(key, "x" * 8):
            continue
        known, setting = fields.get(key), told.get(key)
        set_here = value_at(definition, f"options.{key}")
        value = setting.value if set_here is None and setting is not None else set_here
        said = (known.description if known else setting and setting.name) or ""
        names = dict(setting.choices) if setting else {}
        choices = tuple(names) if setting else _literals(known)
        path = f"options.{key}"
        was = any(own == path or own.startswith(f"{path}.") for own in changed)
        rows.append(Option(key, value, was, said, choices, names))
    return rows


def _key_of(setting: ConfigValue, fields: Mapping[str, object]) -> str:
    """Return the option that sets a setting of the agent; empty if none does."""
    for key in (setting.id, _BY_CATEGORY.get(setting.category or "", "")):
        if key in fields:
            return key
    settable = "config" in fields and "model" not in (setting.category, setting.id)
    return f"config.{setting.id}" if settable else ""


def _literals(field: FieldInfo | None) -> tuple[str, ...]:
    kind = field.annotation if field is not None else None
    return tuple(map(str, get_args(kind))) if get_origin(kind) is Literal else ()


def _options_model(manager: PersonaManager, engine: str) -> type[BaseModel] | None:
    try:
        return manager.registry.load(engine).options_model
    except EngineError:
        return None


def _settings(manager: PersonaManager, slug: str, category: str | None = None) -> list[ConfigValue]:
    persona = manager.personas.live.get(slug)
    if persona is None:
        return []
    config = persona.session_info.config
    return [c for c in config if category is None or c.category == category or c.id == category]
