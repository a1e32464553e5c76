"""A stdio MCP server offered over HTTP on loopback, for agents that start none."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import secrets
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Any

from persona.core import McpServerStdio
from persona.engines.acp._process import kept
from persona.engines.acp._proxy import load_sdk, proxied
from persona.engines.acp._stderr import ErrorOutput, secrets_among

START_LIMIT = 60.0
"""Seconds that a server may take to start; the first run of npx or uvx downloads."""

STOP_LIMIT = 5.0
"""Seconds that a bridge may take to end before it is abandoned."""


class BridgeError(Exception):
    """A server cannot be bridged; the message is for the user."""


class Bridge:
    """Runs one stdio server and passes on what is asked of it over HTTP.

    The address holds a secret, so that nobody else on the machine can use the server.

    Args:
        server: The server; variables in it are replaced.
        command: Its program, located.
        folder: Where it is started.
        log: Logger.
    """

    def __init__(
        self, server: McpServerStdio, command: str, folder: Path, log: logging.Logger
    ) -> None:
        self._server = server
        self._command = command
        self._folder = folder
        self._output = ErrorOutput(f"MCP server {server.name}", log)
        self._output.hide(secrets_among(server.env.items()))
        self._leave = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> str:
        """Start the server and return the address.

        Raises:
            BridgeError: It cannot be started.
        """
        if shutil.which(self._command) is None:
            raise BridgeError(f"the command {self._server.command!r} was not found.")
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        # One task from beginning to end: the SDK's cancel scopes want to be left by the
        # task that entered them.
        self._task = asyncio.create_task(self._hold(ready), name=f"bridge {self._server.name}")
        waiting: set[asyncio.Future[Any]] = {self._task, ready}
        await asyncio.wait(waiting, timeout=START_LIMIT, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            return ready.result()
        if not self._task.done():
            self._task.cancel()
            raise BridgeError(f"it did not answer within {START_LIMIT:g} s.")
        said = self._output.last_lines
        error = None if self._task.cancelled() else self._task.exception()
        raise BridgeError(said[-1] if said else f"it ended: {_first(error)}.") from error

    async def close(self) -> None:
        """End the server; safe to repeat."""
        self._leave.set()
        if self._task is None:
            return
        _, running = await asyncio.wait({self._task}, timeout=STOP_LIMIT)
        if running:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=1.0)

    async def _hold(self, ready: asyncio.Future[str]) -> None:
        await asyncio.to_thread(_load)
        program, *args = kept([self._command, *self._server.args])
        parameters = {
            "command": program,
            "args": args,
            "env": self._server.env,
            "cwd": self._folder,
            "encoding_error_handler": "replace",
        }
        path = f"/{secrets.token_urlsafe(24)}/mcp"
        with _drained(self._output) as errors:
            async with (
                proxied(parameters, errors, path) as application,
                _served(application) as address,
            ):
                ready.set_result(address + path)
                await self._leave.wait()


def _load() -> None:
    importlib.import_module("uvicorn")
    load_sdk()


@asynccontextmanager
async def _served(application: Any) -> AsyncIterator[str]:
    """Serve on a free port of loopback; give the address."""
    uvicorn: Any = importlib.import_module("uvicorn")

    class Quiet(uvicorn.Server):  # type: ignore[misc]
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield  # signals are the Jupyter server's

    with socket.create_server(("127.0.0.1", 0)) as listener:
        web = Quiet(
            uvicorn.Config(
                application,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
                ws="none",
            )
        )
        serving = asyncio.create_task(web.serve(sockets=[listener]))
        try:
            while not web.started:
                if serving.done():
                    serving.result()
                    raise BridgeError("the bridge could not be started.")
                await asyncio.sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            web.should_exit = True
            await asyncio.wait({serving}, timeout=3)
            serving.cancel()


@contextmanager
def _drained(output: ErrorOutput) -> Iterator[IO[str]]:
    """Give a file with a descriptor; what is written to it goes to the log."""
    read, write = os.pipe()

    def drain() -> None:
        with os.fdopen(read, "rb", buffering=0) as file:
            while data := file.read(65536):
                output.feed(data)

    threading.Thread(target=drain, name="stderr of an MCP server", daemon=True).start()
    with os.fdopen(write, "w", encoding="utf-8") as file:
        yield file


def _first(error: BaseException | None) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error or "no reason is known").rstrip(".")
