"""The MCP servers of one persona in one chat, and their tools."""

from __future__ import annotations

import asyncio
import html
import json
import logging
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from persona.core import McpServer, Notice
from persona.engines.litellm._connection import Connection, ServerError
from persona.engines.litellm._sdk import Data
from persona.engines.litellm._tools import Result, Tool


class McpServers:
    """Keeps a persona's servers running between turns.

    They are started at the first turn that needs them. Only this object's persona
    reaches them: there is one for each engine instance.

    Args:
        log: Logger.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._connections: dict[str, Connection] = {}
        self._leaving: list[Connection] = []

    async def tools(
        self, servers: Sequence[McpServer], folder: Path
    ) -> tuple[list[Tool], list[Notice]]:
        """Return the tools of ``servers``, started where they do not run.

        A server that does not work costs a notice, not the turn. It is tried again at
        the next one.
        """
        self.keep(servers)
        found = await asyncio.gather(*(self._tools_of(server, folder) for server in servers))
        tools = [tool for item in found if isinstance(item, list) for tool in item]
        return tools, [item for item in found if isinstance(item, Notice)]

    def keep(self, servers: Iterable[McpServer]) -> None:
        """Let all servers end that are not among these as they are now. Returns at once."""
        wanted = {server.name: server for server in servers}
        for name, connection in list(self._connections.items()):
            if wanted.get(name) != connection.server:
                self._drop(name)

    async def close(self) -> None:
        """Let all servers end, and wait for it within a time limit."""
        for name in list(self._connections):
            self._drop(name)
        leaving, self._leaving = self._leaving, []
        await asyncio.gather(*(connection.closed() for connection in leaving))

    async def _tools_of(self, server: McpServer, folder: Path) -> list[Tool] | Notice:
        known = self._connections.get(server.name)
        if known is not None and not known.released and known.folder == folder:
            try:
                return await self._listed(known)
            except ServerError as exc:
                self._log.info("MCP server %s is started again: %s", server.name, exc)
        if known is not None:
            self._drop(server.name)
        connection = Connection(server, folder, self._log)
        self._connections[server.name] = connection
        try:
            return await self._listed(connection)
        except ServerError as exc:
            self._drop(server.name)
            text = f"The tools of {server.name} are missing: {exc}"
            return Notice(html.escape(text, quote=False), "warning")

    async def _listed(self, connection: Connection) -> list[Tool]:
        await connection.open()
        return [self._tool(connection, tool) for tool in await connection.tools()]

    def _tool(self, connection: Connection, tool: Data) -> Tool:
        name = tool["name"]
        return Tool(
            name=f"{connection.server.name}__{name}",
            title=name,
            description=tool.get("description") or tool.get("title") or "",
            parameters=tool["inputSchema"],
            run=partial(self._run, connection, name),
            server=connection.server.name,
        )

    async def _run(self, connection: Connection, tool: str, arguments: dict[str, Any]) -> Result:
        name = connection.server.name
        try:
            answer = await connection.call(tool, arguments)
        except ServerError as exc:
            return Result(
                f"The server {name} of this tool cannot be used: {exc}",
                failed=True,
                notice=html.escape(
                    f"The tools of {name} are gone: {exc} It is started again next time.",
                    quote=False,
                ),
            )
        return Result(_text(answer), failed=bool(answer.get("isError")))

    def _drop(self, name: str) -> None:
        connection = self._connections.pop(name)
        connection.release()
        self._leaving = [c for c in (*self._leaving, connection) if not c.ended]


def _text(answer: Data) -> str:
    """Return a tool's answer as text; what is not text is only named."""
    parts = [_block(block) for block in answer["content"]]
    if not parts and answer.get("structuredContent") is not None:
        return json.dumps(answer["structuredContent"], ensure_ascii=False)
    return "\n".join(parts)


def _block(block: Data) -> str:
    match block["type"]:
        case "text":
            return str(block["text"])
        case "resource":
            text = block["resource"].get("text")
            return str(text) if text is not None else f"(a file: {block['resource']['uri']})"
        case "resource_link":
            return f"(a link: {block['uri']})"
        case kind:
            return f"({kind}, {block.get('mimeType') or 'of unknown type'}, not shown)"
