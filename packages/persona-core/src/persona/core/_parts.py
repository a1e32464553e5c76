"""The messages that a reply consists of, and what writing them has cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from persona.core._events import Plan
from persona.core._places import Places
from persona.core._render import render_plan, render_thought, render_tools
from persona.core._report import plan_report, thought_report, tools_report
from persona.core._thoughts import Thoughts
from persona.core._tools import ToolLog

MOST_CALLS = 20
"""How many calls one report tells of; the next ones go to a report of their own."""

LARGEST = 40_000
"""Characters after which a report takes no further call."""


@dataclass(slots=True)
class WriterStats:
    """What a writer has spent; for benchmarks and logs."""

    frames: int = 0
    seconds: float = 0.0
    characters: int = 0


@dataclass(slots=True)
class Part:
    """One message of the reply: text, tools, a plan, thoughts or a notice.

    Requests for permission are messages too; `Asking` writes those.

    Attributes:
        kind: What the message's note calls it.
        id: Its id, once it is in the chat.
        body: Markdown; what is read where nothing draws the `report`.
        report: What the note says besides, for front ends that draw it themselves.
        size: Characters of both.
        changed: Whether it differs from what the chat shows.
        unstored: Whether the chat shows what it has not stored.
    """

    kind: str
    id: str | None = None
    body: str = ""
    pending: list[str] = field(default_factory=list)
    tools: ToolLog | None = None
    plan: Plan | None = None
    thoughts: Thoughts | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    size: int = 0
    changed: bool = False
    unstored: bool = False

    @property
    def full(self) -> bool:
        """Whether a further call is told in another message."""
        calls = 0 if self.tools is None else len(self.tools)
        return calls >= MOST_CALLS or self.size >= LARGEST

    def render(self, places: Places) -> str:
        """Return the whole text as it stands now, and note the report and the size."""
        if self.tools is not None:
            self.body = render_tools(self.tools)
            self.report = {"calls": tools_report(self.tools, places)}
        elif self.plan is not None:
            self.body = render_plan(self.plan)
            self.report = {"plan": plan_report(self.plan)}
        elif self.thoughts is not None:
            self.body = render_thought(self.thoughts)
            self.report = {"thought": thought_report(self.thoughts)}
        elif self.pending:
            self.body += "".join(self.pending)
            self.pending.clear()
        self.size = len(self.body) + (_size(self.report) if self.report else 0)
        return self.body


def _size(value: object) -> int:
    """Return about how many characters a report takes."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(key) + _size(inside) for key, inside in value.items())
    if isinstance(value, list):
        return sum(map(_size, value))
    return 4
