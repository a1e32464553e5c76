"""Values, definitions and tables as TOML text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.items import Item

from persona.core import DefinitionError, PersonaDefinition
from persona.loaders._profile import shown_name

_FLAT_ORDER = (
    "formerly", "engine", "enabled", "preferred_models", "model", "models", "system_prompt",
    "tool_preset", "bias_profile", "context_preset", "aggregation_strategy",
)  # fmt: skip
_WIDE = 88


def table_of(
    definition: PersonaDefinition, *, flat_models: bool = True, flat_prompt: bool = True
) -> dict[str, Any]:
    """Return the table that a definition is written as.

    Args:
        definition: The definition.
        flat_models: Whether to prefer ``preferred_models`` to the blocks.
        flat_prompt: Whether to put the prompt beside the blocks, not into the context.
    """
    data = definition.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    models = [m for m in (definition.model, *definition.models) if m is not None]
    # Without a provider or a temperature the flat form would mean something else.
    fitting = all(
        m.provider and m.model and m.temperature is not None and m.top_p is not None for m in models
    )
    if definition.model is not None and flat_models and fitting:
        data["preferred_models"] = [
            {k: v for k, v in entry.items() if v is not None and (k, v) != ("top_p", 1.0)}
            for entry in definition.preferred_models
        ]
        data.pop("model")
        data.pop("models", None)
    elif definition.model is not None and not definition.model.model_id:
        del data["model"]["model_id"]  # left to the persona that it builds on
    prompt = definition.context.system_prompt
    if flat_prompt and prompt is not None:
        data["system_prompt"] = prompt
        data["context"].pop("system_prompt")
        if not data["context"]:
            del data["context"]
    if data["identity"] == {"name": shown_name(definition.key, definition.name)}:
        del data["identity"]
    order = {key: number for number, key in enumerate(_FLAT_ORDER)}
    return dict(sorted(data.items(), key=lambda item: order.get(item[0], len(order))))


def table_text(path: tuple[str, str], table: Mapping[str, Any]) -> str:
    """Return an entry as text, with its blocks under headers of their own.

    Raises:
        DefinitionError: It holds a value that TOML has no form for.
    """
    outer, entry = tomlkit.table(is_super_table=True), tomlkit.table()
    for key, value in table.items():
        entry.add(key, item(value))
    outer.add(path[1], entry)
    document = tomlkit.document()
    document.add(path[0], outer)
    return document.as_string()


def item(value: object) -> Item:
    """Return a value in the form that it is written in: a mapping as a table.

    Raises:
        DefinitionError: TOML has no form for it.
    """
    if isinstance(value, Mapping) and value:
        table = tomlkit.table()
        for key, inner in value.items():
            table.add(key, _value(inner))
        return table
    return _value(value)


def inline(value: object) -> Item:
    """Return a value in a form that stands on one line.

    Raises:
        DefinitionError: TOML has no form for it.
    """
    return _value(value, inline=True)


def same(one: object, other: object) -> bool:
    """Whether two values are written alike; 1 and true are not."""
    return one == other and repr(one) == repr(other)


def _value(value: object, *, inline: bool = False) -> Item:
    """Return a value that stands behind an equals sign; ``inline``: on one line."""
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for key, inner in value.items():
            table.add(key, _value(inner, inline=True))
        return table
    if isinstance(value, list | tuple):
        items = tomlkit.array()
        for inner in value:
            items.append(_value(inner, inline=True))
        tables = any(isinstance(inner, Mapping) for inner in value)
        if not inline and (tables or len(items.as_string()) > _WIDE):
            items.multiline(multiline=True)
        return items
    if isinstance(value, str):
        return _text(value, inline=inline)
    try:
        return tomlkit.item(value)
    except ValueError as exc:
        raise DefinitionError(f"TOML has no form for {value!r}. Remove it.") from exc


def _text(value: str, *, inline: bool) -> Item:
    try:
        value.encode()
    except UnicodeEncodeError as exc:
        raise DefinitionError(
            f"{value[:40]!r} holds a character that no file can hold. Remove it."
        ) from exc
    if inline or "\n" not in value or "\r" in value:
        return tomlkit.string(value)
    written = tomlkit.string(value, multiline=True).as_string()
    if value.startswith("\n"):
        return tomlkit.value(written)
    # The first line of the text starts on a line of its own.
    return tomlkit.value('"""\n' + written[3:])
