"""From an engine's stream of events to messages in the chat, one frame at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from persona.core._asking import Asking
from persona.core._conversation import Conversation
from persona.core._errors import ChatGone, TurnError
from persona.core._events import (
    AvailableCommands,
    ConfigChange,
    ModeChange,
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
from persona.core._permissions import PermissionRequest
from persona.core._render import render_failure, render_mode, render_plan, render_tools
from persona.core._summary import summary
from persona.core._tools import ToolLog
from persona.core._turn import STOPPED, Turn

_HOLD = 0.01
"""Seconds that a stream which never waits may keep the event loop to itself."""


@dataclass(slots=True)
class WriterStats:
    """What a writer has spent; for benchmarks and logs."""

    frames: int = 0
    seconds: float = 0.0
    characters: int = 0


@dataclass(slots=True)
class _Part:
    """One message of the reply: text, tools, a plan or a notice.

    Requests for permission are messages too; `Asking` writes those.
    """

    kind: str
    id: str | None = None
    body: str = ""
    pending: list[str] = field(default_factory=list)
    tools: ToolLog | None = None
    changed: bool = False

    def render(self) -> str:
        """Return the whole text as it stands now."""
        if self.tools is not None:
            self.body = render_tools(self.tools)
        elif self.pending:
            self.body += "".join(self.pending)
            self.pending.clear()
        return self.body


class ReplyWriter:
    """Write one turn's events to the chat.

    The first text is written at once; after that frames are spaced by `Pace`. Nothing
    happens per chunk but appending to a list. The end is exact. Where the chat can show
    a text without storing it, the text is stored more seldom than it is shown.

    Text and reports about tools become messages of their own, in the order in which
    they happened, so that an update of one does not redraw the other. A report whose
    tools still run stays open while text goes on below it; there is one plan a turn.
    What the turn took (tokens, cost, seconds) is noted with the last message of it.

    Args:
        conversation: Where to write.
        turn: The turn that is answered.
        pace: Spacing of frames.
        engine: Id of the engine that answers, to be noted.
    """

    def __init__(
        self,
        conversation: Conversation,
        turn: Turn,
        *,
        pace: Pace | None = None,
        engine: str | None = None,
    ) -> None:
        self._conversation = conversation
        self._turn = turn
        self._engine = engine
        self._begun = time.monotonic()
        self._asking = Asking(conversation, self._note_of_question, self._on_answer)
        self._pace = pace or Pace()
        self._part: _Part | None = None
        self._open: list[_Part] = []
        self._reports: list[_Part] = []
        self._left: _Part | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._storing: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._store_due = 0.0
        self._last_cost = 0.0
        self._usage: Usage | None = None
        self._said_something = False
        self._finished = False
        self._broken: Exception | None = None
        self.stats = WriterStats()

    async def write(self, events: AsyncIterator[ReplyEvent | str]) -> None:
        """Write all events. Called once, by the engine's `process_message`.

        When it is cancelled the text so far stays, marked as stopped, and
        ``CancelledError`` goes on. When the stream fails the text so far stays and the
        error goes on.

        Raises:
            TurnError: The stream ended without saying anything, or is no stream of events.
            ChatGone: The message was deleted while it was being written.
        """
        loop = asyncio.get_running_loop()
        breath = loop.time()
        self._begun = time.monotonic()
        try:
            async for event in events:
                if self._broken is not None:
                    raise self._broken
                self._take(event)
                if loop.time() - breath > _HOLD:
                    await asyncio.sleep(0)
                    breath = loop.time()
        except BaseException as exc:  # boundary: a turn; it is raised again in any case
            try:
                self._finish("stopped" if isinstance(exc, asyncio.CancelledError) else "failed")
            finally:
                raise exc  # a chat that cannot be written must not hide why the turn ended
        self._finish("complete")
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
                self._show_status("is thinking…")
            case ToolCall():
                part, tools = self._tools(event.id)
                tools.start(event)
                self._touch(part)
                self._show_status(f"is using {event.title}…")
            case ToolCallUpdate():
                part, tools = self._tools(event.id)
                if tools.update(event):
                    self._touch(part)
            case Plan():
                plans = [part for part in self._parts() if part.kind == "plan"]
                plan = plans[0] if plans else self._switch("plan")
                plan.body = render_plan(event)
                self._touch(plan)
            case Usage():
                self._usage = event
            case Notice():
                self._notice(event.text)
            case PermissionRequest():
                self._ask(event)
            case AvailableCommands() | ConfigChange() | ModeChange():
                if self._conversation.session.take(event) and isinstance(event, ModeChange):
                    self._notice(render_mode(event))
            case ReplyEvent():
                pass  # of a newer or private kind
            case _:
                raise TurnError(
                    f"The engine gave a {type(event).__name__} where text or an event belongs.",
                    fix="Its reply() must yield str or ReplyEvent.",
                    kind="contract",
                )

    def _add_text(self, text: str) -> None:
        if not text:
            return
        part = self._part
        if part is None or part.kind != "reply":
            part = self._switch("reply")
        part.pending.append(text)
        self._touch(part)

    def _notice(self, text: str) -> None:
        self._switch("notice").body = text
        self._touch()
        self._leave()

    # -- permission ----------------------------------------------------------

    def _ask(self, request: PermissionRequest) -> None:
        if request.decided is not None:
            return
        self._leave()
        self._write_changed()  # what the question is about stands above it
        self._asking.ask(request)
        self._said_something = True
        self._show_status("is thinking…")

    def _on_answer(self, error: Exception | None) -> None:
        self._broken = self._broken or error
        if not self._finished:
            self._show_status("is thinking…")

    def _show_status(self, text: str) -> None:
        waits = self._asking.waiting
        self._conversation.show_status("waits for your permission…" if waits else text)

    def _note_of_question(self, state: str) -> dict[str, Any]:
        return self._note(_Part("permission"), state, last=False)

    # -- parts -------------------------------------------------------------

    def _parts(self) -> list[_Part]:
        return self._open if self._part is None else [*self._open, self._part]

    def _tools(self, call_id: str) -> tuple[_Part, ToolLog]:
        """Return the report that holds this call, else the one that it goes to."""
        for part in self._parts():
            if part.tools is not None and call_id in part.tools:
                return part, part.tools
        for part in self._reports:
            if part.tools is not None and call_id in part.tools:
                # Some agents say more of a call that is over: it is told where the call stands.
                self._reports.remove(part)
                self._open.append(part)
                return part, part.tools
        part = self._switch("tools")
        if part.tools is None:
            part.tools = ToolLog()
        return part, part.tools

    def _switch(self, kind: str) -> _Part:
        if self._part is not None and self._part.kind != kind:
            self._leave()
        if self._part is None:
            self._part = _Part(kind)
        return self._part

    def _leave(self) -> None:
        """Go on below the part. It is finished, unless more may be heard of it."""
        part, self._part = self._part, None
        if part is None:
            return
        if part.kind != "notice":
            self._left = part
        if part.kind == "plan" or (part.tools is not None and part.tools.busy):
            self._open.append(part)
        else:
            self._write(part, "complete")
            if part.tools is not None:
                self._reports.append(part)

    def _finish(self, state: str) -> None:
        """Write what is left, exactly."""
        self._finished = True
        self._cancel_timers()
        self._conversation.show_status(None)
        self._asking.withdraw()
        last, parts = self._part or self._left, self._parts()
        self._part, self._open = None, []
        if last is not None and last.id is not None and all(part is not last for part in parts):
            with suppress(ChatGone):  # it was finished, so its end is no matter of the turn
                self._write(last, "complete", last=True)
        for part in parts:
            if part.tools is not None:
                part.tools.abandon()
            if state == "stopped" and part is last and part.kind == "reply":
                part.pending.append(STOPPED)
            self._write(part, state, last=part is last)

    # -- frames ------------------------------------------------------------

    def _touch(self, part: _Part | None = None) -> None:
        """Have the part written: at once if it is new or nothing was written lately."""
        part = part or self._part
        if part is None:
            return
        part.changed = True
        if part.id is None:
            self._write(part)
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            wait = self._due - loop.time()
            if wait <= 0:
                self._write_changed()
            else:
                self._timer = loop.call_later(wait, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        try:
            self._write_changed()
        except Exception as exc:  # boundary: a timer has no caller; the turn raises it instead
            self._broken = exc

    def _on_silence(self) -> None:
        """Store what is only shown, as no next frame did so."""
        self._storing = None
        part = self._part
        try:
            if part is not None and part.id is not None and part.kind == "reply":
                self._write(part, store=True)
        except Exception as exc:  # boundary: a timer has no caller; the turn raises it instead
            self._broken = exc

    def _cancel_timers(self) -> None:
        for timer in (self._timer, self._storing):
            if timer is not None:
                timer.cancel()
        self._timer = self._storing = None

    def _write_changed(self) -> None:
        for part in self._parts():
            if part.changed:
                self._write(part)

    def _write(
        self, part: _Part, state: str = "writing", *, last: bool = False, store: bool = False
    ) -> None:
        begun = time.perf_counter()
        body = part.render()
        part.changed = False
        if part.id is None and not body.strip():
            return  # an empty bubble helps nobody
        self._said_something = True
        note = self._note(part, state, last=last)
        loop = asyncio.get_running_loop()
        stored = (
            store or state != "writing" or part.kind != "reply" or loop.time() >= self._store_due
        )
        if part.id is None:
            part.id = self._conversation.add(body, note)
            stored = True
        elif stored or not self._conversation.show(part.id, body, note):
            self._conversation.replace(part.id, body, note)
            stored = True
        cost = time.perf_counter() - begun
        self.stats.frames += 1
        self.stats.seconds += cost
        self.stats.characters += len(body)
        self._plan_store(cost, stored=stored)
        # The cheaper of the last two: one slow write, or the one that adds the message,
        # says little about the next.
        steady, self._last_cost = min(cost, self._last_cost), cost
        self._due = max(self._due, loop.time() + self._pace.spacing(len(body), steady))

    def _plan_store(self, cost: float, *, stored: bool) -> None:
        loop = asyncio.get_running_loop()
        if stored:
            self._store_due = loop.time() + self._pace.until_stored(cost)
            if self._storing is not None:
                self._storing.cancel()
                self._storing = None
        elif self._storing is None:
            # After the next frames, which store it too if there are any.
            wait = self._store_due - loop.time() + self._pace.keeping
            self._storing = loop.call_later(wait, self._on_silence)

    def _note(self, part: _Part, state: str, *, last: bool) -> dict[str, Any]:
        turn = self._turn
        note: dict[str, Any] = {
            "kind": part.kind,
            "state": state,
            "answers": turn.message.id,
            "hops": turn.hops,
        }
        if turn.model is not None:
            note["model"] = turn.model.model_id
        if last:
            seconds = time.monotonic() - self._begun
            config = self._conversation.session.info.config
            note |= summary(turn.model, self._engine, config, self._usage, seconds)
        return note


def write_failure(conversation: Conversation, turn_message_id: str, error: TurnError) -> None:
    """Tell in the chat that a turn failed: what happened, what to do, details folded."""
    conversation.show_status(None)
    conversation.add(
        render_failure(error),
        {"kind": "error", "state": "failed", "answers": turn_message_id, "error": error.kind},
    )
