"""The place of a persona's engine: started when needed, swapped between turns, let go once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from persona.core._engine import PersonaEngine
from persona.core._engine_start import EngineStart, is_broken_off
from persona.core._errors import PersonaError, TurnError, as_turn_error
from persona.core._render import render_failure
from persona.core._session import Session, StateEvent
from persona.core._untold import BlockName, Untold

if TYPE_CHECKING:
    from persona.core._persona import BasePersona

PATIENCE = 10.0
"""Seconds that an engine may take to end a turn or itself before it is left behind."""


class EngineSlot:
    """Holds the engine of one persona and the one that takes over after the turn.

    Args:
        persona: Whose engine it is; its blocks are read from there.
        engine: The first engine.

    Attributes:
        session: What the engine that answers has told besides its answers.
    """

    def __init__(self, persona: BasePersona, engine: PersonaEngine) -> None:
        engine.bind(persona)
        self.session = Session()
        self._persona = persona
        self._engine = engine
        self._next: PersonaEngine | None = None
        self._started: PersonaEngine | None = None
        self._start = EngineStart()
        self._told_early: list[StateEvent] = []
        self._untold = Untold(persona)
        self._untold_next = Untold(persona)
        self._answering = False
        self._stale = False
        self._background: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def running(self) -> PersonaEngine:
        """The engine that answers now."""
        return self._engine

    @property
    def upcoming(self) -> PersonaEngine:
        """The engine that answers the next turn."""
        return self._next or self._engine

    def changed(self, block: BlockName) -> None:
        """Note that a block was replaced; the engine is told before the next turn."""
        self._untold.add(block)
        self._untold_next.add(block)

    def learn(self, engine: PersonaEngine, event: StateEvent) -> None:
        """Keep what an engine tells of its session; of one that starts, until it takes over."""
        if engine is self._engine or engine is self._engine.inner:
            self.session.learn(event)
        elif (begins := self._start.engine) is not None and engine in (begins, begins.inner):
            self._told_early.append(event)

    def replace(self, engine: PersonaEngine) -> None:
        """Let ``engine`` take over between turns, once it has started.

        Raises:
            EngineContractError: The engine serves another persona.
        """
        engine.bind(self._persona)
        replaced = self._next
        self._next = None if engine is self._engine else engine
        if replaced is not None and replaced is not engine:
            self._later(self._let_go(replaced))
        if self._next is not None and self._start.engine is self._engine:
            self._later(self._make_way(self._engine))

    async def start(self) -> None:
        """Start the engine if it is not started yet; between turns one that waits takes over.

        Raises:
            TurnError: Something is missing to run.
        """
        await self._swap(idle=True)
        while self._started is not self._engine and not self._closed:
            async with self._start.lock:
                engine = self._engine  # may be swapped while it starts, hence the loop
                if self._started is engine or self._closed:
                    break
                self._untold.tell(engine)
                try:
                    with self._start.of(engine):
                        await self._run_start(engine)
                except asyncio.CancelledError:
                    if not is_broken_off():
                        raise
                    if self._next is not None or self._closed:
                        return  # another takes over
                    raise TurnError("Its start broke off.", fix="Ask again.") from None
                self._started = engine

    async def ready(self) -> PersonaEngine:
        """Return the engine for a turn: swapped, started, and told of every change.

        Raises:
            TurnError: Something is missing to run.
        """
        while True:
            await self._pass_guard()
            await self._swap(idle=False)
            self._answering = True
            await self.renew()
            await self.start()
            if self._next is None:  # another was given meanwhile: the turn has not begun yet
                break
        self._untold.tell(self._engine)
        return self._engine

    async def _pass_guard(self) -> None:
        if self._persona.guard is not None:
            await self._persona.guard()

    def outdate(self) -> None:
        """Have the engine start anew at the next `renew` or `ready`."""
        self._stale = True

    async def renew(self) -> None:
        """Let the engine end itself if it is outdated, to be started again; only between turns."""
        if not self._stale:
            return
        waiting = asyncio.timeout(PATIENCE)  # one that hangs as it starts is restarted all the same
        with suppress(TimeoutError):
            async with waiting, self._start.lock:
                waiting.reschedule(None)
                await self._renew()
        if waiting.expired():
            self._start.break_off(self._start.engine)
            await self._renew()

    async def _renew(self) -> None:
        if not self._stale or self._closed:
            return
        self._stale = False
        self._started = None
        self._untold = Untold(self._persona)
        self.session.forget()
        await self._end(self._engine.restart(), self._engine)

    def swap_soon(self) -> None:
        """Begin to let a waiting engine take over and return at once; called between turns.

        Without an event loop, or if nothing was started yet, the next turn does it.
        """
        self._answering = False
        at_work = self._started is self._engine or self._start.engine is not None
        if self._next is not None and at_work and not self._closed:
            self._later(self._swap(idle=True))

    async def _swap(self, *, idle: bool) -> None:
        """Start the engine that waits and let it take over; if it cannot start, keep the old.

        Args:
            idle: Whether this is not for a turn, so that a turn that has begun comes first.
        """
        if self._next is None:
            return
        async with self._start.lock:
            # May be replaced by another while it starts, hence the loop.
            while (engine := self._next) is not None and not self._closed:
                if idle and self._answering:
                    return
                problem = await self._try_to_start(engine)
                if self._next is not engine or self._closed:
                    continue  # whoever took it away lets it go
                self._next = None
                if problem is not None:
                    self._tell_refused(engine, problem)
                    self._later(self._let_go(engine))
                    continue
                old, self._engine, self._started = self._engine, engine, engine
                self._stale = False
                self._untold = self._untold_next
                self.session.forget()
                for event in self._told_early:
                    self.session.learn(event)
                self._later(self._let_go(old))  # not within a turn, whose stop would break it off

    async def _try_to_start(self, engine: PersonaEngine) -> TurnError | None:
        self._untold_next = Untold(self._persona)
        self._told_early = []
        try:
            with self._start.of(engine):
                self._untold_next.tell(engine)
                await self._run_start(engine)
        except asyncio.CancelledError:
            if not is_broken_off():
                raise
            return TurnError("Its start broke off.")
        except (Exception, SystemExit) as exc:  # boundary: a plugin; the old engine goes on
            if not isinstance(exc, PersonaError):
                self._persona.log.error("Engine %s did not start", engine.id, exc_info=exc)
            return as_turn_error(exc)
        return None

    async def _run_start(self, engine: PersonaEngine) -> None:
        await self._pass_guard()
        await self._start.run(engine)

    def _tell_refused(self, engine: PersonaEngine, problem: TurnError) -> None:
        said = f"The engine {engine.id} could not start, {self._engine.id} goes on"
        if engine.runs_code and engine.id == self._engine.id:
            said = f"{self._persona.name} goes on as it was"
        told = TurnError(
            f"{said}: {problem.summary}",
            fix=problem.fix,
            details=problem.details,
            kind=problem.kind,
        )
        note = {"kind": "error", "state": "failed", "error": told.kind}
        self._persona.conversation.add(render_failure(told), note)
        if self._persona.when_refused is not None:
            self._persona.when_refused(engine.id)

    async def close(self) -> None:
        """Release every engine. Called once, after the last turn."""
        self._closed = True
        if self._next is not None:
            await self._let_go(self._next)
        await self._let_go(self._engine)
        if self._background:
            await asyncio.wait(self._background)

    async def _let_go(self, engine: PersonaEngine) -> None:
        # What it has half started could not be released.
        if self._start.engine is engine and not await self._start.over(PATIENCE):
            self._start.break_off(engine)
        if self._started is engine:
            self._started = None
        await self._end(engine.shutdown(), engine)

    async def _make_way(self, engine: PersonaEngine) -> None:
        """Let an engine that still starts end that, as another one takes over."""
        if not await self._start.over(PATIENCE) and self._next is not None:
            self._start.break_off(engine)

    async def _end(self, ending: Awaitable[None], engine: PersonaEngine) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await ending
        except Exception as exc:  # boundary: a plugin; one that cannot end must not stop us
            log = self._persona.log
            log.warning("Engine %s did not shut down cleanly: %r", engine.id, exc)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            task = asyncio.get_running_loop().create_task(work)
        except RuntimeError:  # no loop yet: the next turn does it
            work.close()
            return
        self._background.add(task)
        task.add_done_callback(self._background.discard)
