"""One MCP server at work: connected, used and left by one task of its own."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from persona.core import McpServer, McpServerHttp, McpServerStdio, expand_env
from persona.engines.litellm._errors import redact
from persona.engines.litellm._stderr import ServerOutput
from persona.engines.litellm._tie import tied

START_LIMIT = 60.0
"""Seconds that a server may take to start; the first run of npx or uvx downloads."""

LIST_LIMIT = 15.0
"""Seconds that a running server may take to list its tools."""

STOP_LIMIT = 10.0
"""Seconds that a server may take to end before it is abandoned."""


class ServerError(Exception):
    """A server cannot be used; the message is for the user."""


class Connection:
    """A connection to one server.

    The SDK's cancel scopes must be left by the task that entered them, so one task
    holds the connection from beginning to end; turns only talk through it.

    Args:
        server: The server, as defined.
        folder: Where a stdio server is started.
        log: Logger.
    """

    def __init__(self, server: McpServer, folder: Path, log: logging.Logger) -> None:
        self.server = server
        self.folder = folder
        self._log = log
        self._leave = asyncio.Event()
        self._secrets: tuple[str, ...] = ()
        self._output: ServerOutput | None = None
        self._started: tuple[asyncio.Task[None], asyncio.Future[Any]] | None = None

    async def open(self) -> None:
        """Start the server, or wait until it has started.

        Raises:
            ServerError: It cannot be started.
        """
        task, ready = self._started or self._start()
        waiting: set[asyncio.Future[Any]] = {task, ready}
        await asyncio.wait(waiting, timeout=START_LIMIT, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            return
        if not task.done():
            task.cancel()
            raise ServerError(f"it did not answer within {START_LIMIT:g} s.")
        error = None if task.cancelled() else task.exception()
        if self._output is not None:
            await self._output.read_to_end()
        raise ServerError(self._reason(error)) from error

    async def tools(self) -> list[Any]:
        """Return the server's tools, as the SDK's objects.

        Raises:
            ServerError: It does not answer.
        """
        listing = asyncio.create_task(self._list())
        try:
            done, _ = await asyncio.wait({listing}, timeout=LIST_LIMIT)
        finally:
            listing.cancel()
        if not done:
            raise ServerError(f"it did not list its tools within {LIST_LIMIT:g} s.")
        error = listing.exception()
        if error is not None:
            raise ServerError(self._reason(error)) from error
        return listing.result()

    async def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        """Call a tool and return the SDK's result.

        Raises:
            ServerError: The server is gone.
            Exception: What the SDK raises, for example for unknown tools.
        """
        client = self._client()
        mcp = _sdk()
        try:
            return await client.call_tool(tool, arguments)
        except mcp.MCPError as exc:
            if exc.code != mcp.types.CONNECTION_CLOSED:
                raise
            self.release()
            raise ServerError("it has gone.") from exc

    def release(self) -> None:
        """Let the server end. Returns at once; may be called at any time."""
        self._leave.set()
        if self._started is not None and not self._started[1].done():
            self._started[0].cancel()  # still starting: it does not listen for the event yet

    @property
    def released(self) -> bool:
        """Whether the connection is to be used no more."""
        return self._leave.is_set()

    @property
    def ended(self) -> bool:
        """Whether nothing is left of it."""
        return self._started is None or self._started[0].done()

    async def closed(self) -> None:
        """Wait until the server has ended, at most `STOP_LIMIT`; then abandon it."""
        if self._started is None:
            return
        task = self._started[0]
        _, running = await asyncio.wait({task}, timeout=STOP_LIMIT)
        if running:
            self._log.warning("MCP server %s does not end; abandoned.", self.server.name)
            task.cancel()

    def _start(self) -> tuple[asyncio.Task[None], asyncio.Future[Any]]:
        ready: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._hold(ready), name=f"MCP server {self.server.name}")
        task.add_done_callback(self._note_end)
        self._started = (task, ready)
        return self._started

    def _note_end(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._log.debug("MCP server %s ended: %s", self.server.name, self._reason(error))

    def _client(self) -> Any:
        if self._started is None or not self._started[1].done() or self._leave.is_set():
            raise ServerError("it does not run any more.")
        return self._started[1].result()

    async def _list(self) -> list[Any]:
        client = self._client()
        found: list[Any] = []
        cursor = None
        while True:
            page = await client.list_tools(cursor=cursor, cache_mode="bypass")
            found += page.tools
            cursor = page.next_cursor
            if not cursor:
                return found

    async def _hold(self, ready: asyncio.Future[Any]) -> None:
        mcp = await asyncio.to_thread(_sdk)
        async with AsyncExitStack() as stack:
            transport = await self._transport(stack)
            client = await stack.enter_async_context(mcp.Client(transport))
            ready.set_result(client)
            await self._leave.wait()

    async def _transport(self, stack: AsyncExitStack) -> Any:
        match self.server:
            case McpServerStdio() as server:
                return self._stdio(server, stack)
            case McpServerHttp() as server:
                return await self._http(server, stack)

    def _stdio(self, server: McpServerStdio, stack: AsyncExitStack) -> Any:
        stdio = importlib.import_module("mcp.client.stdio")
        env = self._expanded(server.env)
        command, args = tied(
            _located(self._expand(server.command), self.folder),
            [self._expand(arg) for arg in server.args],
            env.get("PATH"),
        )
        self._output = ServerOutput(server.name, self._log, self._secrets)
        parameters = stdio.StdioServerParameters(
            command=command,
            args=args,
            env=env,
            cwd=self.folder,
            encoding_error_handler="replace",
        )
        return stdio.stdio_client(parameters, stack.enter_context(self._output.opened()))

    async def _http(self, server: McpServerHttp, stack: AsyncExitStack) -> Any:
        url = self._expand(server.url)
        headers = self._expanded(server.headers)
        if server.type == "sse":
            return importlib.import_module("mcp.client.sse").sse_client(url, headers=headers)
        http = importlib.import_module("mcp.client.streamable_http")
        client = http.create_mcp_http_client(headers=headers)
        return http.streamable_http_client(url, http_client=await stack.enter_async_context(client))

    def _expanded(self, values: Mapping[str, str]) -> dict[str, str]:
        return {name: self._expand(value) for name, value in values.items()}

    def _expand(self, text: str) -> str:
        try:
            value = expand_env(text)
        except KeyError as exc:
            raise ServerError(
                f"it needs the environment variable {exc.args[0]}, which is not set. Set it and "
                "restart the Jupyter server."
            ) from exc
        if value != text and len(value) > 5:
            self._secrets = (*self._secrets, value)
        return value

    def _reason(self, error: BaseException | None) -> str:
        """Return one sentence of why the server cannot be used."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        server = self.server
        if isinstance(error, ServerError):
            return str(error)
        if isinstance(error, FileNotFoundError | PermissionError) and isinstance(
            server, McpServerStdio
        ):
            what = "was not found" if isinstance(error, FileNotFoundError) else "may not be run"
            return f"the command {server.command!r} {what}."
        if isinstance(server, McpServerHttp) and type(error).__name__.startswith("Connect"):
            return f"nothing answers at {server.url}."
        lines = redact(str(error or "it ended"), self._secrets).strip().splitlines()
        said = lines[0].rstrip(".") if lines else type(error).__name__
        if isinstance(server, McpServerHttp):
            return f"{server.url}: {said}. Check the address and the headers."
        last = self._output.last_line if self._output is not None else ""
        return f"{said}. Its last words: {last}" if last else f"{said}."


def _sdk() -> Any:
    return importlib.import_module("mcp")


def _located(command: str, folder: Path) -> str:
    """Return ``command`` with a relative path made absolute; a bare name stays one."""
    path = Path(command).expanduser()
    has_folder = os.sep in command or "/" in command
    return str(folder / path if has_folder else path)
