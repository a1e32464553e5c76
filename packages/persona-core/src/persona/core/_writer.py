"""From an engine's stream of events to messages in the chat, one frame at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from persona.core._activity import TurnState
from persona.core._asking import Asking
from persona.core._conversation import Conversation
from persona.core._errors import TurnError
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
from persona.core._frames import Frames
from persona.core._pace import Pace
from persona.core._parts import Part
from persona.core._permissions import PermissionRequest
from persona.core._places import Places
from persona.core._render import render_failure, render_mode
from persona.core._reply_parts import ReplyParts
from persona.core._summary import summary, with_later
from persona.core._turn import Turn

_HOLD = 0.01
"""Seconds that a stream which never waits may keep the event loop to itself."""


class ReplyWriter:
    """Write one turn's events to the chat.

    The first text is written at once; after that frames are spaced by `Pace`. Nothing
    happens per chunk but appending to a list. The end is exact. Where the chat can show
    a text without storing it, the text is stored more seldom than it is shown.

    Text and reports about tools become messages of their own, in the order in which
    they happened, so that an update of one does not redraw the other. A report whose
    tools still run stays open while text goes on below it; there is one plan a turn.
    Thoughts stand in messages of their own too, which are no answer. They never break a
    text in two: those that come amid a text join the ones before it, or stand below it.
    What the turn took (tokens, cost, seconds) is noted with the last message of it.

    Args:
        conversation: Where to write.
        turn: The turn that is answered.
        pace: Spacing of frames.
        engine: Id of the engine that answers, to be noted.
        names_model: Whether the persona's model is noted: the engine may have no use for it.
    """

    def __init__(
        self,
        conversation: Conversation,
        turn: Turn,
        *,
        pace: Pace | None = None,
        engine: str | None = None,
        names_model: bool = True,
    ) -> None:
        self._conversation = conversation
        self._turn = turn
        self._engine = engine
        self._model = turn.model if names_model else None
        self._begun = time.monotonic()
        self._asking = Asking(conversation, self._note_of_question, self._on_answer)
        places = Places(turn.root_dir, turn.chat_dir)
        self._frames = Frames(conversation, pace or Pace(), places, self._note, self._live)
        self._parts = ReplyParts(self._frames)
        self._usage: Usage | None = None
        self._finished = False
        self.stats = self._frames.stats

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
        model = self._model.model_id if self._model is not None else None
        self._conversation.activity.answers(self._turn.message.id, self._engine, model)
        try:
            async for event in events:
                if self._frames.broken is not None:
                    raise self._frames.broken
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
        if not self._frames.answered:
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
                if event.text:
                    self._parts.thought(event.text)
                self._show_status("is thinking…")
            case ToolCall():
                self._parts.call(event)
                self._show_status(f"is using {event.title}…", "tool")
            case ToolCallUpdate():
                self._parts.call_goes_on(event)
                if event.status is not None:
                    self._tell("tool" if self._parts.uses_tools else "thinking")
            case Plan():
                self._parts.plan(event)
            case Usage():
                self._usage = with_later(self._usage, event)
            case Notice():
                self._parts.notice(event.text)
            case PermissionRequest():
                self._ask(event)
            case AvailableCommands() | ConfigChange() | ModeChange():
                if self._conversation.session.take(event) and isinstance(event, ModeChange):
                    self._parts.notice(render_mode(event))
            case ReplyEvent():
                pass  # of a newer or private kind
            case _:
                raise TurnError(
                    f"The engine gave a {type(event).__name__} where text or an event belongs.",
                    fix="Its reply() must yield str or ReplyEvent.",
                    kind="contract",
                )

    def _add_text(self, text: str) -> None:
        if text:
            self._parts.text(text)
            self._tell("writing")

    # -- permission ----------------------------------------------------------

    def _ask(self, request: PermissionRequest) -> None:
        if request.decided is not None:
            return
        self._parts.leave()
        self._parts.settle_thought()
        self._frames.write_changed()  # what the question is about stands above it
        self._asking.ask(request)
        self._frames.answered = True
        self._show_status("is thinking…")

    def _on_answer(self, error: Exception | None) -> None:
        self._frames.broken = self._frames.broken or error
        if not self._finished:
            self._show_status("is thinking…")

    def _show_status(self, text: str, state: TurnState = "thinking") -> None:
        waits = self._asking.waiting
        self._conversation.show_status("waits for your permission…" if waits else text)
        self._tell(state)

    def _tell(self, state: TurnState) -> None:
        waits = self._asking.waiting
        turn = self._turn.message.id
        self._conversation.activity.tell(turn, "waiting" if waits else state)

    def _note_of_question(self, state: str) -> dict[str, Any]:
        return self._note(Part("permission"), state, False)

    # -- the end, and what is noted ------------------------------------------------

    def _live(self) -> list[Part]:
        return self._parts.live

    def _finish(self, state: str) -> None:
        """Write what is left, exactly."""
        self._finished = True
        self._frames.cancel()
        self._conversation.show_status(None)
        self._asking.withdraw()
        self._parts.finish(state)

    def _note(self, part: Part, state: str, last: bool) -> dict[str, Any]:
        turn = self._turn
        note: dict[str, Any] = {
            "kind": part.kind,
            "state": state,
            "answers": turn.message.id,
            "hops": turn.hops,
            **part.report,
        }
        if self._model is not None:
            note["model"] = self._model.model_id
        if last:
            seconds = time.monotonic() - self._begun
            config = self._conversation.session.info.config
            note |= summary(self._model, self._engine, config, self._usage, seconds)
        return note


def write_failure(conversation: Conversation, turn_message_id: str, error: TurnError) -> None:
    """Tell in the chat that a turn failed: what happened, what to do, details folded."""
    conversation.show_status(None)
    conversation.add(
        render_failure(error),
        {"kind": "error", "state": "failed", "answers": turn_message_id, "error": error.kind},
    )
