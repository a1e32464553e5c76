"""Permission that a persona asks for in a terminal."""

from __future__ import annotations

import queue
import sys
import threading
from typing import TextIO

from persona.core import BasePersona, PermissionRequest


class Permits:
    """Ask the person at the terminal; refuse where nobody can be asked.

    The question itself is printed by `Follower`, as every message of the chat.

    Args:
        persona: Who asks.
        by: Username of the person.
        err: Where to ask.
        asks: Whether somebody can be asked; by default if both ends are a terminal.
    """

    def __init__(
        self, persona: BasePersona, by: str, err: TextIO, asks: bool | None = None
    ) -> None:
        self._persona = persona
        self._by = by
        self._err = err
        self._asks = sys.stdin.isatty() and err.isatty() if asks is None else asks
        self._current: PermissionRequest | None = None
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def look(self) -> None:
        """Ask what is open and take what was typed. Called again and again during a turn."""
        waiting = self._persona.permissions
        if not self._asks:
            for request in waiting:
                self._refuse(request)
            return
        if self._current is not None and self._current in waiting:
            self._take(self._current)
        elif waiting:
            self._current = waiting[0]
            self._prompt(waiting[0])

    def _prompt(self, request: PermissionRequest) -> None:
        for number, option in enumerate(request.options, 1):
            self._err.write(f"  {number}  {' '.join(option.name.split())}\n")
        self._err.write(f"Answer (1-{len(request.options)}): ")
        self._err.flush()
        # In a thread of its own that nobody waits for: a read cannot be cancelled.
        threading.Thread(target=lambda: self._lines.put(sys.stdin.readline()), daemon=True).start()

    def _take(self, request: PermissionRequest) -> None:
        try:
            line = self._lines.get_nowait()
        except queue.Empty:
            return
        answer = line.strip()
        if not line:  # the terminal was closed
            self._refuse(request)
        elif answer.isdecimal() and 1 <= int(answer) <= len(request.options):
            self._persona.decide(request.id, request.options[int(answer) - 1].id, self._by)
        else:
            self._prompt(request)

    def _refuse(self, request: PermissionRequest) -> None:
        self._err.write("Refused: nobody can be asked here.\n")
        option = next((o for o in request.options if o.kind == "reject_once"), None)
        if option is None:
            request.withdraw()
        else:
            self._persona.decide(request.id, option.id)
