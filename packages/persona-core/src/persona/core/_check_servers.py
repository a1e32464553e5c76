"""Checks of MCP servers, and of what a definition needs of the machine. Nothing is started."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from persona.core._definition import PersonaDefinition
from persona.core._diagnostics import Diagnostic
from persona.core._findings import finding, models_of, short, wrong_address
from persona.core._models import (
    McpServer,
    McpServerHttp,
    McpServerStdio,
    expand_env,
    missing_env,
)
from persona.core._source import Source

_SERVERS = "context.mcp_servers"
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]+")
_LONGEST_NAME = 40
"""Models take names of tools up to 64 characters, and the tool's own name comes behind."""

_BROUGHT_BY: Mapping[str, str] = MappingProxyType(
    {
        "docker": "Docker",
        "node": "Node.js",
        "npx": "Node.js",
        "podman": "Podman",
        "uv": "uv",
        "uvx": "uv",
    }
)


def check_servers(definition: PersonaDefinition, source: Source) -> Iterator[Diagnostic]:
    """Yield what is wrong with names and addresses, wherever the files are used."""
    prefixes: dict[str, str] = {}
    for number, server in enumerate(definition.context.mcp_servers):
        path = f"{_SERVERS}.{number}"
        said = short(server.name)
        prefix = _NOT_IN_A_NAME.sub("_", server.name)
        other = prefixes.setdefault(prefix.casefold(), said)
        message = fix = ""
        if not any(char.isascii() and char.isalnum() for char in server.name):
            message = f"The names of tools cannot carry the server name {said!r}."
            fix = "Give it a name with letters a-z or digits."
        elif len(prefix) > _LONGEST_NAME:
            message = f"The server name {said!r} leaves no room for the names of its tools."
            fix = f"Shorten it to {_LONGEST_NAME} characters."
        elif other != said:
            message = f"The names of the tools of {said!r} begin as those of {other!r} do."
            fix = "Give one of the servers another name."
        if message:
            yield finding(definition, source, f"{path}.name", "P314", message, fix, "warning")
        wrong = wrong_address(server.url) if isinstance(server, McpServerHttp) else None
        if wrong is not None:
            yield finding(definition, source, f"{path}.url", "P317",
                          f"The address of the MCP server {said!r} {wrong}.",
                          "Write it as http://host:port/path or https://host/path.",
                          "warning")  # fmt: skip


def check_surroundings(definition: PersonaDefinition, folder: Path) -> list[Diagnostic]:
    """Return what MCP servers, models and options need that this machine does not have.

    For checks on demand: the answer depends on the environment and on the programs that
    are there, not on the files alone. Nothing is started.

    Args:
        definition: The definition.
        folder: Folder that relative commands start at: the chat's.
    """
    source = definition.source
    if source is None:
        return []
    found = []
    for number, server in enumerate(definition.context.mcp_servers):
        path = f"{_SERVERS}.{number}"
        where = f"the MCP server {short(server.name)!r}"
        unset = False
        for key, text in _texts(server):
            for name in missing_env(text):
                unset = True
                found.append(_unset(definition, source, f"{path}.{key}", name, where))
        if isinstance(server, McpServerStdio) and not unset and not _is_there(server, folder):
            found.append(_not_found(definition, source, f"{path}.command", server))
    for path, model in models_of(definition):
        for name in missing_env(model.model_url or ""):
            found.append(_unset(definition, source, f"{path}.model_url", name, "the model"))
    for path, text in _strings("options", definition.options):
        for name in missing_env(text):
            found.append(_unset(definition, source, path, name, "an option"))
    return found


def variables_of(definition: PersonaDefinition) -> Iterator[tuple[str, str]]:
    """Yield every environment variable that a definition names, with what needs it."""
    for server in definition.context.mcp_servers:
        for key, text in _texts(server):
            kind = "env" if key.startswith("env.") else "headers" if key[:8] == "headers." else key
            what = kind if kind in ("env", "headers", "command", "url") else "an argument"
            for name in missing_env(text, {}):
                yield name, f"{what} of the MCP server {short(server.name)}"
    for _, model in models_of(definition):
        for name in missing_env(model.model_url or "", {}):
            yield name, "the address of the model"
    for path, text in _strings("options", definition.options):
        for name in missing_env(text, {}):
            yield name, path


def _strings(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield the texts in plain data with their dotted paths."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _strings(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _strings(f"{path}.{number}", inner)


def _texts(server: McpServer) -> Iterator[tuple[str, str]]:
    """Yield the texts of a server that may hold variables, with their keys."""
    pairs: Mapping[str, str] = {}
    if isinstance(server, McpServerStdio):
        yield "command", server.command
        yield from ((f"args.{n}", arg) for n, arg in enumerate(server.args))
        key, pairs = "env", server.env
    elif isinstance(server, McpServerHttp):
        yield "url", server.url
        key, pairs = "headers", server.headers
    yield from ((f"{key}.{name}", value) for name, value in pairs.items())


def _unset(
    definition: PersonaDefinition, source: Source, key: str, name: str, where: str
) -> Diagnostic:
    return finding(definition, source, key, "P315",
                   f"The environment variable {short(name)} is not set here; {where} needs it.",
                   "Set it before the server starts.", "warning")  # fmt: skip


def _is_there(server: McpServerStdio, folder: Path) -> bool:
    """Whether the command can be found, as an engine looks for it."""
    import shutil  # listings never get here, and it brings four decompressors

    command = os.path.expanduser(expand_env(server.command))  # noqa: PTH111 - Path raises
    if os.sep in command or "/" in command:
        command = str(folder / command)
    search = expand_env(server.env["PATH"]) if "PATH" in server.env else None
    return "\0" not in command and shutil.which(command, path=search) is not None


def _not_found(
    definition: PersonaDefinition, source: Source, key: str, server: McpServerStdio
) -> Diagnostic:
    command = expand_env(server.command)
    fix = "Install it, or write its whole path."
    brought = _BROUGHT_BY.get(command)
    if brought is not None:
        fix = f"Install {brought}, which brings it."
    elif any(char.isspace() for char in command.strip()):
        fix = "Write the program alone as command, and the rest as args."
    elif "/" in command or os.sep in command:
        fix = "Correct the path; a relative one starts at the chat's folder."
    return finding(definition, source, key, "P316",
                   f"There is no program {short(command)!r} for the MCP server "
                   f"{short(server.name)!r}.", fix, "warning")  # fmt: skip
