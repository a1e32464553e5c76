"""What an engine can say during a turn.

The union is open: an engine may yield its own `ReplyEvent` subclasses, and every
consumer has a default branch that passes over what it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ToolStatus = Literal["pending", "in_progress", "completed", "failed"]


@dataclass(frozen=True, slots=True)
class ReplyEvent:
    """Base of everything that happens during a turn."""


@dataclass(frozen=True, slots=True)
class Text(ReplyEvent):
    """A piece of the answer, Markdown, to be appended to what came before."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought(ReplyEvent):
    """A piece of the model's reasoning. Not part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall(ReplyEvent):
    """The model calls a tool.

    Attributes:
        id: Unique in the turn; `ToolCallUpdate` refers to it.
        title: What the user reads, for example ``search``.
        input: The arguments, JSON-like.
        status: Where it stands.
        server: Name of the MCP server that offers the tool, if any.
    """

    id: str
    title: str
    input: Mapping[str, Any] | None = None
    status: ToolStatus = "in_progress"
    server: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCallUpdate(ReplyEvent):
    """Something about a tool call changed. None means unchanged."""

    id: str
    status: ToolStatus | None = None
    title: str | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One step of a plan."""

    content: str
    status: Literal["pending", "in_progress", "completed"] = "pending"


@dataclass(frozen=True, slots=True)
class Plan(ReplyEvent):
    """The agent's whole plan as it stands now; replaces an earlier one."""

    entries: tuple[PlanEntry, ...]


@dataclass(frozen=True, slots=True)
class Usage(ReplyEvent):
    """What the turn has used so far; the last one counts.

    Attributes:
        input_tokens: Tokens that were sent, all rounds of the turn together.
        output_tokens: Tokens that were received.
        cost: Price in US dollars, if known.
        model: The model that answered, as the provider names it.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Notice(ReplyEvent):
    """Something that the user should know and that is not part of the answer."""

    text: str
    level: Literal["info", "warning"] = "info"
