"""What the chat says of a persona that it brings and this server does not have."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from persona.core import (
    McpServer,
    McpServerHttp,
    McpServerStdio,
    Packed,
    escape_markdown,
    fence,
    mention_name,
)
from persona.jupyter._carried import Carried
from persona.jupyter._trust_notices import quoted

KIND = "carried"
"""Kind of the message in its note."""

_MOST = 12


def offer(carried: Carried) -> str:
    """Return why a persona does not answer, what it is, and how to save it.

    Everything in it comes from the chat file, which may be somebody else's.
    """
    name = escape_markdown(carried.name)
    head = f"**{name}** is in this chat only, not installed here, so it does not answer."
    if carried.packed is None:
        return f"{head} It cannot be saved either: {escape_markdown(carried.problem)}"
    parts = [
        f"{head} The chat brings its definition. Nothing of it has been run. Save it only if "
        "you trust whoever sent you the chat. When it is saved and used:",
        *_what_it_does(carried.packed),
    ]
    if carried.packed.left_out:
        parts.append(f"Not in the chat: {_listed(carried.packed.left_out)}.")
    return "\n\n".join(parts) + _hint(carried.slug)


def note_of(carried: Carried, seal: str, answers: str) -> dict[str, Any]:
    """Return what the message remembers: enough to draw its button."""
    return {
        "kind": KIND,
        "state": "offered" if carried.packed else "refused",
        "answers": answers,
        "carried": {"slug": carried.slug, "name": carried.name, "seal": seal},
    }


def settled(body: str, slug: str, told: str) -> str:
    """Return an offer with what became of it in place of how to take it."""
    return f"{body.removesuffix(_hint(slug))}\n\n{told}"


def saved(name: str, file: str, packed: Packed, problems: Sequence[str] = (), by: str = "") -> str:
    """Return that a persona was saved, and what it lacks."""
    whom = f" by {escape_markdown(by)}" if by else ""
    parts = [f"✓ **{escape_markdown(name)}** is saved{whom} as {_code(file)}."]
    if not problems:
        parts.append(f"It answers to {_mention(name)}.")
    wanted = [
        f"`{variable}` ({escape_markdown(what)})" for variable, what in packed.variables[:_MOST]
    ]
    if wanted:
        more = f" and {len(packed.variables) - _MOST} more" if len(packed.variables) > _MOST else ""
        parts.append(f"Set these before it works: {', '.join(wanted)}{more}.")
    if packed.left_out:
        parts.append(f"Not in the chat, so it may have to be added: {_listed(packed.left_out)}.")
    parts += [escape_markdown(problem) for problem in problems]
    return " ".join(parts)


def also_here(carried: Sequence[Carried]) -> str:
    """Return which personas a chat brings, for where nobody else can answer."""
    names = ", ".join(f"`/save @{c.slug}`" for c in carried[:_MOST])
    return f"Personas that this chat brings and that are not installed here: {names}."


def _hint(slug: str) -> str:
    return f"\n\nSave it with the button, or with `/save @{slug}`."


def _what_it_does(packed: Packed) -> list[str]:
    definition = packed.definition
    models = [m.model_id for m in (definition.model, *definition.models) if m is not None]
    address = definition.model.model_url if definition.model else None
    lines = [f"- engine {escape_markdown(definition.engine)}"]
    if models:
        at = f" at {escape_markdown(address)}" if address else ""
        lines.append(f"- model {', '.join(map(escape_markdown, models[:_MOST]))}{at}")
    paths = definition.context.skills_paths
    if paths:
        lines.append(f"- skills in {_listed(paths)}")
    parts = ["\n".join(lines)]
    for server in definition.context.mcp_servers:
        parts += _server(server)
    if definition.options:
        options = json.dumps(definition.options, ensure_ascii=False, indent=1, default=str)
        parts += ["It sets these options of the engine, which may run programs:",
                  fence(options, "json", lines=40, characters=4_000)]  # fmt: skip
    prompt = definition.context.system_prompt
    if prompt:
        shown = fence(prompt, lines=60, characters=4_000)
        parts.append(f"<details><summary>System prompt</summary>\n\n{shown}\n\n</details>")
    return parts


def _server(server: McpServer) -> list[str]:
    name = escape_markdown(server.name)
    if isinstance(server, McpServerStdio):
        command = " ".join(quoted(word) for word in (server.command, *server.args))
        environment = _assigned(server.env)
        return [f"It runs this command, the MCP server {name}:",
                fence(f"{environment}{command}", "sh", lines=20, characters=3_000)]  # fmt: skip
    if isinstance(server, McpServerHttp):
        headers = "".join(f"\n{key}: {value}" for key, value in server.headers.items())
        return [f"It connects to the MCP server {name}:",
                fence(f"{server.url}{headers}", lines=20, characters=3_000)]  # fmt: skip
    return []


def _assigned(env: Mapping[str, str]) -> str:
    return "".join(f"{key}={quoted(value)} " for key, value in env.items())


def _listed(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _MOST} more" if len(texts) > _MOST else ""
    return ", ".join(escape_markdown(text) for text in texts[:_MOST]) + more


def _mention(name: str) -> str:
    return _code(f"@{mention_name(name)}")


def _code(text: str) -> str:
    return escape_markdown(text) if "`" in text else f"`{text}`"
