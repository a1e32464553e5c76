"""MCP servers as a session is opened with them."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

from persona.core import McpServer, McpServerHttp, McpServerStdio
from persona.engines.acp._agent import Agent
from persona.engines.acp._bridge import Bridge, BridgeError
from persona.engines.acp._transport import JsonObject


async def server_params(
    agent: Agent,
    servers: Iterable[McpServer],
    folder: Path,
    stack: AsyncExitStack,
    *,
    takes_stdio: bool,
    log: logging.Logger,
) -> tuple[list[JsonObject], list[str]]:
    """Return the servers as the agent takes them, and what it does not take.

    Args:
        agent: The agent.
        servers: The servers; variables in them are replaced already.
        folder: Where a bridged server is started.
        stack: Holds the bridges; they end with it.
        takes_stdio: Whether the agent starts servers itself.
        log: Logger.
    """
    params: list[JsonObject] = []
    problems: list[str] = []
    for server in servers:
        match server:
            case McpServerStdio() if takes_stdio:
                params.append(_stdio(server, folder))
            case McpServerStdio():
                bridge = Bridge(server, located(server.command, folder), folder, log)
                stack.push_async_callback(bridge.close)
                try:
                    url = await bridge.open()
                    agent.hide([url.split("/")[3]])  # whoever has it can use the server
                    params.append(_bridged(server, url))
                except BridgeError as exc:
                    problems.append(f"The MCP server {server.name} is not used: {exc}")
            case McpServerHttp():
                if agent.can("mcpCapabilities", server.type):
                    params.append(_http(server))
                else:
                    problems.append(
                        f"The MCP server {server.name} is not used: {agent.row.name} takes "
                        f"no servers over {server.type.upper()}."
                    )
    return params, problems


def named_values(servers: Iterable[McpServer]) -> Iterator[tuple[str, str]]:
    """Give names and values of environment and headers, which may be secret."""
    for server in servers:
        if isinstance(server, McpServerStdio):
            yield from server.env.items()
        elif isinstance(server, McpServerHttp):
            yield from server.headers.items()


def located(command: str, folder: Path) -> str:
    """Return the path of a program: a relative one is looked up in ``folder``."""
    path = Path(command).expanduser()
    if os.sep in command or "/" in command:
        return str(folder / path)
    return shutil.which(command) or command


def _stdio(server: McpServerStdio, folder: Path) -> JsonObject:
    return {
        "name": server.name,
        "command": located(server.command, folder),
        "args": list(server.args),
        "env": _pairs(server.env),
    }


def _bridged(server: McpServerStdio, url: str) -> JsonObject:
    return {"type": "http", "name": server.name, "url": url, "headers": []}


def _http(server: McpServerHttp) -> JsonObject:
    return {
        "type": server.type,
        "name": server.name,
        "url": server.url,
        "headers": _pairs(server.headers),
    }


def _pairs(values: dict[str, str]) -> list[JsonObject]:
    return [{"name": name, "value": value} for name, value in values.items()]
