"""Messages over an agent's pipes, in order and safe to hand to the ACP SDK."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

JsonObject = dict[str, Any]
"""A JSON object."""

MAX_LINE = 64 * 1024 * 1024
"""Longest line that is read, in bytes; an agent that sends a longer one is given up."""

MAX_DEPTH = 100
"""Deepest message that is taken: what handles a message must be able to recurse in it."""

_SHOWN = 200
_LOGGED = 20
"""How many lines that are no messages are logged, a process."""

UPDATE = "session/update"


class PipeTransport:
    """A `Transport` of the ACP SDK, fed by an event loop's protocol.

    Updates of sessions are taken out of the stream and given to ``on_update`` at once, in
    the order in which they came: the SDK would start a task for each, and tasks overtake
    each other. What is no message (text, numbers, half a line) is dropped: the SDK's
    connection ends on some of it.

    Args:
        on_update: Gets the ``params`` of each ``session/update`` and its length in bytes.
        write: Writes bytes to the agent without blocking.
        hang_up: Called when the agent must be given up; says why.
        log: Logger.
        show: Makes text of a line that is logged.
    """

    def __init__(
        self,
        on_update: Callable[[JsonObject, int], None],
        write: Callable[[bytes], None],
        hang_up: Callable[[str], None],
        log: logging.Logger,
        show: Callable[[bytes], str],
    ) -> None:
        self._on_update = on_update
        self._write = write
        self._hang_up = hang_up
        self._log = log
        self._show = show
        self._partial: list[bytes] = []
        self._partial_size = 0
        self._inbox: deque[JsonObject] = deque()
        self._arrived = asyncio.Event()
        self._closed = False
        self._dropped: deque[str] = deque(maxlen=3)
        self._dropped_count = 0

    @property
    def closed(self) -> bool:
        """Whether nothing comes or goes any more."""
        return self._closed

    @property
    def dropped(self) -> tuple[str, ...]:
        """The beginnings of the last lines that were no messages."""
        return tuple(self._dropped)

    # -- what the pipe brings -------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take what was read; called by the event loop."""
        if self._closed:
            return
        head, newline, rest = data.rpartition(b"\n")
        if not newline:
            self._keep(data)
            return
        if self._partial:
            head = b"".join((*self._partial, head))
            self._partial.clear()
            self._partial_size = 0
        if rest:
            self._keep(rest)
        self._take_lines(iter(head.split(b"\n")))

    def feed_end(self) -> None:
        """Take note that nothing more comes. A last line without an end still counts."""
        if self._partial:
            line = b"".join(self._partial)
            self._partial.clear()
            self._take_line(line)
        self._closed = True
        self._arrived.set()

    def _keep(self, data: bytes) -> None:
        self._partial.append(data)
        self._partial_size += len(data)
        if self._partial_size > MAX_LINE:
            self._partial.clear()
            self._hang_up(f"It sent a line of more than {MAX_LINE // 2**20} MiB.")
            self.feed_end()

    def _take_lines(self, lines: Iterator[bytes]) -> None:
        with ExitStack() as rest:
            # A defect in handling one must not cost the others: a turn waits for its answer.
            rest.callback(self._take_later, lines)
            for line in lines:
                self._take_line(line)
            rest.pop_all()

    def _take_later(self, lines: Iterator[bytes]) -> None:
        asyncio.get_running_loop().call_soon(self._take_lines, lines)

    def _take_line(self, line: bytes) -> None:
        if not line or line.isspace():
            return
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):  # no UTF-8 is a ValueError too
            self._drop(line)
            return
        if not isinstance(message, dict) or _too_deep(line, message):
            self._drop(line)
            return
        if message.get("method") == UPDATE and "id" not in message:
            params = message.get("params")
            if isinstance(params, dict):
                self._on_update(params, len(line))
            else:
                self._drop(line)
        elif _well_formed(message):
            self._inbox.append(message)
            self._arrived.set()
        else:
            self._drop(line)

    def _drop(self, line: bytes) -> None:
        text = self._show(line[: 10 * _SHOWN]).strip()[:_SHOWN]
        self._dropped.append(text)
        self._dropped_count += 1
        if self._dropped_count <= _LOGGED:
            self._log.debug("Not a message, dropped: %s", text)
        if self._dropped_count == _LOGGED:
            self._log.debug("Further lines that are no messages are dropped without a word.")

    # -- what the SDK's connection calls ----------------------------------------

    async def receive(self) -> JsonObject | None:
        """Return the next message, or None when the agent is gone."""
        while not self._inbox:
            if self._closed:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        return self._inbox.popleft()

    async def send(self, message: JsonObject) -> None:
        """Send a message; the pipe's buffer takes what the agent does not read yet.

        Raises:
            ConnectionError: The agent is gone.
        """
        if self._closed:
            raise ConnectionError("Connection closed")
        text = json.dumps(message, separators=(",", ":"), ensure_ascii=True, default=str)
        self._write(text.encode() + b"\n")

    async def close(self) -> None:
        """Take and send nothing any more."""
        self._closed = True
        self._arrived.set()


def _too_deep(line: bytes, message: JsonObject) -> bool:
    if line.count(b"{") + line.count(b"[") <= MAX_DEPTH:  # nearly all lines
        return False
    level: list[Any] = [message]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True


def _well_formed(message: JsonObject) -> bool:
    """Whether the SDK's connection can take it; mends an error that is no object."""
    if "method" in message and message["method"] is not None:
        return isinstance(message["method"], str)
    if not isinstance(message.get("id"), str | int):
        return False
    error = message.get("error")
    if error is not None and not isinstance(error, dict):
        message["error"] = {"code": -32603, "message": str(error)}
    elif isinstance(error, dict):
        code = error.get("code")
        message["error"] = {
            **error,
            "code": code if isinstance(code, int) else -32603,
            "message": str(error.get("message") or "Error"),
        }
    return True
