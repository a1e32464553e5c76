"""The short way from a file's values to a definition, for files that nothing is wrong with.

It does what `_shape` and `_toml_shape` do, on plain values, and gives up at anything that
would be told to the author: the long way then finds out where it stands and what to say.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import ValidationError

from persona.core import PersonaDefinition, title_of
from persona.loaders._schema import blocks
from persona.loaders._validate import NUMBERS

Values = dict[str, Any]

_LEFT_OUT = frozenset(("args", "env", "headers", "type"))
"""Keys of an MCP server that mean the default if they have no value."""

_IDENTITY = frozenset({"identity", "identity.name"})
_SHOWN = frozenset({"identity.name"})


class Unusual(Exception):
    """The long way is needed. Never leaves this package."""


def define(values: Values) -> PersonaDefinition:
    """Return the definition that shaped values are.

    Raises:
        Unusual: They are not right.
    """
    try:
        return PersonaDefinition.model_validate(values)
    except ValidationError:
        raise Unusual from None


def write_out(values: Values) -> Values:
    """Return the values of a file with the short forms of its blocks written out.

    Raises:
        Unusual: A block is no block. Keys that are not known are left to the models.
    """
    known = _known()
    values = _without_empty(values, known[""])
    if "model" in values:
        values["model"] = _model(values["model"])
    models = values.get("models")
    if models is not None:
        if type(models) is not list and type(models) is not str:
            raise Unusual
        values["models"] = [_model(m) for m in ([models] if type(models) is str else models)]
    if "identity" in values:
        values["identity"] = _block(values["identity"], "name", known["identity"])
    if "context" in values:
        values["context"] = _context(values["context"])
    for key in ("extends", "formerly"):
        if type(values.get(key)) is str:
            values[key] = [values[key]]
    return values


def fill_identity(values: Values, slug: str) -> frozenset[str]:
    """Fill in the name to show; return the paths of what the file does not say."""
    identity = values.get("identity")
    if identity is None:
        values["identity"] = {"name": title_of(slug)}
        return _IDENTITY
    if "name" not in identity:
        identity["name"] = title_of(slug)
        return _SHOWN
    return frozenset()


@cache
def _known() -> dict[str, frozenset[str]]:
    return {block: frozenset(keys) for block, keys in blocks().items()}


def _without_empty(values: Values, known: frozenset[str]) -> Values:
    if None not in values.values():
        return values.copy()
    return {key: v for key, v in values.items() if v is not None or key not in known}


def _block(value: Any, key: str, known: frozenset[str]) -> Values:
    """Return a block; one that is only a text has it under ``key``."""
    return {key: value} if type(value) is str else _without_empty(_mapping(value), known)


def _model(value: Any) -> Values:
    model = _block(value, "model_id", _known()["model"])
    for key in NUMBERS:
        # The models would read true as 1.
        if key in model and type(model[key]) is bool:
            raise Unusual
    return model


def _context(value: Any) -> Values:
    context = _without_empty(_mapping(value), _known()["context"])
    if "skills" in context:
        if "skills_paths" in context:
            raise Unusual
        context["skills_paths"] = context.pop("skills")
    if type(context.get("skills_paths")) is str:
        context["skills_paths"] = [context["skills_paths"]]
    servers = context.get("mcp_servers")
    if type(servers) is dict:
        servers = [{"name": name, **_mapping(server)} for name, server in servers.items()]
    if type(servers) is list:
        context["mcp_servers"] = [_server(_mapping(server)) for server in servers]
    return context


def _server(server: Values) -> Values:
    if type(server.get("env")) is list or type(server.get("headers")) is list:
        raise Unusual
    return _without_empty(server, _LEFT_OUT)


def _mapping(value: Any) -> Values:
    if not isinstance(value, dict):
        raise Unusual
    return value
