"""Values, definitions and tables as TOML text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from persona.core import DefinitionError, PersonaDefinition
from persona.loaders._profile import shown_name

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_FLAT_ORDER = (
    "engine", "enabled", "preferred_models", "model", "models", "system_prompt", "tool_preset",
    "bias_profile", "context_preset", "aggregation_strategy",
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
    if models and flat_models and fitting:
        data["preferred_models"] = [
            {k: v for k, v in entry.items() if v is not None and (k, v) != ("top_p", 1.0)}
            for entry in definition.preferred_models
        ]
        data.pop("model")
        data.pop("models", None)
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


def render_table(path: tuple[str, ...], table: Mapping[str, Any]) -> str:
    """Return a table as text, with deeper tables under headers of their own.

    Raises:
        DefinitionError: It holds a value that TOML has no form for.
    """
    head = ".".join(render_key(part) for part in path)
    deeper = {k: v for k, v in table.items() if isinstance(v, Mapping) and v and len(path) < 4}
    lines = [f"{render_key(k)} = {render(v, (*path, k))}\n"
             for k, v in table.items() if k not in deeper]  # fmt: skip
    text = f"[{head}]\n" + "".join(lines)
    return text + "".join("\n" + render_table((*path, k), v) for k, v in deeper.items())


def render_key(key: str) -> str:
    """Return a key, in quotes if it needs them."""
    return key if _BARE.fullmatch(key) else _quoted(key)


def render(value: object, path: tuple[str, ...]) -> str:
    """Return a value as text. ``path`` names it in the error.

    Raises:
        DefinitionError: TOML has no form for it.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if isinstance(value, list | tuple):
        items = [render(item, path) for item in value]
        line = f"[{', '.join(items)}]"
        if len(line) <= _WIDE and "\n" not in line and not any(i.startswith("{") for i in items):
            return line
        return "[\n" + "".join(f"    {item},\n" for item in items) + "]"
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        inner = (f"{render_key(k)} = {_on_one_line(v, (*path, k))}" for k, v in value.items())
        return "{ " + ", ".join(inner) + " }" if value else "{}"
    raise DefinitionError(f"{'.'.join(path)} is {value!r}; TOML has no form for it. Remove it.")


def _on_one_line(value: object, path: tuple[str, ...]) -> str:
    """Return a value inside an inline table, where line ends are not allowed."""
    if isinstance(value, str):
        _check(value, path)
        return _quoted(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_on_one_line(item, path) for item in value)}]"
    return render(value, path)


def _text(value: str, path: tuple[str, ...]) -> str:
    _check(value, path)
    if "\n" not in value:
        return _quoted(value)
    lines = (_quoted(line)[1:-1].replace('\\"', '"') for line in value.split("\n"))
    body = "\n".join(lines).replace('"""', '""\\"')
    return f'"""\n{body[:-1]}\\""""' if body.endswith('"') else f'"""\n{body}"""'


def _check(value: str, path: tuple[str, ...]) -> None:
    if "\0" in value or not _is_encodable(value):
        raise DefinitionError(
            f"{'.'.join(path)} holds a character that no file can hold. Remove it."
        )


def _is_encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
