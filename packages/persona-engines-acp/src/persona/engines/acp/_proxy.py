"""A stdio MCP server as a web application, with each version of the MCP SDK that users have."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import IO, Any

from persona.engines.acp import _proxy_older as older


def load_sdk() -> None:
    """Import the MCP SDK; takes about a second, so call it off the event loop."""
    mcp = importlib.import_module("mcp")
    importlib.import_module("mcp.client.stdio")
    importlib.import_module("mcp.server.lowlevel")
    if not _is_new(mcp):
        older.load_sdk()


@asynccontextmanager
async def proxied(parameters: Mapping[str, Any], errors: IO[str], path: str) -> AsyncIterator[Any]:
    """Start a stdio server; give an ASGI application that answers what the server answers.

    Must be left by the task that entered it. The SDK must have been loaded.

    Args:
        parameters: Of the SDK's `StdioServerParameters`.
        errors: A file with a descriptor, for the server's standard error.
        path: Path of the application at which it is served.
    """
    mcp: Any = importlib.import_module("mcp")
    stdio: Any = importlib.import_module("mcp.client.stdio")
    pipes = stdio.stdio_client(stdio.StdioServerParameters(**parameters), errors)
    if _is_new(mcp):
        async with mcp.Client(pipes) as client:
            yield _server(client).streamable_http_app(streamable_http_path=path)
    else:
        async with pipes as (read, write), mcp.ClientSession(read, write) as session:
            yield older.application(session, await session.initialize(), path)


def _is_new(mcp: Any) -> bool:
    return hasattr(mcp, "Client")  # since 2.0


def _server(client: Any) -> Any:
    """Return a server that answers with what ``client`` is answered."""
    lowlevel = importlib.import_module("mcp.server.lowlevel")
    offered = client.server_capabilities
    handlers: dict[str, Any] = {}

    async def list_tools(_: Any, params: Any) -> Any:
        return await client.list_tools(cursor=_cursor(params), cache_mode="bypass")

    async def call_tool(_: Any, params: Any) -> Any:
        return await client.call_tool(params.name, params.arguments)

    async def list_prompts(_: Any, params: Any) -> Any:
        return await client.list_prompts(cursor=_cursor(params), cache_mode="bypass")

    async def get_prompt(_: Any, params: Any) -> Any:
        return await client.get_prompt(params.name, params.arguments)

    async def list_resources(_: Any, params: Any) -> Any:
        return await client.list_resources(cursor=_cursor(params), cache_mode="bypass")

    async def list_templates(_: Any, params: Any) -> Any:
        cursor = _cursor(params)
        return await client.list_resource_templates(cursor=cursor, cache_mode="bypass")

    async def read_resource(_: Any, params: Any) -> Any:
        return await client.read_resource(str(params.uri), cache_mode="bypass")

    if offered.tools is not None:
        handlers |= {"on_list_tools": list_tools, "on_call_tool": call_tool}
    if offered.prompts is not None:
        handlers |= {"on_list_prompts": list_prompts, "on_get_prompt": get_prompt}
    if offered.resources is not None:
        handlers |= {
            "on_list_resources": list_resources,
            "on_list_resource_templates": list_templates,
            "on_read_resource": read_resource,
        }
    info = client.server_info
    return lowlevel.Server(
        info.name, version=info.version, instructions=client.instructions, **handlers
    )


def _cursor(params: Any) -> str | None:
    return None if params is None else params.cursor
