"""Where the standard error of an MCP server goes: the log, not the terminal."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from persona.engines.litellm._errors import redact

_KEPT = 20

_LAST_WORDS = 2.0
"""Seconds to wait for what a server that has ended wrote at last."""


class ServerOutput:
    """Logs what a server writes and keeps its last lines.

    Args:
        name: The server's name.
        log: Where lines go, at level DEBUG.
        secrets: Values to blank out.
    """

    def __init__(self, name: str, log: logging.Logger, secrets: tuple[str, ...]) -> None:
        self._name = name
        self._log = log
        self._secrets = secrets
        self._lines: deque[str] = deque(maxlen=_KEPT)
        self._reader: threading.Thread | None = None

    @property
    def last_line(self) -> str:
        """The last line with text on it, or an empty string."""
        return next((line for line in reversed(self._lines) if line.strip()), "")

    @contextmanager
    def opened(self) -> Iterator[IO[str]]:
        """Give a file with a descriptor, for a process to write to."""
        # A pipe and a thread, because a process needs a real descriptor and Windows
        # has no asyncio reader for pipes.
        read, write = os.pipe()
        self._reader = threading.Thread(
            target=self._drain, args=(read,), name=f"stderr of {self._name}", daemon=True
        )
        self._reader.start()
        with os.fdopen(write, "w", encoding="utf-8") as file:
            yield file

    async def read_to_end(self) -> None:
        """Wait until all is read that an ended server wrote; not long if a child of it lives."""
        if self._reader is not None:
            await asyncio.to_thread(self._reader.join, _LAST_WORDS)

    def _drain(self, descriptor: int) -> None:
        with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
            for line in file:
                text = redact(line.rstrip(), self._secrets)
                self._lines.append(text)
                self._log.debug("MCP server %s: %s", self._name, text)
