"""A tool that waits for somebody's leave, and who gave it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from persona.core._events import Diff, FilePosition, ReplyEvent

PermissionKind = Literal["allow_once", "allow_always", "reject_once", "reject_always"]
"""What an answer means. Ids and names of answers differ from agent to agent; kinds do not."""


@dataclass(frozen=True, slots=True)
class PermissionOption:
    """One of the answers that may be given.

    Attributes:
        id: The engine's id of it.
        name: What the button says.
        kind: What it means.
    """

    id: str
    name: str
    kind: PermissionKind


@dataclass(frozen=True, slots=True)
class PermissionDecision:
    """What was decided.

    Attributes:
        option: The answer; None if the question was withdrawn (stop, refresh, server's end).
        by: Username of who decided; empty for the persona's own ``permissions`` option or
            a withdrawal.
        name: The name shown of who decided, if the caller knows it.
    """

    option: PermissionOption | None
    by: str = ""
    name: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the tool may go ahead."""
        return self.option is not None and self.option.kind in ("allow_once", "allow_always")


class _Answer:
    """Where the decision of one request will be found."""

    def __init__(self) -> None:
        self.decision: PermissionDecision | None = None
        self.event = asyncio.Event()
        self.watchers: list[Callable[[PermissionDecision], None]] = []


@dataclass(frozen=True, slots=True, eq=False)
class PermissionRequest(ReplyEvent):
    """Ask the people in the chat whether a tool may go ahead.

    An engine yields it (or hands it to its stream) and awaits `decision`, in any task. The
    chat shows it with a button for each option; commands and REST decide it too. Whoever
    ends the turn withdraws it. One that is decided before it is yielded is not shown.

    Attributes:
        id: Unique among the open requests of a persona.
        title: What the tool wants to do, one line.
        options: The answers, in the engine's order.
        tool_call: Id of the `ToolCall` that it belongs to, if any.
        kind: The sort of tool, as `ToolCall.kind`.
        command: The command line that would run, if that is what it is about.
        diffs: The changes of files that would be made.
        locations: Where it would work.
        details: Anything else that people should see, plain text.
    """

    id: str
    title: str
    options: tuple[PermissionOption, ...]
    tool_call: str | None = None
    kind: str | None = None
    command: str | None = None
    diffs: tuple[Diff, ...] = ()
    locations: tuple[FilePosition, ...] = ()
    details: str = ""
    _answer: _Answer = field(default_factory=_Answer, init=False, repr=False)

    # Two requests are never the same one, whatever they ask; `ReplyEvent` compares values.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def decided(self) -> PermissionDecision | None:
        """The decision, or None while it is open."""
        return self._answer.decision

    async def decision(self) -> PermissionDecision:
        """Wait until somebody decides or the request is withdrawn."""
        answer = self._answer
        while answer.decision is None:
            await answer.event.wait()
        return answer.decision

    def decide(self, option_id: str, by: str = "", name: str = "") -> bool:
        """Give the answer; the first one counts.

        Args:
            option_id: Id of one of the options.
            by: Username of who decides; empty for a policy.
            name: The name shown of who decides, if it is known.

        Returns:
            Whether this answer counts.

        Raises:
            ValueError: There is no such option.
        """
        option = next((o for o in self.options if o.id == option_id), None)
        if option is None:
            known = ", ".join(repr(o.id) for o in self.options)
            raise ValueError(f"There is no option {option_id!r}; there are {known}.")
        return self._settle(PermissionDecision(option, by, name))

    def withdraw(self) -> bool:
        """Take the question back; whoever waits gets a decision without an option."""
        return self._settle(PermissionDecision(None))

    def when_decided(self, tell: Callable[[PermissionDecision], None]) -> None:
        """Have ``tell`` called with the decision: at once if it is there already."""
        if self._answer.decision is not None:
            tell(self._answer.decision)
        else:
            self._answer.watchers.append(tell)

    def _settle(self, decision: PermissionDecision) -> bool:
        answer = self._answer
        if answer.decision is not None:
            return False
        answer.decision = decision
        answer.event.set()
        for tell in answer.watchers:
            tell(decision)
        return True
