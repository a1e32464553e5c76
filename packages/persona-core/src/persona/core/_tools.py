"""The tool calls of one message and where each stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from persona.core._diffs import FileChange, render_changes
from persona.core._events import Diff, FilePosition, ToolCall, ToolCallUpdate, ToolStatus

_DIFF_LINES = 20
"""How many lines of changes the Markdown of a report shows for one call."""

_DIFF_CHARACTERS = 1_600
"""How many characters of them."""


@dataclass(slots=True)
class ToolRow:
    """One call, as far as is known.

    Attributes:
        edits: The diffs, line by line.
        changes: The same in Markdown; made once, as that takes its time.
    """

    title: str
    status: ToolStatus
    server: str | None = None
    kind: str | None = None
    input: Mapping[str, Any] | None = None
    output: str = ""
    diffs: tuple[Diff, ...] = ()
    locations: tuple[FilePosition, ...] = ()
    edits: tuple[FileChange, ...] = ()
    changes: str = ""

    def change(self, diffs: tuple[Diff, ...]) -> None:
        """Take note of the changes of files that the call makes."""
        if diffs != self.diffs:
            self.diffs = diffs
            self.edits = tuple(map(FileChange, diffs))
            self.changes = render_changes(
                self.edits, lines=_DIFF_LINES, characters=_DIFF_CHARACTERS
            )


class ToolLog:
    """Calls in the order in which they began."""

    def __init__(self) -> None:
        self._rows: dict[str, ToolRow] = {}

    def __iter__(self) -> Iterator[ToolRow]:
        return iter(self._rows.values())

    def items(self) -> Iterable[tuple[str, ToolRow]]:
        """Return the calls with their ids."""
        return self._rows.items()

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
        row = ToolRow(
            call.title, call.status, call.server, call.kind, call.input, locations=call.locations
        )
        row.change(call.diffs)
        self._rows[call.id] = row

    def update(self, update: ToolCallUpdate) -> bool:
        """Note a change and return whether anything is different now.

        Some agents send an update for a call that they never announced; it begins one.
        """
        row = self._rows.get(update.id)
        known = row is not None
        if row is None:
            row = ToolRow(update.title or "a tool", "in_progress")
            self._rows[update.id] = row
        before = replace(row)
        row.status = update.status or row.status
        row.title = update.title or row.title
        row.output = row.output if update.output is None else update.output
        row.input = row.input if update.input is None else update.input
        row.change(row.diffs if update.diffs is None else update.diffs)
        row.locations = row.locations if update.locations is None else update.locations
        return not known or before != row

    def abandon(self) -> None:
        """Mark what is not finished as failed: nothing more will be heard of it."""
        for row in self._rows.values():
            if row.status in ("pending", "in_progress"):
                row.status = "failed"
