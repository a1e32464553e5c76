"""The short way from a table of ``personas.toml`` to a definition: `_toml_shape` on values."""

from __future__ import annotations

from typing import Any

from persona.core import PersonaDefinition
from persona.loaders import _quick as quick
from persona.loaders._quick import Unusual, Values
from persona.loaders._shape import is_slug
from persona.loaders._toml_shape import ENTRY

_ENTRY = frozenset(ENTRY)
_DEEPEST = 20


def define(key: str, table: Any) -> tuple[PersonaDefinition, frozenset[str]]:
    """Return the definition that a table is, and the paths of what it does not say.

    Raises:
        Unusual: It needs a closer look.
    """
    if type(table) is not dict or "name" in table or not is_slug(key):
        raise Unusual
    values = dict(table)
    models = values.pop("preferred_models", None)
    if models is not None:
        _unfold(values, models)
    if "system_prompt" in values:
        context = values.get("context", {})
        if type(context) is not dict or "system_prompt" in context:
            raise Unusual
        values["context"] = {**context, "system_prompt": values.pop("system_prompt")}
    if "options" in values:
        values["options"] = _copy(values["options"], _DEEPEST)
    values = quick.write_out(values)
    values["name"] = key
    implied = quick.fill_identity(values, key)
    return quick.define(values), implied


def _unfold(values: Values, models: Any) -> None:
    """Turn ``preferred_models`` into ``model`` and ``models``."""
    if type(models) is not list or values.keys() & {"model", "models", "extends"}:
        raise Unusual
    written = [_model(entry) for entry in models]
    if written:
        values["model"] = written[0]
    if written[1:]:
        values["models"] = written[1:]


def _model(entry: Any) -> Values:
    # The defaults of the flat form; in a block no value means the model's own.
    if type(entry) is str:
        return {"model_id": entry, "temperature": 0.0, "top_p": 1.0}
    if type(entry) is not dict or not entry.keys() <= _ENTRY:
        raise Unusual
    model = {"temperature": 0.0, "top_p": 1.0, **entry}
    provider, name = model.pop("provider", None), model.pop("model", None)
    texts = type(provider) is str and type(name) is str
    if not texts or not provider.strip() or not name.strip() or "/" in provider:
        raise Unusual
    model["model_id"] = f"{provider}/{name}"
    return model


def _copy(value: Any, deepest: int) -> Any:
    """Return a copy of plain values. A date is written as text there, so it is not plain."""
    if type(value) is dict and deepest:
        return {key: _copy(inner, deepest - 1) for key, inner in value.items()}
    if type(value) is list and deepest:
        return [_copy(inner, deepest - 1) for inner in value]
    if type(value) not in (str, int, float, bool):
        raise Unusual
    return value
