"""One MCP server at work: connected, used and left by one task of its own."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from persona.core import McpServer, McpServerHttp, McpServerStdio, expand_env
from persona.engines.litellm import _sdk
from persona.engines.litellm._errors import redact
from persona.engines.litellm._sdk import Data, Gone, Session, Transport
from persona.engines.litellm._stderr import ServerOutput
from persona.engines.litellm._tie import tied

START_LIMIT = 60.0
"""Seconds that a server may take to start; the first run of npx or uvx downloads."""

LIST_LIMIT = 15.0
"""Seconds that a running server may take to list its tools."""

STOP_LIMIT = 10.0
"""Seconds that a server may take to end before it is abandoned."""

T = TypeVar("T")


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
        self._started: tuple[asyncio.Task[None], asyncio.Future[Session]] | None = None

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

    async def tools(self) -> list[Data]:
        """Return the server's tools, as the protocol has them.

        Raises:
            ServerError: It does not answer.
        """
        listing = await self._while_open(lambda session: session.tools(), LIST_LIMIT)
        if not listing.done():
            raise ServerError(f"it did not list its tools within {LIST_LIMIT:g} s.")
        error = listing.exception()
        if error is not None:
            raise ServerError(self._reason(error)) from error
        return listing.result()

    async def call(self, tool: str, arguments: Data) -> Data:
        """Call a tool and return the answer, as the protocol has it.

        Raises:
            ServerError: The server is gone.
            Exception: What the SDK raises, for example for unknown tools.
        """
        calling = await self._while_open(lambda session: session.call(tool, arguments))
        try:
            return calling.result()
        except Gone as exc:
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

    def _start(self) -> tuple[asyncio.Task[None], asyncio.Future[Session]]:
        ready: asyncio.Future[Session] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._hold(ready), name=f"MCP server {self.server.name}")
        task.add_done_callback(self._note_end)
        self._started = (task, ready)
        return self._started

    def _note_end(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._log.debug("MCP server %s ended: %s", self.server.name, self._reason(error))

    async def _while_open(
        self, work: Callable[[Session], Coroutine[Any, Any, T]], limit: float | None = None
    ) -> asyncio.Task[T]:
        """Return the work, done unless it took longer than ``limit``.

        Raises:
            ServerError: The connection ended, or there was none.
        """
        if self._started is None or not self._started[1].done() or self._leave.is_set():
            raise ServerError("it does not run any more.")
        held, ready = self._started
        task = asyncio.create_task(work(ready.result()))
        # Version 1 of the SDK does not tell all ends to those who wait for an answer.
        both: set[asyncio.Future[Any]] = {task, held}
        try:
            await asyncio.wait(both, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
        if held.done() and not task.done():
            self.release()
            error = None if held.cancelled() else _first(held.exception())
            refused = hasattr(error, "response")
            raise ServerError(self._reason(error) if refused else "it has gone.") from error
        return task

    async def _hold(self, ready: asyncio.Future[Session]) -> None:
        await _sdk.load()
        async with AsyncExitStack() as stack:
            transport = self._transport(stack)
            ready.set_result(await stack.enter_async_context(_sdk.opened(transport)))
            await self._leave.wait()

    def _transport(self, stack: AsyncExitStack) -> Transport:
        match self.server:
            case McpServerStdio() as server:
                return self._stdio(server, stack)
            case McpServerHttp() as server:
                return self._http(server)
            case other:
                raise TypeError(f"{type(other).__name__} is no kind of MCP server")

    def _stdio(self, server: McpServerStdio, stack: AsyncExitStack) -> Transport:
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
        errors = stack.enter_context(self._output.opened())
        transport: Transport = stdio.stdio_client(parameters, errors)
        return transport

    def _http(self, server: McpServerHttp) -> Transport:
        url = self._expand(server.url)
        headers = self._expanded(server.headers)
        if server.type != "sse":
            return _sdk.http_transport(url, headers, self.release)
        sse = importlib.import_module("mcp.client.sse")
        transport: Transport = sse.sse_client(url, headers=headers)
        return transport

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
        error = _first(error)
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


def _first(error: BaseException | None) -> BaseException | None:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _located(command: str, folder: Path) -> str:
    """Return ``command`` with a relative path made absolute; a bare name stays one."""
    path = Path(command).expanduser()
    has_folder = os.sep in command or "/" in command
    return str(folder / path if has_folder else path)
