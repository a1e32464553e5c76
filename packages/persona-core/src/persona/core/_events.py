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
class Diff:
    """A change of one file, made or proposed.

    Attributes:
        path: The file, as the engine names it.
        old: Its text before; None if it is new.
        new: Its text after.
    """

    path: str
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class FilePosition:
    """A place that a tool works at: a file and, if known, a line (from 1)."""

    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ToolCall(ReplyEvent):
    """The model calls a tool.

    Attributes:
        id: Unique in the turn; `ToolCallUpdate` refers to it.
        title: What the user reads, for example ``search``.
        input: The arguments, JSON-like.
        status: Where it stands.
        server: Name of the MCP server that offers the tool, if any.
        kind: What sort of tool it is, in ACP's words: ``read``, ``edit``, ``delete``,
            ``move``, ``search``, ``execute``, ``think``, ``fetch``, ``other``.
        diffs: Changes of files that it makes.
        locations: Where it works.
    """

    id: str
    title: str
    input: Mapping[str, Any] | None = None
    status: ToolStatus = "in_progress"
    server: str | None = None
    kind: str | None = None
    diffs: tuple[Diff, ...] = ()
    locations: tuple[FilePosition, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolCallUpdate(ReplyEvent):
    """Something about a tool call changed. None means unchanged."""

    id: str
    status: ToolStatus | None = None
    title: str | None = None
    output: str | None = None
    input: Mapping[str, Any] | None = None
    diffs: tuple[Diff, ...] | None = None
    locations: tuple[FilePosition, ...] | None = None


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
    """What the turn has used so far; of each value, the last that was told counts.

    Attributes:
        input_tokens: Tokens that were sent, all rounds of the turn together.
        output_tokens: Tokens that were received.
        cost: Price in US dollars, if known.
        model: The model that answered, as the provider names it.
        context_used: Tokens that the conversation takes in the model's window, if known.
        context_size: Tokens that the window has, if known.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    model: str | None = None
    context_used: int | None = None
    context_size: int | None = None


@dataclass(frozen=True, slots=True)
class Notice(ReplyEvent):
    """Something that the user should know and that is not part of the answer."""

    text: str
    level: Literal["info", "warning"] = "info"


@dataclass(frozen=True, slots=True)
class AgentCommand:
    """A command that an agent understands at the beginning of a message, as ``/name``."""

    name: str
    description: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class AvailableCommands(ReplyEvent):
    """The commands that the agent understands from now on; replaces an earlier list."""

    commands: tuple[AgentCommand, ...]


@dataclass(frozen=True, slots=True)
class ModeChange(ReplyEvent):
    """The agent goes on in another of its modes.

    Attributes:
        mode: The mode's id.
        name: What people call it, if known.
    """

    mode: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """One setting of the agent's session as it stands.

    Attributes:
        id: Its id.
        value: The value's id.
        name: What people call the setting.
        category: ACP's category (``model``, ``mode``, ``thought_level`` …), if any.
        choices: What may be chosen: id and name of each.
    """

    id: str
    value: str | bool | None
    name: str = ""
    category: str | None = None
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ConfigChange(ReplyEvent):
    """The settings of the agent's session changed; all of them as they stand now."""

    values: tuple[ConfigValue, ...]
