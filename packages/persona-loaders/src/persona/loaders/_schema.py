"""Which keys a persona file has, and what to say about others."""

from __future__ import annotations

from functools import cache

from persona.core import (
    McpServerHttp,
    McpServerStdio,
    PersonaContext,
    PersonaDefinition,
    PersonaIdentity,
    PersonaModel,
    did_you_mean,
)
from persona.loaders._report import short

_HINTS = {
    "apikey": "Keep keys out of files: set the provider's environment variable instead.",
    "apibase": "Write it as model_url under model.",
    "baseurl": "Write it as model_url under model.",
    "disabled": "Write `enabled: false`.",
    "displayname": "Write it as name under identity.",
    "emoji": "Write it as avatar under identity.",
    "icon": "Write it as avatar under identity.",
    "image": "Write it as avatar under identity.",
    "instructions": "Write the instructions as text below the front matter.",
    "maxtokens": "Write it as max_output_tokens under model.",
    "mcp": "Write the servers as mcp_servers under context.",
    "preferredmodels": "Write the first one as model and the others as a list under models.",
    "prompt": "Write the prompt as text below the front matter.",
    "title": "Write it as name under identity.",
    "tools": "Tools come from MCP servers: list them as mcp_servers under context.",
}
_TOML_HINTS = {
    "disabled": "Write enabled = false.",
    "instructions": "Write it as system_prompt.",
    "prompt": "Write it as system_prompt.",
}
_FLAT = ("preferred_models", "system_prompt")
"""Keys that only the TOML form has."""


@cache
def blocks() -> dict[str, tuple[str, ...]]:
    """Return the keys of the file (under an empty name) and of its blocks."""
    return {
        "": tuple(PersonaDefinition.model_fields),
        "model": tuple(PersonaModel.model_fields),
        "identity": tuple(PersonaIdentity.model_fields),
        "context": (*PersonaContext.model_fields, "skills"),
    }


def keys_at(path: tuple[str, ...], tag: str = "") -> tuple[str, ...]:
    """Return the keys that may stand under a path of keys.

    Args:
        path: Keys and list indexes from the root.
        tag: Kind of the MCP server, if the path leads to one.
    """
    if tag:
        kind = McpServerStdio if tag == "stdio" else McpServerHttp
        return tuple(kind.model_fields)
    return blocks().get("model" if path[:1] == ("models",) else ".".join(path), ())


def suggest(key: str, path: tuple[str, ...], tag: str = "", *, toml: bool = False) -> str:
    """Return what to do about a key that is not known under ``path``."""
    known = keys_at(path, tag)
    if toml and not path:
        known = (*(name for name in known if name != "name"), *_FLAT)
    plain = _plain(key)
    for name in known:
        if _plain(name) == plain:
            return f"Did you mean {name!r}?"
    other = tuple(f for k in (McpServerStdio, McpServerHttp) for f in k.model_fields)
    guess = did_you_mean(key, known) if len(key) <= 60 else None
    if tag and not guess and did_you_mean(key, other) and len(key) <= 60:
        key = did_you_mean(key, other) or key
        kind = "url" if tag == "stdio" else "command"
        return f"{key!r} belongs to a server with {kind}; this one is of type {tag}."
    for block, names in blocks().items():
        if block == ".".join(path):
            continue
        for name in names:
            if _plain(name) == plain:
                where = f"under {block}" if block else "without indentation"
                if toml:
                    where = f"in its table {block}" if block else "in the persona's own table"
                return f"Write it as {name} {where}."
    if toml and plain in _TOML_HINTS:
        return _TOML_HINTS[plain]
    if plain in _HINTS:
        return _HINTS[plain]
    if guess:
        return f"Did you mean {guess!r}?"
    for block, names in blocks().items():
        guess = did_you_mean(key, names) if block and not path and len(key) <= 60 else None
        if guess:
            return f"Did you mean {guess!r} under {block}?"
    listed = ", ".join(name for name in known if name != "skills")
    if path == ("model",):
        return f"Known here: {listed}. Settings of the engine go under options."
    return f"Known here: {listed}."


def _plain(key: str) -> str:
    return short(key, 60).lower().replace("_", "").replace("-", "").replace(" ", "")
