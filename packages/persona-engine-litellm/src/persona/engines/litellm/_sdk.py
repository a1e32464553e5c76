"""The MCP SDK, version 1 or 2, as one: sessions, and data in the names of the protocol."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

Data = dict[str, Any]
"""A message of the protocol, or a part of one."""

Transport = AbstractAsyncContextManager[Any]
"""A way to a server, to be opened."""


class Gone(Exception):
    """The connection to the server has ended."""


class Session:
    """An open session with a server, for `Connection`.

    Args:
        mcp: The SDK.
        client: A `Client` of version 2 or a `ClientSession` of version 1.
    """

    def __init__(self, mcp: Any, client: Any) -> None:
        self._types = mcp.types
        self._client = client
        self._has_cache = hasattr(mcp, "Client")
        anyio = importlib.import_module("anyio")
        self._broken = (anyio.BrokenResourceError, anyio.ClosedResourceError)
        self._error = mcp.MCPError if hasattr(mcp, "MCPError") else mcp.McpError

    async def tools(self) -> list[Data]:
        """Return all tools, asked for anew.

        Raises:
            Exception: What the SDK raises.
        """
        found: list[Data] = []
        cursor = None
        while True:
            page = _data(await self._page(cursor))
            found += page["tools"]
            cursor = page.get("nextCursor")
            if not cursor:
                return found

    async def call(self, tool: str, arguments: Data) -> Data:
        """Call a tool and return the answer.

        Raises:
            Gone: The connection has ended.
            Exception: What the SDK raises, for example for unknown tools.
        """
        try:
            return _data(await self._client.call_tool(tool, arguments))
        except self._broken as exc:  # version 1, when the server had gone before
            raise Gone from exc
        except self._error as exc:
            if exc.error.code != self._types.CONNECTION_CLOSED:
                raise
            raise Gone from exc

    async def _page(self, cursor: str | None) -> Any:
        if self._has_cache:
            return await self._client.list_tools(cursor=cursor, cache_mode="bypass")
        params = self._types.PaginatedRequestParams(cursor=cursor)
        return await self._client.list_tools(params=params)


@asynccontextmanager
async def opened(transport: Transport) -> AsyncIterator[Session]:
    """Open a session; the task that enters must leave.

    Raises:
        Exception: What the SDK raises when the server does not answer.
    """
    mcp = importlib.import_module("mcp")
    if hasattr(mcp, "Client"):
        async with mcp.Client(transport) as client:
            yield Session(mcp, client)
        return
    async with transport as streams, mcp.ClientSession(*streams[:2]) as client:
        await client.initialize()
        yield Session(mcp, client)


async def load() -> None:
    """Import the SDK, in a thread: it takes a while."""
    await asyncio.to_thread(importlib.import_module, "mcp")


@asynccontextmanager
async def http_transport(
    url: str, headers: dict[str, str], broken: Callable[[], None]
) -> AsyncIterator[Any]:
    """Open a way to a server on streamable HTTP.

    Args:
        url: The server's address.
        headers: Sent with each request.
        broken: Called when an answer breaks off and the SDK does not tell.
    """
    http = importlib.import_module("mcp.client.streamable_http")
    async with http.create_mcp_http_client(headers=headers) as client:
        if not hasattr(importlib.import_module("mcp"), "Client"):
            watch = importlib.import_module("persona.engines.litellm._broken_answers").watch
            watch(client, broken)
        async with http.streamable_http_client(url, http_client=client) as streams:
            yield streams


def _data(message: Any) -> Data:
    data: Data = message.model_dump(mode="json", by_alias=True)
    return data
