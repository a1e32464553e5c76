"""One persona's conversation with an agent in one chat, over processes and sessions."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from persona.core import Turn, TurnError
from persona.engines.acp import _failures as failures
from persona.engines.acp._agent import Agent
from persona.engines.acp._hearing import Hearing
from persona.engines.acp._home import in_home_all
from persona.engines.acp._memory import Remembered, recall, remember
from persona.engines.acp._opening import open_session
from persona.engines.acp._plan import Launch
from persona.engines.acp._pool import AgentPool
from persona.engines.acp._row import AgentRow
from persona.engines.acp._servers import named_values, server_params
from persona.engines.acp._session import Session, StateEvent
from persona.engines.acp._stderr import secrets_among, secrets_in
from persona.engines.acp._transport import JsonObject
from persona.engines.acp._wanted import Wanted

if TYPE_CHECKING:
    from persona.core import BasePersona


@dataclass(slots=True)
class _Open:
    """A session that is open; ``held`` gives back its MCP servers and its process."""

    wanted: Wanted
    session: Session
    held: AsyncExitStack
    print: str
    problems: list[str]


class AgentConversation:
    """Keeps one session open, opens another when the settings or the process change.

    Args:
        row: The agent.
        persona: Whose conversation it is.
        pool: The processes.
        log: Logger.
        tell: Gets how the session stands, when it is set and when it changes between turns.
    """

    def __init__(
        self,
        row: AgentRow,
        persona: BasePersona,
        pool: AgentPool,
        log: logging.Logger,
        tell: Callable[[StateEvent], None],
    ) -> None:
        self._row = row
        self._persona = persona
        self._pool = pool
        self._log = log
        self._tell = tell
        self._open: _Open | None = None
        self._opening: tuple[Wanted, asyncio.Task[_Open]] | None = None
        self._launches: set[Launch] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._last: tuple[str, str] | None = None
        self._hearing = Hearing(persona)

    # -- getting a session --------------------------------------------------------------

    async def ready(self, wanted: Wanted) -> Session:
        """Return an open session, the one at hand if it was opened with the same.

        When the caller is cancelled the opening goes on; the next turn finds it.

        Raises:
            TurnError: The agent cannot be started or refused.
        """
        self._launches = {wanted.launch}
        if self._open is not None and self._usable(self._open, wanted):
            return self._open.session
        opening = self._opening
        if opening is None or not self._awaitable(*opening, wanted):
            await self._drop()
            task = asyncio.create_task(
                self._open_in_time(wanted), name=f"session of {self._persona.id}"
            )
            task.add_done_callback(_look_at)  # whoever wanted it may have gone
            self._opening = (wanted, task)
        else:
            task = opening[1]
        try:
            self._open = await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():  # it was ended, not we
                raise TurnError(f"{self._row.name} was restarted.", fix="Ask again.") from None
            raise
        self._opening = None
        return self._open.session

    async def configure(self, session: Session, wanted: Wanted) -> list[str]:
        """Set the session as wanted; return what the agent does not take.

        Raises:
            TurnError: It does not take something that is required, or is gone.
        """
        problems = list(self._open.problems) if self._open else []
        session.on_state = self._tell
        try:
            async with asyncio.timeout(wanted.options.start_seconds):
                more, _ = await session.settings.apply(wanted.choices, wanted.plan.set_model)
        except ConnectionError as exc:
            session.agent.retire()
            raise await session.agent.failure() from exc
        except TimeoutError:
            session.agent.retire()
            raise self._slow(wanted) from None
        except TurnError as exc:
            if exc.kind == "login":
                session.agent.retire()
            raise
        for event in session.state:
            self._tell(event)
        return problems + more

    # -- what the agent has heard ------------------------------------------------------------

    def before(self, session: Session, wanted: Wanted, turn: Turn, text: str) -> list[str]:
        """Return the texts that come before the message: instructions, what was missed."""
        return self._hearing.before(session, wanted.plan.preamble, turn, text)

    def note(self, session: Session, turn: Turn) -> None:
        """Take note that the agent has what it was given, here and in the chat."""
        seen = self._hearing.note(session, turn)
        if self._open is None or self._open.session is not session:
            return
        print_ = self._open.print
        self._last = (print_, session.id)
        remember(
            self._persona.ychat,
            self._persona.slug,
            Remembered(self._row.id, session.id, print_, seen),
        )

    # -- ending ---------------------------------------------------------------------------------

    async def close(self) -> None:
        """Close the session and give the process back; safe to repeat."""
        await self._drop()
        if self._closing:
            await asyncio.wait(self._closing)

    async def restart(self) -> None:
        """Give the process up, whoever else uses it, and begin with a fresh one."""
        if self._open is not None:
            self._open.session.agent.retire()
        for launch in self._launches:
            self._pool.restart(launch)
        self._launches.clear()
        await self.close()

    async def _drop(self) -> None:
        opening, self._opening = self._opening, None
        opened, self._open = self._open, None
        if opening is not None:
            task = opening[1]
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
            if not task.cancelled() and task.exception() is None and task.result() is not opened:
                await self._leave(task.result())
        if opened is not None:
            await self._leave(opened)

    async def _leave(self, opened: _Open) -> None:
        """Close a session; goes on if the caller is cancelled."""
        task = asyncio.create_task(_close(opened), name=f"close of {self._persona.id}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        await asyncio.shield(task)

    # -- opening --------------------------------------------------------------------------------

    def _usable(self, opened: _Open, wanted: Wanted) -> bool:
        session = opened.session
        return session.agent.alive and not session.lost and opened.wanted.opening == wanted.opening

    def _awaitable(self, wanted: Wanted, task: asyncio.Task[_Open], now: Wanted) -> bool:
        """Whether an opening that another turn began is what this one needs."""
        if not task.done():
            return wanted.opening == now.opening
        if task.cancelled() or task.exception() is not None:
            return False
        return self._usable(task.result(), now)

    async def _open_in_time(self, wanted: Wanted) -> _Open:
        options = wanted.options
        lease = await self._pool.acquire(
            self._row,
            wanted.launch,
            start_seconds=options.start_seconds,
            idle_seconds=options.idle_seconds,
        )
        async with AsyncExitStack() as held:
            held.push_async_callback(lease.release)  # last, when the servers have ended
            # An agent that has not answered, or wants a login, is of no use to anybody.
            try:
                servers, problems = await self._servers(wanted, lease.agent, held)
                async with asyncio.timeout(options.start_seconds) as limit:
                    session, print_ = await self._open_session(wanted, lease.agent, servers, limit)
            except ConnectionError as exc:
                lease.agent.retire()
                raise await lease.agent.failure() from exc
            except TimeoutError as exc:
                lease.agent.retire()
                raise self._slow(wanted) from exc
            except TurnError as exc:
                if exc.kind == "login":
                    lease.agent.retire()
                raise
            return _Open(wanted, session, held.pop_all(), print_, problems)

    async def _servers(
        self, wanted: Wanted, agent: Agent, stack: AsyncExitStack
    ) -> tuple[list[JsonObject], list[str]]:
        """Get the MCP servers ready. One that is slow is no fault of the agent's."""
        agent.hide(secrets_among(named_values(wanted.servers)))
        agent.hide(secrets_in(json.dumps(dict(wanted.plan.extra), default=str)))
        return await server_params(
            agent,
            wanted.servers,
            wanted.folder,
            stack,
            takes_stdio=wanted.plan.stdio_mcp,
            log=self._log,
        )

    async def _open_session(
        self, wanted: Wanted, agent: Agent, servers: list[JsonObject], limit: asyncio.Timeout
    ) -> tuple[Session, str]:
        extra = in_home_all(wanted.plan.extra, agent.home)
        params = {"cwd": str(wanted.folder), "mcpServers": servers, **extra}
        print_ = await asyncio.to_thread(wanted.fingerprint)
        async with agent.first_session(limit):
            session = await open_session(agent, params, self._stored(print_), self._log)
        return session, print_

    def _stored(self, print_: str) -> str | None:
        if self._last is not None and self._last[0] == print_:
            return self._last[1]
        known = recall(self._persona.ychat, self._persona.slug)
        if known is None or known.agent != self._row.id or known.settings != print_:
            return None
        return known.session

    def _slow(self, wanted: Wanted) -> TurnError:
        seconds = wanted.options.start_seconds
        return failures.no_start(self._row, f"it did not open a session within {seconds:g} s.")


def _look_at(task: asyncio.Task[_Open]) -> None:
    if not task.cancelled():
        task.exception()


async def _close(opened: _Open) -> None:
    try:
        await opened.session.close()
    finally:
        await opened.held.aclose()
