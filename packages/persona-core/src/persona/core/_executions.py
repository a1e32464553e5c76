"""What a definition would run, found without running or importing anything of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from persona.core._definition import PersonaDefinition
from persona.core._errors import EngineError
from persona.core._executes import ALWAYS, executing_options
from persona.core._models import McpServerStdio
from persona.core._registry import EngineRegistry
from persona.core._secrets import looks_secret, without_secrets
from persona.core._source import Scope

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Execution:
    """One thing that a persona would run.

    Attributes:
        kind: ``python`` for code of its own, ``command`` for a program, ``option`` for a setting
            that lets its engine use tools without asking.
        what: What it is for, for example ``MCP server files``.
        file: The file that says it.
        line: The line there, from 1.
        scope: Whose file that is.
        command: The program; empty if the engine chooses it.
        args: Its arguments.
        environment: Names of the variables that are set for it.
        takes: Names of variables of the server's own environment that it gets.
        setting: For an option what it is set to.
    """

    kind: Literal["python", "command", "option"]
    what: str
    file: Path
    line: int
    scope: Scope
    command: str = ""
    args: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    setting: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "kind": self.kind,
            "what": self.what,
            "file": str(self.file),
            "line": self.line,
            "scope": self.scope.value,
            "command": self.command,
            "args": list(self.args),
            "environment": list(self.environment),
            "takes": list(self.takes),
            "setting": self.setting,
        }


def executions(
    definition: PersonaDefinition, registry: EngineRegistry, *, listing: bool = False
) -> tuple[Execution, ...]:
    """Return what a definition would run; empty for one that only talks to a model.

    Called before a persona is made. The class of its engine is imported if the definition
    has options, to ask which of them let something run; the persona's own code never is.

    Args:
        definition: The definition, with what it inherits.
        registry: The engines.
        listing: Whether it is for a listing only, for which no engine is imported because of
            numbers such as a temperature.
    """
    return tuple(_found(definition, registry, listing))


def _found(
    definition: PersonaDefinition, registry: EngineRegistry, listing: bool
) -> Iterator[Execution]:
    code = definition.code
    if code is not None:
        _, line, scope = _said(definition, "name")
        yield Execution("python", f"Python class {code.qualname}", code.file, line, scope)
    for number, server in enumerate(definition.context.mcp_servers):
        if isinstance(server, McpServerStdio):
            place = _said(definition, f"context.mcp_servers.{number}")
            texts = (server.command, *server.args, *server.env.values())
            yield Execution(
                "command", f"MCP server {server.name}", *place, server.command,
                tuple(server.args), tuple(server.env), _taken(*texts),
            )  # fmt: skip
    options = definition.options
    if options and not (listing and all(type(value) in (int, float) for value in options.values())):
        yield from _of_options(definition, registry)


def _of_options(definition: PersonaDefinition, registry: EngineRegistry) -> Iterator[Execution]:
    try:
        model = registry.load(definition.engine).options_model
    except EngineError:  # it is told elsewhere, and nothing runs before it can be used
        model = None
    options = dict(executing_options(model, definition.options))
    own = {key: options.pop(key) for key in ALWAYS if key in options}
    if own:
        first = next(iter(own))
        args, env = own.get("args", ()), own.get("env", {})
        texts = [*_texts(own.get("command")), *_texts(args)]
        values = _texts(list(env.values()) if isinstance(env, Mapping) else env)
        words = [*_texts(own.get("command")), *_texts(args)]
        command = own.get("command")
        at = 1 if isinstance(command, str) or (isinstance(command, list) and command) else 0
        yield Execution(
            "command", f"engine {definition.engine}", *_said(definition, f"options.{first}"),
            words[0] if at and words else "",
            tuple(words[at:]),
            tuple(map(str, env)) if isinstance(env, Mapping | list | tuple) else (str(env),),
            _taken(*texts, *values),
        )  # fmt: skip
    for key, value in options.items():
        place = _said(definition, f"options.{key}")
        yield Execution("option", f"options.{key} of engine {definition.engine}", *place,
                        takes=_taken(*_texts(value)), setting=_shown(key, value))  # fmt: skip


def _said(definition: PersonaDefinition, path: str) -> tuple[Path, int, Scope]:
    """Return file, line and scope of a value, or of the nearest known one above it."""
    origins = definition.origins
    while path:
        origin = origins.get(path)
        if origin is not None:
            return origin.file, origin.line, origin.scope
        path = path.rpartition(".")[0]
    source = definition.source
    if source is None:
        return Path(), 1, Scope.BUILTIN
    return source.file, 1, source.scope


def _texts(value: object) -> list[str]:
    """Return the texts in plain data."""
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in _texts(inner)]
    return [] if value is None else [str(value)]


def _taken(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for text in texts for name in _VARIABLE.findall(text)))


def _shown(key: str, value: object) -> str:
    if looks_secret(key, value):
        return "…"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = without_secrets(text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
