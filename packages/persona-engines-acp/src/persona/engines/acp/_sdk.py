"""A connection of the ACP SDK over our transport, with each version of it that users have."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

from persona.engines.acp._transport import JsonObject, PipeTransport

Handler = Callable[[str, Any, bool], Awaitable[Any]]
"""Answers what the agent asks: the method, its parameters, whether it is a notification."""


class Connection(Protocol):
    """What is used of the SDK's connection."""

    async def send_request(self, method: str, params: JsonObject) -> Any:
        """Send a request and return its result."""

    async def send_notification(self, method: str, params: JsonObject) -> None:
        """Send a notification."""

    async def close(self) -> None:
        """End everything that is under way."""


def load_sdk() -> None:
    """Import the ACP SDK; takes about a second, so call it off the event loop."""
    importlib.import_module("acp.connection")


def connect(handler: Handler, transport: PipeTransport) -> Connection:
    """Make a connection over a transport. The SDK must have been loaded.

    Args:
        handler: Answers what the agent asks.
        transport: The messages to and from the agent.
    """
    make: Callable[..., Connection] = importlib.import_module("acp.connection").Connection
    if "queue" not in inspect.signature(make).parameters:  # 0.12 takes a transport
        return make(handler, transport)
    parts = _Parts(transport)
    return make(
        handler,
        None,  # the writer is for the sender only
        parts,
        queue=parts,
        state_store=parts,
        sender_factory=lambda *_: parts,
        dispatcher_factory=parts.dispatcher,
    )


class _Parts:
    """What 0.11 puts a connection together from, over a transport.

    Its own parts write to a stream that may hang when the agent is gone, keep every request
    for the whole life of the connection, and log each refusal as an error.
    """

    def __init__(self, transport: PipeTransport) -> None:
        self._transport = transport
        self._refusal: type[Exception] = importlib.import_module("acp.exceptions").RequestError
        self._pending: dict[Any, asyncio.Future[Any]] = {}
        self._run: Callable[[str, JsonObject], None] | None = None

    # -- the reader ---------------------------------------------------------------

    async def readuntil(self, _: bytes) -> bytes:
        message = await self._transport.receive()
        return b"" if message is None else json.dumps(message).encode() + b"\n"

    # -- the sender ---------------------------------------------------------------

    async def send(self, message: JsonObject) -> None:
        try:
            await self._transport.send(message)
        except ConnectionError:
            if "method" not in message:
                return  # an answer, and nobody is left who wants it
            if future := self._pending.get(message.get("id")):
                future.cancel()
            raise

    async def close(self) -> None:
        await self._transport.close()

    # -- the store of our requests -------------------------------------------------

    def register_outgoing(self, request_id: int, _: str) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending[request_id] = future
        future.add_done_callback(lambda _: self._pending.pop(request_id, None))
        return future

    def resolve_outgoing(self, request_id: Any, result: Any) -> None:
        future = self._pending.get(request_id)
        if future is not None and not future.done():
            future.set_result(result)

    def reject_outgoing(self, request_id: Any, error: Exception) -> None:
        future = self._pending.get(request_id)
        if future is not None and not future.done():
            future.set_exception(error)

    def reject_all_outgoing(self, error: Exception) -> None:
        for request_id in tuple(self._pending):
            self.reject_outgoing(request_id, error)

    # -- the queue and the dispatcher of the agent's requests -----------------------

    async def publish(self, task: Any) -> None:
        if self._run is not None:
            self._run(task.kind.name, task.message)

    def dispatcher(
        self,
        _queue: Any,
        tasks: Any,
        _store: Any,
        request: Callable[[JsonObject], Awaitable[Any]],
        notification: Callable[[JsonObject], Awaitable[None]],
    ) -> _Parts:
        async def answer(message: JsonObject) -> None:
            with suppress(self._refusal):  # the agent was told
                await request(message)

        def run(kind: str, message: JsonObject) -> None:
            runner = answer if kind == "REQUEST" else notification
            tasks.create(runner(message), name=f"acp.Connection.{kind.lower()}")

        self._run = run
        return self

    def start(self) -> None:
        """Nothing to start: each request has a task of its own."""

    async def stop(self) -> None:
        # Called first when the connection closes: nobody has to wait until all else has ended.
        self.reject_all_outgoing(ConnectionError("Connection closed"))
