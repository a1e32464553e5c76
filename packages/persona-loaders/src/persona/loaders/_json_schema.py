"""JSON Schemas of persona files, for editors.

Draft 7: the newest one that the language servers for YAML and for TOML both read whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from persona.core import CODE_ENGINE, KNOWN_ENGINES
from persona.loaders._json_blocks import (
    KEPT,
    Schema,
    any_of,
    needs_a_model,
    persona_values,
    server_blocks,
    table,
    values_of,
)
from persona.loaders._presets import KINDS
from persona.loaders._toml_shape import ENTRY

DRAFT = "http://json-schema.org/draft-07/schema#"
_WHERE = {
    "markdown": ("Persona file", "Front matter of a persona in Markdown (*.persona.md)."),
    "toml": ("personas.toml", "Several personas and presets in one file."),
}


def json_schema(
    kind: Literal["markdown", "toml"] = "markdown", *, engines: Iterable[str] = ()
) -> dict[str, Any]:
    """Return a JSON Schema (draft 7) of what authors may write, made from the models.

    Called by ``jupyter persona schema``. It refuses the unknown keys and the wrong types
    that the loaders refuse; what depends on other files and on the machine is left to
    ``jupyter persona check``.

    Args:
        kind: ``markdown`` for the front matter of a Markdown file, ``toml`` for personas.toml.
        engines: Ids to suggest for ``engine`` besides the known ones; others are valid too.
    """
    title, description = _WHERE[kind]
    said = {"$schema": DRAFT, "title": title, "description": description}
    suggested = {*KNOWN_ENGINES, *engines} - {CODE_ENGINE}
    if kind == "toml":
        return {**said, **_file(suggested), "definitions": server_blocks()}
    front = table(persona_values(suggested), **needs_a_model())
    whole = _with_empty({**front, "definitions": server_blocks()})
    return {**said, **whole, "type": ["object", "null"]}


def _file(engines: Iterable[str]) -> Schema:
    """Return the schema of a file of personas; tables that nobody reads may stand in it."""
    named: Schema = {"personas": {"type": "object", "additionalProperties": _profile(engines)}}
    named["personas"]["description"] = "Personas by short name."
    for kind, model in KINDS.items():
        values = {key: value for key, value in values_of(model).items() if key != "name"}
        named[kind] = {
            "description": model.__doc__,
            "type": "object",
            "propertyNames": {"minLength": 1},
            "additionalProperties": {"type": "object", "properties": values},
        }
    return {"type": "object", "properties": named}


def _profile(engines: Iterable[str]) -> Schema:
    """Return the schema of one persona's table, flat or in blocks."""
    values = persona_values(engines)
    del values["name"]  # the table has it
    values["system_prompt"] = {
        "type": "string",
        "description": "Instructions for the model.",
    }
    values["preferred_models"] = {
        "description": "The model, and those to escalate to, in order.",
        "type": "array",
        "items": any_of({}, {"type": "string", "minLength": 1}, _entry(values["model"])),
    }
    both_prompts = {
        "required": ["system_prompt", "context"],
        "properties": {"context": {"type": "object", "required": ["system_prompt"]}},
    }
    twice = [{"required": ["preferred_models", key]} for key in ("model", "models")]
    return table(values, **{"not": {"anyOf": [*twice, both_prompts]}}, **needs_a_model())


def _entry(model: Schema) -> Schema:
    """Return the schema of an item of ``preferred_models``."""
    known = model["anyOf"][1]["properties"]
    values = {key: known[key] for key in ENTRY if key in known}
    values["temperature"] = {**values["temperature"], "default": 0.0}
    values["top_p"] = {**values["top_p"], "default": 1.0}
    provider = {"type": "string", "pattern": r"^[^/]*[^/\s][^/]*$"}
    values["provider"] = {**provider, "description": "Who offers the model, e.g. ollama."}
    values["model"] = {
        "type": "string",
        "pattern": r"\S",
        "description": "Name of the model, without its provider.",
    }
    return table(values, ["provider", "model"])


_NEVER_EMPTY = ("command", "name", "url", "value")
"""Keys of servers that must have a value where they are written."""


def _with_empty(schema: Schema) -> Schema:
    """Return the schema of YAML, where a known key without a value counts as not written."""
    properties = {key: _or_null(value) for key, value in schema["properties"].items()}
    for block in ("model", "identity", "context"):
        properties[block] = _members_or_null(properties[block])
    models = [_members_or_null(form) for form in properties["models"]["anyOf"]]
    for form in models:
        if "items" in form:
            form["items"] = _members_or_null(form["items"])
    properties["models"]["anyOf"] = models
    servers = schema["definitions"]
    for kind, other in (("stdio_server", ("headers",)), ("http_server", ("args", "env"))):
        values = servers[kind]["properties"]
        for key in values:
            if key not in _NEVER_EMPTY:
                values[key] = _or_null(values[key])
        values |= {key: {"type": "null", "doNotSuggest": True} for key in other}
    return {**schema, "properties": properties}


def _members_or_null(schema: Schema) -> Schema:
    """Return a block whose known keys may stand without a value."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [_members_or_null(form) for form in schema["anyOf"]]}
    if "properties" not in schema:
        return schema
    members = {key: _or_null(value) for key, value in schema["properties"].items()}
    return {**schema, "properties": members}


def _or_null(schema: Schema) -> Schema:
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    return any_of(schema, {k: v for k, v in schema.items() if k not in KEPT}, {"type": "null"})
