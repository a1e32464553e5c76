"""The agents' processes of one server: shared, counted, started late and ended early."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack

from persona.core import TurnError
from persona.engines.acp import _failures as failures
from persona.engines.acp._agent import Agent
from persona.engines.acp._plan import Launch
from persona.engines.acp._row import AgentRow
from persona.engines.acp._sdk import load_sdk

BACK_OFF = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds to wait before a start, after so many that failed or crashed in a row."""


class Lease:
    """A user's right to a running agent; given back with `release`.

    Attributes:
        agent: The agent.
    """

    def __init__(self, seat: _Seat, agent: Agent, idle_seconds: float) -> None:
        self.agent = agent
        self._seat: _Seat | None = seat
        self._idle_seconds = idle_seconds

    async def release(self) -> None:
        """Give it back; the last one has the process ended, now or after its idle time."""
        seat, self._seat = self._seat, None
        if seat is not None:
            await seat.release(self.agent, self._idle_seconds)


class AgentPool:
    """Processes by how they are started. Equal launches share one.

    Owned by the engine registry, so that all personas of a server use one pool.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._seats: dict[Launch, _Seat] = {}
        self._closed = False

    async def acquire(
        self, row: AgentRow, launch: Launch, *, start_seconds: float, idle_seconds: float
    ) -> Lease:
        """Return a lease of a running agent, started if need be.

        Raises:
            TurnError: It cannot be started.
        """
        if self._closed:
            raise failures.closing(row)
        seat = self._seats.get(launch)
        if seat is None:
            self._seats = {key: seat for key, seat in self._seats.items() if not seat.empty}
            seat = self._seats[launch] = _Seat(row, launch, self._log)
        agent = await seat.take(start_seconds)
        return Lease(seat, agent, idle_seconds)

    def restart(self, launch: Launch) -> None:
        """Give up the process of a launch, also one that is just starting.

        The next start comes without delay, whatever failed before.
        """
        if seat := self._seats.get(launch):
            seat.restart()

    @property
    def agents(self) -> tuple[Agent, ...]:
        """The agents that run."""
        found = (seat.agent for seat in self._seats.values())
        return tuple(agent for agent in found if agent is not None and agent.alive)

    async def close(self) -> None:
        """End every process, start none any more. Called when the server stops."""
        self._closed = True
        seats, self._seats = list(self._seats.values()), {}
        await asyncio.gather(*(seat.close() for seat in seats))


class _Seat:
    """The place of one process: at most one that is in use, and those that end."""

    def __init__(self, row: AgentRow, launch: Launch, log: logging.Logger) -> None:
        self.agent: Agent | None = None
        self._row = row
        self._launch = launch
        self._log = log
        self._starting: asyncio.Task[Agent] | None = None
        self._users: dict[Agent, int] = {}
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self.failures = 0
        self._closed = False

    @property
    def empty(self) -> bool:
        """Whether nothing is lost with it."""
        waiting = self._starting is not None and not self._starting.done()
        return not (waiting or self.agent or self._users or self._ending or self.failures)

    async def take(self, start_seconds: float) -> Agent:
        self._stay()
        agent = self.agent
        while agent is None or not agent.alive:
            if self._closed:
                raise failures.closing(self._row)
            if self._starting is None or self._starting.done():
                self._starting = asyncio.create_task(
                    self._start(start_seconds), name=f"start of {self._row.id}"
                )
                self._starting.add_done_callback(self._note_start)
            starting = self._starting
            # Not awaited itself: who stops waiting must not take it from those who still do.
            await asyncio.wait({starting})
            agent = None if starting.cancelled() else starting.result()
        self._stay()  # a start sets a time of its own, for the case that nobody waits any more
        self._users[agent] = self._users.get(agent, 0) + 1
        return agent

    def restart(self) -> None:
        self.failures = 0
        if self._starting is not None:
            self._starting.cancel()
        if self.agent is not None:
            self.agent.worked = True  # so that its end does not count as a failure
            self.agent.retire()

    async def release(self, agent: Agent, idle_seconds: float) -> None:
        left = self._users.get(agent, 0) - 1
        if left > 0:
            self._users[agent] = left
            return
        self._users.pop(agent, None)
        if agent is not self.agent or not agent.alive:
            await self._end(agent)
        elif idle_seconds <= 0:
            self.agent = None
            await self._end(agent)
        else:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(idle_seconds, self._end_idle, agent)

    async def close(self) -> None:
        self._closed = True
        self._stay()
        if self._starting is not None and not self._starting.done():
            self._starting.cancel()
            await asyncio.wait({self._starting})
        for agent in {*self._users, *([self.agent] if self.agent else [])}:
            self._end_later(agent)
        self.agent = None
        self._users.clear()
        if self._ending:
            await asyncio.wait(self._ending)

    async def _start(self, seconds: float) -> Agent:
        old = self.agent
        if old is not None:
            self.agent = None
            self.failures = 0 if old.worked else self.failures + 1
            self._end_later(old)
        await asyncio.to_thread(load_sdk)
        await asyncio.sleep(BACK_OFF[min(self.failures, len(BACK_OFF) - 1)])
        agent = Agent(self._row, self._launch, self._log)
        with ExitStack() as undo:
            undo.callback(self._end_later, agent)  # no half-started process may stay
            try:
                await agent.start(seconds)
            except TurnError:
                self.failures += 1
                raise
            undo.pop_all()
        self.agent = agent
        return agent

    def _note_start(self, task: asyncio.Task[Agent]) -> None:
        if task.cancelled() or task.exception() is not None:
            return
        agent = task.result()
        if not self._users.get(agent):
            # Whoever wanted it has gone; a waiter that is still there takes it first.
            self._idle = asyncio.get_running_loop().call_later(1.0, self._end_idle, agent)

    def _stay(self) -> None:
        """Take back that the process ends soon."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _end_idle(self, agent: Agent) -> None:
        self._idle = None
        if not self._users.get(agent):
            if self.agent is agent:
                self.agent = None
            self._end_later(agent)

    async def _end(self, agent: Agent) -> None:
        await asyncio.shield(self._end_later(agent))

    def _end_later(self, agent: Agent) -> asyncio.Task[None]:
        task = asyncio.create_task(agent.stop(), name=f"end of {self._row.id}")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task
