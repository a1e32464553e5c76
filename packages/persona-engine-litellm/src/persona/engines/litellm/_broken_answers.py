"""Tells when an HTTP answer breaks off: version 1 of the MCP SDK waits for the rest forever."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable

import httpx

_EVENT_ID = re.compile(rb"^id:", re.MULTILINE)


def watch(client: httpx.AsyncClient, broken: Callable[[], None]) -> None:
    """Have ``broken`` called when the events that answer a request of ``client`` break off.

    The SDK stops to read them when it has its answer, so their end is never a good one. It
    asks for the rest itself if they have ids.
    """

    async def look(response: httpx.Response) -> None:
        stream = response.stream
        if (
            response.request.method == "POST"
            and response.headers.get("content-type", "").startswith("text/event-stream")
            and isinstance(stream, httpx.AsyncByteStream)
        ):
            response.stream = _Watched(stream, broken)

    client.event_hooks = {"response": [look]}


class _Watched(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, broken: Callable[[], None]) -> None:
        self._stream = stream
        self._broken = broken
        self._can_go_on = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:
                self._can_go_on = self._can_go_on or _EVENT_ID.search(part) is not None
                yield part
        except httpx.TransportError:
            self._tell()
            raise
        self._tell()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def _tell(self) -> None:
        if not self._can_go_on:
            self._broken()
