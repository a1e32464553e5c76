"""From an engine's stream of events to messages in the chat, one frame at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from persona.core._conversation import Conversation
from persona.core._errors import TurnError
from persona.core._events import (
    Notice,
    Plan,
    ReplyEvent,
    Text,
    Thought,
    ToolCall,
    ToolCallUpdate,
    Usage,
)
from persona.core._pace import Pace
from persona.core._render import render_failure, render_plan, render_tools
from persona.core._tools import ToolLog
from persona.core._turn import STOPPED, Turn


@dataclass(slots=True)
class WriterStats:
    """What a writer has spent; for benchmarks and logs."""

    frames: int = 0
    seconds: float = 0.0
    characters: int = 0


@dataclass(slots=True)
class _Part:
    """The message that is being written now: text, tools or a plan."""

    kind: str
    id: str | None = None
    body: str = ""
    pending: list[str] = field(default_factory=list)
    tools: ToolLog | None = None


class ReplyWriter:
    """Write one turn's events to the chat.

    The first text is written at once; after that frames are spaced by `Pace`. Nothing
    happens per chunk but appending to a list. The end is exact.

    Text and reports about tools become messages of their own, in the order in which
    they happened, so that an update of one does not redraw the other.

    Args:
        conversation: Where to write.
        turn: The turn that is answered.
        pace: Spacing of frames.
    """

    def __init__(self, conversation: Conversation, turn: Turn, *, pace: Pace | None = None) -> None:
        self._conversation = conversation
        self._turn = turn
        self._pace = pace or Pace()
        self._part: _Part | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._usage: Usage | None = None
        self._said_something = False
        self._broken: Exception | None = None
        self.stats = WriterStats()

    async def write(self, events: AsyncIterator[ReplyEvent | str]) -> None:
        """Write all events. Called once, by the engine's `process_message`.

        When it is cancelled the text so far stays, marked as stopped, and
        ``CancelledError`` goes on. When the stream fails the text so far stays and the
        error goes on.

        Raises:
            TurnError: The stream ended without saying anything.
            ChatGone: The message was deleted while it was being written.
        """
        state = "failed"
        try:
            async for event in events:
                if self._broken is not None:
                    raise self._broken
                self._take(event)
            state = "complete"
        except asyncio.CancelledError:
            state = "stopped"
            raise
        finally:
            self._finish(state)
        if self._broken is not None:
            raise self._broken
        if not self._said_something:
            raise TurnError(
                "The model ended its turn without an answer.",
                fix="Check the model's name and address, then ask again.",
                kind="empty",
            )

    def _take(self, event: ReplyEvent | str) -> None:
        match event:
            case str():
                self._add_text(event)
            case Text():
                self._add_text(event.text)
            case Thought():
                self._conversation.show_status("is thinking…")
            case ToolCall():
                self._tools().start(event)
                self._flush()
                self._conversation.show_status(f"is using {event.title}…")
            case ToolCallUpdate():
                if self._tools().update(event):
                    self._flush()
            case Plan():
                part = self._switch("plan")
                part.body = render_plan(event)
                self._flush()
            case Usage():
                self._usage = event
            case Notice():
                self._switch("notice").body = event.text
                self._flush()
                self._close("complete")
            case _:
                pass  # an event of a newer or private kind

    # -- text ------------------------------------------------------------

    def _add_text(self, text: str) -> None:
        if not text:
            return
        part = self._part
        if part is None or part.kind != "reply":
            part = self._switch("reply")
        part.pending.append(text)
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._due - loop.time()
        if part.id is None or wait <= 0:
            self._flush()
        else:
            self._timer = loop.call_later(wait, self._flush_on_time)

    def _flush_on_time(self) -> None:
        self._timer = None
        try:
            self._flush()
        except Exception as exc:  # boundary: a timer has no caller; the turn raises it instead
            self._broken = exc

    # -- parts -------------------------------------------------------------

    def _tools(self) -> ToolLog:
        part = self._switch("tools")
        if part.tools is None:
            part.tools = ToolLog()
        return part.tools

    def _switch(self, kind: str) -> _Part:
        if self._part is not None and self._part.kind != kind:
            self._close("complete")
        if self._part is None:
            self._part = _Part(kind)
        return self._part

    def _close(self, state: str) -> None:
        part = self._part
        if part is None:
            return
        if state == "stopped" and part.kind == "reply":
            part.pending.append(STOPPED)
        if part.kind == "tools" and part.tools is not None and state != "complete":
            part.tools.abandon()
        self._flush(state)
        self._part = None

    def _finish(self, state: str) -> None:
        """Write what is left, exactly. Does nothing twice."""
        self._conversation.show_status(None)
        self._close(state)

    def _flush(self, state: str = "writing") -> None:
        part = self._part
        if part is None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        begun = time.perf_counter()
        if part.pending:
            part.body += "".join(part.pending)
            part.pending.clear()
        if part.tools is not None:
            part.body = render_tools(part.tools)
        if part.kind == "reply" and not part.body.strip() and part.id is None:
            return  # an empty bubble helps nobody
        self._said_something = True
        note = self._note(part, state)
        if part.id is None:
            part.id = self._conversation.add(part.body, note)
        else:
            self._conversation.replace(part.id, part.body, note)
        cost = time.perf_counter() - begun
        self.stats.frames += 1
        self.stats.seconds += cost
        self.stats.characters += len(part.body)
        self._due = asyncio.get_running_loop().time() + self._pace.spacing(len(part.body), cost)

    def _note(self, part: _Part, state: str) -> dict[str, Any]:
        turn = self._turn
        note: dict[str, Any] = {
            "kind": part.kind,
            "state": state,
            "answers": turn.message.id,
            "hops": turn.hops,
        }
        if turn.model is not None:
            note["model"] = turn.model.model_id
        if state != "writing" and self._usage is not None and part.kind == "reply":
            usage = self._usage
            note["usage"] = {
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "cost": usage.cost,
                "model": usage.model,
            }
        return note


def write_failure(conversation: Conversation, turn_message_id: str, error: TurnError) -> None:
    """Tell in the chat that a turn failed: what happened, what to do, details folded."""
    conversation.show_status(None)
    conversation.add(
        render_failure(error),
        {"kind": "error", "state": "failed", "answers": turn_message_id, "error": error.kind},
    )
