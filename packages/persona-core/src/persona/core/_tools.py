"""The tool calls of one message and where each stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from persona.core._events import ToolCall, ToolCallUpdate, ToolStatus


@dataclass(slots=True)
class ToolRow:
    """One call, as far as is known."""

    title: str
    status: ToolStatus
    server: str | None = None
    input: Mapping[str, Any] | None = None
    output: str = ""


class ToolLog:
    """Calls in the order in which they began."""

    def __init__(self) -> None:
        self._rows: dict[str, ToolRow] = {}

    def __iter__(self) -> Iterator[ToolRow]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, call_id: str) -> bool:
        return call_id in self._rows

    @property
    def busy(self) -> bool:
        """Whether a call is not finished."""
        return any(row.status in ("pending", "in_progress") for row in self._rows.values())

    def start(self, call: ToolCall) -> None:
        """Note a new call; one with a known id replaces what was known."""
        self._rows[call.id] = ToolRow(call.title, call.status, call.server, call.input)

    def update(self, update: ToolCallUpdate) -> bool:
        """Note a change and return whether anything is different now.

        Some agents send an update for a call that they never announced; it begins one.
        """
        row = self._rows.get(update.id)
        if row is None:
            row = ToolRow(update.title or "a tool", "in_progress")
            self._rows[update.id] = row
        before = (row.status, row.title, row.output)
        row.status = update.status or row.status
        row.title = update.title or row.title
        row.output = row.output if update.output is None else update.output
        return before != (row.status, row.title, row.output)

    def abandon(self) -> None:
        """Mark what is not finished as failed: nothing more will be heard of it."""
        for row in self._rows.values():
            if row.status in ("pending", "in_progress"):
                row.status = "failed"
