"""Commands, arguments, addresses and environments of servers that travel with a chat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus, urlunsplit

from persona.core._blanked import is_reference
from persona.core._models import McpServerHttp, McpServerStdio
from persona.core._portable_address import host_of, split_address
from persona.core._portable_paths import is_absolute
from persona.core._portable_scrub import Scrubber
from persona.core._secrets import looks_secret, secret_name

_FLAG = re.compile(r"--[a-z][a-z-]*|-[A-Za-z]")


class ServerCleaner:
    """Takes out of MCP servers what must not travel.

    Args:
        texts: What looks into them.
    """

    def __init__(self, texts: Scrubber) -> None:
        self._texts = texts

    def clean(self, server: McpServerStdio | McpServerHttp, number: int) -> dict[str, Any] | None:
        """Return a server with variables in place of what must not travel; None if none fit."""
        name = f"server-{number}" if self._texts.is_dirty(server.name) else server.name
        where = f"MCP server {name}"
        base = _variable(name) or "SERVER"
        found: dict[str, Any] = {"name": name}
        if isinstance(server, McpServerStdio):
            found["command"] = self.command(server.command, base, where)
            args = [*self._args(server.args, base, where)]
            if args:
                found["args"] = args
            key, pairs, prefix = "env", server.env, ""
        else:
            if server.type != "http":
                found["type"] = server.type
            url = self._server_url(server.url, base, where)
            if url is None:
                self._texts.leave(where)
                return None
            found["url"] = url
            key, pairs, prefix = "headers", server.headers, f"{base}_"
        referred = self.pairs(pairs, prefix, f"{key} of {where}")
        if referred:
            found[key] = referred
        return found

    def command(self, command: str, base: str, where: str) -> str:
        """Return a command without its path; a variable in place of one that is dirty."""
        if is_absolute(command) or command.startswith("~"):
            command = re.split(r"[\\/]+", command.rstrip("\\/"))[-1]
            self._texts.leave(f"path of the command of {where}")
        if not command.strip() or self._texts.is_dirty(command):
            self._texts.leave(f"command of {where}")
            return f"${{{base}_COMMAND}}"
        return command

    def pairs(self, pairs: Mapping[str, str], prefix: str, where: str) -> dict[str, str]:
        """Return environment or headers with a variable in place of each value."""
        found: dict[str, str] = {}
        for key, value in pairs.items():
            name = key if not prefix and re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII) else ""
            name = name or prefix + _variable(key)
            if self._texts.is_dirty(key) or not name.rstrip("_"):
                self._texts.leave(f"one of {where}")
            else:
                found[key] = value if is_reference(value) else f"${{{name}}}"
        return found

    def _args(self, args: Sequence[str], base: str, where: str) -> Iterator[str]:
        before = ""
        for number, arg in enumerate(args, 1):
            instead = f"${{{base}_ARG_{number}}}"
            flag = before.startswith("-") and "=" not in before and secret_name(before)
            before = arg
            if is_reference(arg):
                yield arg
                continue
            head, mark, value = arg.partition("=")
            told = f"argument {number} of {where}"
            if flag and not _FLAG.fullmatch(arg):
                self._texts.leave(told)
                yield instead
            elif mark and re.fullmatch(r"-{0,2}[\w.-]+", head) and not self._texts.is_dirty(head):
                if is_reference(value) or not (
                    looks_secret(head, value)
                    or self._texts.is_dirty(value)
                    or self._texts.is_dirty(arg)
                ):
                    yield arg
                else:
                    self._texts.leave(told)
                    yield f"{head}={instead}"
            elif self._texts.is_dirty(arg):
                self._texts.leave(told)
                yield instead
            else:
                yield arg

    def _server_url(self, text: str, base: str, where: str) -> str | None:
        parts = split_address(text)
        if parts is None:
            return None
        kept = [pair for pair in parts.query.split("&") if not self._is_secret_pair(pair)]
        path = "/".join(
            f"${{{base}_URL_PART}}" if segment and self._texts.is_dirty(segment) else segment
            for segment in parts.path.split("/")
        )
        url = urlunsplit(
            parts._replace(netloc=host_of(parts), path=path, query="&".join(kept), fragment="")
        )
        if url != text:
            self._texts.leave(f"part of the address of {where}")
        return None if self._texts.is_dirty(url) else url

    def _is_secret_pair(self, pair: str) -> bool:
        key, _, value = (unquote_plus(part) for part in pair.partition("="))
        if is_reference(value):
            return False
        return looks_secret(key, value) or self._texts.is_dirty(value) or self._texts.is_dirty(key)


def _variable(name: str) -> str:
    """Return the name of an environment variable for any text."""
    word = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")[:40]
    return f"_{word}" if word[:1].isdigit() else word
