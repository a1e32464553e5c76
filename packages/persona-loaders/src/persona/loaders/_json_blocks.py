"""JSON Schemas of the blocks, from the models: what an author may write in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from persona.core import (
    McpServerHttp,
    McpServerStdio,
    PersonaContext,
    PersonaDefinition,
    PersonaIdentity,
    PersonaModel,
)
from persona.loaders._shape import SLUG

Schema = dict[str, Any]

_HTTP_TYPES = (
    "http",
    "sse",
    "streamable-http",
    "streamable_http",
    "streamableHttp",
    "streamableHTTP",
)
_TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
_PLAIN: Schema = {"type": ["string", "number", "boolean"]}
_FLAG_WORDS = "|".join(
    "".join(f"[{c}{c.upper()}]" for c in word)
    for word in ("true", "false", "yes", "no", "on", "off", "t", "f", "y", "n")
)
_DIGITS = "[0-9](?:_?[0-9])*"
_NUMBER_TEXT = rf"^\s*[+-]?(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?\s*$"
_WHOLE_TEXT = rf"^\s*[+-]?{_DIGITS}(?:\.0*)?\s*$"
_NAME = rf"^{SLUG.pattern}$"
_BASE = rf"^(?:(?:builtin|environment|user|project):)?{SLUG.pattern}$"
KEPT = ("description", "default", "examples")


def any_of(said: Mapping[str, Any], *forms: Schema) -> Schema:
    """Return a schema with several forms, and the words of another one."""
    words = {key: said[key] for key in KEPT if key in said}
    return {**words, **forms[0]} if len(forms) == 1 else {**words, "anyOf": list(forms)}


def values_of(model: type[BaseModel]) -> dict[str, Schema]:
    """Return the values of a model by key; numbers may be in quotes, as the models take them."""
    found = model.model_json_schema()["properties"]
    return {key: _author_form(value) for key, value in found.items()}


def table(properties: Mapping[str, Schema], required: Iterable[str] = (), **more: Any) -> Schema:
    """Return the schema of a block that takes these keys alone."""
    schema: Schema = {"type": "object", "properties": dict(properties)}
    if needed := list(required):
        schema["required"] = needed
    return {**schema, "additionalProperties": False, **more}


def model_blocks() -> tuple[Schema, Schema]:
    """Return what ``model`` takes, and what an item of ``models`` takes."""
    values = values_of(PersonaModel)
    values["model_id"]["examples"] = ["ollama/llama3.1", "openai/gpt-5"]
    short = {"type": "string", "minLength": 1, "description": values["model_id"]["description"]}
    # An heir's own block may leave the id to its base; `needs_a_model` asks for it else.
    return (
        any_of({}, short, table(values)),
        any_of({}, short, table(values, ["model_id"])),
    )


def needs_a_model() -> Schema:
    """Return what a persona that builds on no other must say."""
    has_id = {"required": ["model_id"], "properties": {"model_id": {"type": "string"}}}
    return {
        "if": {
            "required": ["extends"],
            "properties": {
                "extends": {"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1}]}
            },
        },
        "else": {
            "properties": {"model": {"if": {"type": "object"}, "then": has_id}},
            "anyOf": [
                {"properties": {"models": {"type": ["array", "null"], "maxItems": 0}}},
                {"required": ["model"], "properties": {"model": {"not": {"type": "null"}}}},
            ],
        },
    }


def identity_block() -> Schema:
    """Return what ``identity`` takes."""
    values = values_of(PersonaIdentity)
    return any_of({}, values["name"], table(values))


def context_block() -> Schema:
    """Return what ``context`` takes."""
    values = values_of(PersonaContext)
    skills = any_of(values["skills_paths"], {"type": "string"}, _TEXTS)
    values["skills"] = values["skills_paths"] = skills
    server = [{"$ref": "#/definitions/stdio_server"}, {"$ref": "#/definitions/http_server"}]
    values["mcp_servers"] = any_of(
        values["mcp_servers"],
        {"type": "array", "items": {"required": ["name"], "anyOf": server}},
        {"type": "object", "additionalProperties": {"anyOf": server}},
    )
    given = {key: {"not": {"type": "null"}} for key in ("skills", "skills_paths")}
    return table(values, **{"not": {"required": list(given), "properties": given}})


def server_blocks() -> dict[str, Schema]:
    """Return the two kinds of MCP servers; a name is needed only in a list."""
    stdio, http = values_of(McpServerStdio), values_of(McpServerHttp)
    stdio["type"] = any_of(stdio["type"], {"enum": ["stdio"]})
    http["type"] = any_of(http["type"], {"enum": list(_HTTP_TYPES)})
    pair = table({"name": {}, "value": _PLAIN}, ["name", "value"])
    for values, key in ((stdio, "env"), (http, "headers")):
        by_name = {"type": "object", "additionalProperties": _PLAIN}
        values[key] = any_of(values[key], by_name, {"type": "array", "items": pair})
    return {
        "stdio_server": table(stdio, ["command"], description=McpServerStdio.__doc__),
        "http_server": table(http, ["url"], description=McpServerHttp.__doc__),
    }


def persona_values(engines: Iterable[str]) -> dict[str, Schema]:
    """Return what a persona takes beside its name, in any kind of file."""
    values = values_of(PersonaDefinition)
    said = {key: dict(value) for key, value in values.items()}
    base = {"type": "string", "pattern": _BASE}
    name = {"type": "string", "pattern": _NAME}
    model, item = model_blocks()
    blocks = {
        "engine": any_of({}, {"enum": sorted(engines)}, {"type": "string", "minLength": 1}),
        "extends": any_of({}, base, {"type": "array", "items": base}),
        "formerly": any_of({}, name, {"type": "array", "items": name}),
        "model": model,
        "models": any_of({}, {"type": "string", "minLength": 1}, {"type": "array", "items": item}),
        "identity": identity_block(),
        "context": context_block(),
        "options": {"type": "object"},
        "enabled": any_of({}, {"type": "boolean"}, {"enum": [0, 1]},
                          {"type": "string", "pattern": f"^(?:{_FLAG_WORDS}|0|1)$"}),
    }  # fmt: skip
    for key, schema in blocks.items():
        words = {word: said[key][word] for word in KEPT if word in said[key]}
        values[key] = {**words, **schema}
    return values


def _number(said: Mapping[str, Any], kind: str) -> Schema:
    """Return a number, plain or in quotes, with the bounds of ``said``."""
    bounds = {key: value for key, value in said.items() if key.lower().endswith("imum")}
    pattern = _WHOLE_TEXT if kind == "integer" else _NUMBER_TEXT
    return any_of(said, {"type": kind, **bounds}, {"type": "string", "pattern": pattern})


def _author_form(value: Schema) -> Schema:
    """Return a value of a model without null and without what only programs need."""
    value = {k: v for k, v in value.items() if k != "default" or v not in (None, [], {})}
    forms = [form for form in value.pop("anyOf", []) if form != {"type": "null"}]
    if len(forms) == 1:
        value = {**value, **forms[0]}
    elif forms:
        value = {**value, "anyOf": forms}
    if value.get("type") in ("number", "integer"):
        return _number(value, value["type"])
    inner = value.get("additionalProperties")
    if isinstance(inner, dict) and inner.get("type") == "number":
        value["additionalProperties"] = {"anyOf": [_number({}, "number"), {"type": "boolean"}]}
    return {key: inner for key, inner in value.items() if key != "title"}  # the key says it
