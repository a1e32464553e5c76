"""What of a definition may travel with a chat: no secrets, no environment, no absolute paths."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote_plus, urlsplit, urlunsplit

from persona.core._avatar import is_symbol
from persona.core._definition import PersonaDefinition
from persona.core._models import McpServerHttp, McpServerStdio, PersonaModel
from persona.core._portable_paths import is_absolute, without_paths
from persona.core._secrets import looks_secret, secret_name, without_secrets

LONGEST_PROMPT = 16_000
"""Characters of a prompt that are looked at; more never fits."""

_REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_AROUND = re.compile(r"(?:(?:bearer|basic|token|apikey)\s+)?[\s:=,;@-]*", re.IGNORECASE)
_PLAIN_WORD = re.compile(r"[a-z]+|[A-Z]+|[A-Z][a-z]+|[\d.]+")
_FLAG = re.compile(r"--[a-z][a-z-]*|-[A-Za-z]")
_ENVIRONMENT = frozenset({"env", "environment"})
_DEEPEST = 8
_LOCAL = (".local", ".internal", ".lan", ".home", ".localdomain", ".arpa", ".corp", ".intranet")


class Cleaner:
    """Takes out of one definition what must not travel.

    Args:
        definition: The definition, with what it inherits.

    Attributes:
        left_out: What was taken out, in words.
    """

    def __init__(self, definition: PersonaDefinition) -> None:
        self.left_out: list[str] = []
        self._definition = definition
        self._folders = list(_known_folders(definition))
        self._secrets = sorted(_known_secrets(definition), key=len, reverse=True)

    def values(self) -> dict[str, Any]:
        """Return what may travel, as plain data that makes a definition again."""
        d = self._definition
        found: dict[str, Any] = {"name": d.name, "engine": self._text(d.engine, "engine")}
        models = [(d.model, "model"), *((m, f"model {n}") for n, m in enumerate(d.models, 2))]
        kept = [model for m, where in models if m and (model := self._model(m, where))]
        if kept:
            found["model"] = kept[0]
        if kept[1:]:
            found["models"] = kept[1:]
        context = self._context()
        if context:
            found["context"] = context
        found["identity"] = self._identity()
        options = self._mapping(d.options, "options", 0)
        if options:
            found["options"] = options
        for key in ("tool_preset", "bias_profile", "context_preset", "aggregation_strategy"):
            if getattr(d, key) is not None:
                self._leave(key)
        return found

    # -- blocks ------------------------------------------------------------------

    def _model(self, model: PersonaModel, where: str) -> dict[str, Any] | None:
        # A path may stand behind the provider: ``local//home/ada/model``.
        if self._is_dirty(model.model_id) or self._is_dirty(model.model_id.partition("/")[2]):
            self._leave(where)
            return None
        values = model.model_dump(exclude_none=True)
        if model.model_url is not None:
            del values["model_url"]
            url = self._model_url(model.model_url, where)
            if url:
                values["model_url"] = url
        return values

    def _model_url(self, text: str, where: str) -> str | None:
        if _REFERENCE.match(text):  # the variable may hold the scheme and the host
            if not self._is_dirty(text) and not {"?", "@", "#"} & set(text):
                return text
            self._leave(f"address of {where}")
            return None
        parts = _split(text)
        if parts is None or not _is_public(parts.netloc):
            self._leave(f"address of {where}")
            return None
        url = urlunsplit(parts._replace(netloc=_host(parts), query="", fragment=""))
        if self._is_dirty(url):
            self._leave(f"address of {where}")
            return None
        if url != text:
            self._leave(f"part of the address of {where}")
        return url

    def _context(self) -> dict[str, Any]:
        context = self._definition.context
        found: dict[str, Any] = {}
        if context.system_prompt is not None:
            prompt = context.system_prompt[:LONGEST_PROMPT]
            found["system_prompt"] = self._text(prompt, "part of the system prompt")
            if len(prompt) < len(context.system_prompt):
                self._leave("end of the system prompt")
        servers = [
            server
            for number, given in enumerate(context.mcp_servers, 1)
            if (server := self._server(given, number))
        ]
        if servers:
            found["mcp_servers"] = servers
        paths = [p for p in context.skills_paths if not (p.startswith("~") or self._is_dirty(p))]
        if paths:
            found["skills_paths"] = paths
        if len(paths) < len(context.skills_paths):
            self._leave("paths of skills")
        if context.history != "shared":
            found["history"] = context.history
        return found

    def _identity(self) -> dict[str, Any]:
        identity = self._definition.identity
        found = {"name": self._text(identity.name, "part of the name")}
        if identity.avatar and is_symbol(identity.avatar):
            found["avatar"] = identity.avatar  # images are in the chat's users
        if identity.description is not None:
            found["description"] = self._text(identity.description, "part of the description")
        return found

    def _server(self, server: McpServerStdio | McpServerHttp, number: int) -> dict[str, Any] | None:
        name = f"server-{number}" if self._is_dirty(server.name) else server.name
        where = f"MCP server {name}"
        base = _variable(name) or "SERVER"
        found: dict[str, Any] = {"name": name}
        if isinstance(server, McpServerStdio):
            found["command"] = self._command(server.command, base, where)
            args = [*self._args(server.args, base, where)]
            if args:
                found["args"] = args
            key, pairs, prefix = "env", server.env, ""
        else:
            if server.type != "http":
                found["type"] = server.type
            url = self._server_url(server.url, base, where)
            if url is None:
                self._leave(where)
                return None
            found["url"] = url
            key, pairs, prefix = "headers", server.headers, f"{base}_"
        referred = self._pairs(pairs, prefix, f"{key} of {where}")
        if referred:
            found[key] = referred
        return found

    def _command(self, command: str, base: str, where: str) -> str:
        if is_absolute(command) or command.startswith("~"):
            command = re.split(r"[\\/]+", command.rstrip("\\/"))[-1]
            self._leave(f"path of the command of {where}")
        if not command.strip() or self._is_dirty(command):
            self._leave(f"command of {where}")
            return f"${{{base}_COMMAND}}"
        return command

    def _args(self, args: Sequence[str], base: str, where: str) -> Iterator[str]:
        before = ""
        for number, arg in enumerate(args, 1):
            instead = f"${{{base}_ARG_{number}}}"
            flag = before.startswith("-") and "=" not in before and secret_name(before)
            before = arg
            if _is_reference(arg):
                yield arg
                continue
            head, mark, value = arg.partition("=")
            told = f"argument {number} of {where}"
            if flag and not _FLAG.fullmatch(arg):
                self._leave(told)
                yield instead
            elif mark and re.fullmatch(r"-{0,2}[\w.-]+", head) and not self._is_dirty(head):
                if _is_reference(value) or not (
                    looks_secret(head, value) or self._is_dirty(value) or self._is_dirty(arg)
                ):
                    yield arg
                else:
                    self._leave(told)
                    yield f"{head}={instead}"
            elif self._is_dirty(arg):
                self._leave(told)
                yield instead
            else:
                yield arg

    def _server_url(self, text: str, base: str, where: str) -> str | None:
        parts = _split(text)
        if parts is None:
            return None
        kept = [pair for pair in parts.query.split("&") if not self._is_secret_pair(pair)]
        path = "/".join(
            f"${{{base}_URL_PART}}" if segment and self._is_dirty(segment) else segment
            for segment in parts.path.split("/")
        )
        url = urlunsplit(
            parts._replace(netloc=_host(parts), path=path, query="&".join(kept), fragment="")
        )
        if url != text:
            self._leave(f"part of the address of {where}")
        return None if self._is_dirty(url) else url

    def _is_secret_pair(self, pair: str) -> bool:
        key, _, value = (unquote_plus(part) for part in pair.partition("="))
        if _is_reference(value):
            return False
        return looks_secret(key, value) or self._is_dirty(value) or self._is_dirty(key)

    def _pairs(self, pairs: Mapping[str, str], prefix: str, where: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, value in pairs.items():
            name = key if not prefix and re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII) else ""
            name = name or prefix + _variable(key)
            if self._is_dirty(key) or not name.rstrip("_"):
                self._leave(f"one of {where}")
            else:
                found[key] = value if _is_reference(value) else f"${{{name}}}"
        return found

    # -- options -----------------------------------------------------------------

    def _mapping(self, values: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in values.items():
            if not isinstance(key, str) or self._is_dirty(key):
                self._leave(f"part of {path}")
                continue
            where = f"{path}.{key}"
            if key.casefold() in _ENVIRONMENT and isinstance(value, Mapping):
                texts = {k: str(v) for k, v in value.items() if isinstance(k, str)}
                found[key] = self._pairs(texts, "", where)
            elif key == "command" and isinstance(value, str):
                found[key] = self._command(value, "AGENT", where)
            elif self._may_travel(key, value, depth):
                found[key] = (
                    self._mapping(value, where, depth + 1) if isinstance(value, Mapping) else value
                )
            else:
                self._leave(where)
        return found

    def _may_travel(self, key: str, value: Any, depth: int) -> bool:
        if isinstance(value, str):
            return _is_reference(value) or not (looks_secret(key, value) or self._is_dirty(value))
        if value is None or isinstance(value, bool):
            return True
        if isinstance(value, int | float):
            return not looks_secret(key, value) and abs(value) < 1e15
        if depth >= _DEEPEST:
            return False
        if isinstance(value, list):
            return not secret_name(key) and all(self._fits_list(key, v, depth) for v in value)
        return isinstance(value, Mapping) and not secret_name(key)

    def _fits_list(self, key: str, value: Any, depth: int) -> bool:
        if not isinstance(value, Mapping):
            return self._may_travel(key, value, depth + 1)
        return all(
            isinstance(k, str) and not self._is_dirty(k) and k.casefold() not in _ENVIRONMENT
            and self._may_travel(k, v, depth + 1)
            and (not isinstance(v, Mapping) or self._fits_list(k, v, depth + 1))
            for k, v in value.items()
        )  # fmt: skip

    # -- texts -------------------------------------------------------------------

    def _text(self, text: str, where: str) -> str:
        clean = self._scrubbed(text)
        if clean != text:
            self._leave(where)
        return clean

    def _is_dirty(self, text: str) -> bool:
        return is_absolute(text) or self._scrubbed(text) != text

    def _scrubbed(self, text: str) -> str:
        text = text.encode("utf-8", "replace").decode()  # halves of surrogate pairs
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return without_paths(without_secrets(text), self._folders)

    def _leave(self, what: str) -> None:
        what = self._scrubbed(what)[:120]
        if what not in self.left_out:
            self.left_out.append(what)


def _known_folders(definition: PersonaDefinition) -> Iterator[str]:
    """Yield folders whose paths may stand in texts, also with spaces in them."""
    source = definition.source
    found = [source.root, source.file.parent] if source else []
    with suppress(RuntimeError):  # no home at all
        found.append(Path.home())
    yield from {str(path) for path in found if path.is_absolute() and len(path.parts) > 2}


def _known_secrets(definition: PersonaDefinition) -> Iterator[str]:
    """Yield what the definition and this process keep in their environments."""
    pairs: list[tuple[str, str]] = []
    for server in definition.context.mcp_servers:
        pairs += (server.env if isinstance(server, McpServerStdio) else server.headers).items()
    pairs += [(name, value) for name, value in os.environ.items() if secret_name(name)]
    for _, value in pairs:
        value = value.strip()
        # A plain word would be found in every text.
        if len(value) >= 6 and not _is_reference(value) and not _PLAIN_WORD.fullmatch(value):
            yield value


def _is_reference(text: str) -> bool:
    """Whether a value only names variables: ``${KEY}``, ``Bearer ${KEY}``."""
    return bool(_REFERENCE.search(text)) and bool(_AROUND.fullmatch(_REFERENCE.sub("", text)))


def _variable(name: str) -> str:
    """Return the name of an environment variable for any text."""
    word = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")[:40]
    return f"_{word}" if word[:1].isdigit() else word


def _split(text: str) -> SplitResult | None:
    try:
        return urlsplit(text)
    except ValueError:
        return None


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _is_public(netloc: str) -> bool:
    """Whether an address means the same on every machine."""
    host = netloc.rpartition("@")[2]
    if "${" in host:
        return True
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    host = host.rstrip(".").casefold()
    try:
        return ip_address(host.partition("%")[0]).is_global
    except ValueError:
        pass
    last = host.rpartition(".")[2]
    numeric = last.isdigit() or last.startswith("0x")
    return "." in host and not numeric and not host.endswith(_LOCAL)
