"""The turns of one persona: one after the other, stopped, given up where they hang."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from persona.core._activity import ActivityLog
from persona.core._engine import PersonaEngine
from persona.core._errors import PersonaError, TurnError, as_turn_error
from persona.core._slot import PATIENCE, EngineSlot
from persona.core._turn import note
from persona.core._writer import write_failure

if TYPE_CHECKING:
    from jupyterlab_chat.models import Message

    from persona.core._persona import BasePersona

_SLOW_START = 0.5
"""Seconds after which people are told that an engine is still starting."""


class _Stopped(Exception):
    """A turn was stopped, and the chat says so."""


class TurnQueue:
    """Runs the turns of one persona and ends them.

    Args:
        persona: Whose turns they are.
        slot: The place of its engine.
        activity: Where it is noted how they go.

    Attributes:
        closed: Whether no turn begins any more.
        replying: Whether an engine answers now; a turn whose engine still starts has not begun.
    """

    def __init__(self, persona: BasePersona, slot: EngineSlot, activity: ActivityLog) -> None:
        self.closed = False
        self.replying = False
        self._persona = persona
        self._slot = slot
        self._activity = activity
        self._queue = asyncio.Lock()
        self._running: asyncio.Task[TurnError | None] | None = None
        self._stuck: tuple[PersonaEngine, asyncio.Task[TurnError | None]] | None = None
        self._given_up = asyncio.Event()
        self._waiting = 0
        self._stops = 0
        self._restarts = 0

    @property
    def busy(self) -> bool:
        """Whether a turn runs or waits."""
        return self._running is not None or self._waiting > 0

    async def answer(self, message: Message) -> None:
        """Run a turn for ``message`` after those that are already waiting."""
        stops = self._stops
        self._waiting += 1
        try:
            await self._queue.acquire()
        finally:
            self._waiting -= 1
        try:
            if self.closed:
                return
            if stops != self._stops:
                self._say_stopped(message)
                self._activity.end(message.id, "stopped")
                return
            await self._run(message)
        finally:
            self._running = None
            self._queue.release()
            self.swap_when_idle()

    async def restart(self) -> bool:
        """Stop the running turn and have the engine start anew; what waits goes on.

        Returns:
            Whether a turn was stopped.
        """
        self._restarts += 1
        self._slot.outdate()
        running = self._running
        stopped = running is not None and not running.done()
        if running is not None and stopped:
            await self._end(running)
        if self._running is None or self._running.done() or self._stuck is not None:
            await self._slot.renew()
        return stopped

    async def stop(self) -> int:
        """Stop the running turn, drop the waiting ones, and return how many there were."""
        dropped = self._waiting
        self._stops += 1
        running = self._running
        if running is None or running.done():
            return dropped
        await self._end(running)
        return dropped + 1

    async def close(self) -> None:
        """Stop everything for good."""
        self.closed = True
        await self.stop()

    async def ended(self) -> None:
        """Wait until the turns that run and wait by now have ended."""
        async with self._queue:  # first come, first served: whoever waits is before us
            pass

    def swap_when_idle(self) -> None:
        """Let a waiting engine take over now if no turn runs; else the turn's end does."""
        if self._running is None and not self.closed:
            self._slot.swap_soon()

    def is_stuck(self) -> bool:
        """Whether the engine of the next turn is still in one that it did not let be stopped."""
        if self._stuck is None:
            return False
        engine, task = self._stuck
        if task.done():
            self._stuck = None
            return False
        return engine is self._slot.upcoming

    async def _run(self, message: Message) -> None:
        """Run a turn, and note how it ended once the chat says so."""
        ended: tuple[Literal["idle", "stopped", "failed"], str | None] = "failed", None
        self._activity.begin(message.id, self._slot.upcoming.id)
        try:
            failure = await self._run_to_end(message)
            ended = ("idle", None) if failure is None else ("failed", failure.kind)
        except asyncio.CancelledError:
            ended = "stopped", None
            raise
        except _Stopped:
            ended = "stopped", None
        finally:
            self._activity.end(message.id, *ended)

    async def _run_to_end(self, message: Message) -> TurnError | None:
        """Return what the chat was told of a failure.

        Raises:
            _Stopped: It was stopped, and the chat says so.
        """
        persona = self._persona
        interrupted = self._stops, self._restarts
        if self.is_stuck():
            return _write(persona, message, self._stuck_error())
        running = asyncio.create_task(self._turn(message), name=f"turn of {persona.id}")
        self._running = running
        self._given_up.clear()
        given_up = asyncio.create_task(self._given_up.wait())
        try:
            await asyncio.wait({running, given_up}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:  # the caller's, not ours: end the turn and pass it on
            await self._end(running)
            raise
        finally:
            given_up.cancel()
        was_stopped = interrupted != (self._stops, self._restarts)
        if running.done() and not running.cancelled():
            failure = running.result()
            if failure is None and was_stopped:  # the engine let it look like an end of its own
                raise _Stopped
            return failure
        if running.done() and not was_stopped:
            engine = self._slot.running.id
            broken = TurnError(f"The engine {engine} broke off.", fix="Ask again.")
            return _write(persona, message, broken)
        self._say_stopped(message)
        raise _Stopped

    async def _turn(self, message: Message) -> TurnError | None:
        persona = self._persona
        await persona.draw()
        conversation = persona.conversation
        with conversation.kept_alive():
            try:
                conversation.introduce(persona.as_user())
                conversation.show_status("is thinking…")
                engine = await self._ready_engine(message)
                self.replying = True
                await engine.process_message(message)
            except (Exception, SystemExit) as exc:  # boundary: a turn; an engine may raise anything
                if not isinstance(exc, PersonaError):
                    persona.log.exception("Turn of %s failed", persona.id)
                return _write(persona, message, as_turn_error(exc))
            finally:
                self.replying = False
                conversation.show_status(None)
        return None

    async def _ready_engine(self, message: Message) -> PersonaEngine:
        """Return the engine for a turn; say so where its start takes a while."""
        # A task, as a collaborative chat's status can only be told from one.
        slow = asyncio.create_task(self._say_starting(message))
        try:
            engine = await self._slot.ready()
        finally:
            slow.cancel()
        if self._stuck is not None and self._stuck[0] is engine:  # the new one could not start
            raise self._stuck_error()
        self._persona.conversation.show_status("is thinking…")
        self._activity.tell(message.id, "thinking")
        return engine

    async def _say_starting(self, message: Message) -> None:
        await asyncio.sleep(_SLOW_START)
        self._persona.conversation.show_status("is starting…")
        self._activity.tell(message.id, "starting")

    async def _end(self, running: asyncio.Task[TurnError | None]) -> None:
        self._slot.session.withdraw()  # whoever waits for an answer gets none, in whichever task
        running.cancel()
        _, stuck = await asyncio.wait({running}, timeout=PATIENCE)
        if stuck:
            engine = self._slot.running
            self._persona.log.warning("The engine %s does not let its turn be stopped", engine.id)
            self._stuck = engine, running
            self._persona.conversation.show_status(None)
            self._given_up.set()

    def _stuck_error(self) -> TurnError:
        return TurnError(
            f"The engine {self._slot.upcoming.id} has not let its last turn be stopped.",
            fix="Ask again later. If it stays, send `/restart`, or restart the Jupyter server.",
            kind="stuck",
        )

    def _say_stopped(self, message: Message) -> None:
        """Leave a word where a stop left none, so that no message looks forgotten."""
        persona = self._persona
        if self.closed:
            return
        notes = [note(m) for m in persona.chat.get_messages() if m.sender in persona.ids]
        answers = [n for n in notes if n.get("answers") == message.id]
        if any(n.get("kind") == "reply" and n.get("state") == "stopped" for n in answers):
            return
        text = "*Stopped.*" if answers else "*Stopped before an answer.*"
        persona.conversation.add(text, {"kind": "notice", "answers": message.id})


def _write(persona: BasePersona, message: Message, error: TurnError) -> TurnError:
    write_failure(persona.conversation, message.id, error)
    return error
