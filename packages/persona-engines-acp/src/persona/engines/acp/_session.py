"""One conversation with an agent: opened, prompted one turn at a time, cancelled, closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

from persona.core import (
    AvailableCommands,
    ConfigChange,
    ModeChange,
    Notice,
    PermissionRequest,
    ReplyEvent,
    TurnError,
)
from persona.engines.acp import _failures as failures
from persona.engines.acp._agent import Agent
from persona.engines.acp._asking import (
    by_policy,
    options_of,
    request_of,
    selected,
    tool_call_of,
    unanswerable,
)
from persona.engines.acp._backlog import Backlog
from persona.engines.acp._choices import Settings
from persona.engines.acp._noise import NoiseFilter
from persona.engines.acp._options import Permissions
from persona.engines.acp._places import Places
from persona.engines.acp._transport import JsonObject
from persona.engines.acp._updates import STATE, Translator

CANCEL_PATIENCE = 0.8
"""Seconds that an agent may take to end a turn that was stopped, before it is given up."""

QUIET = 0.05
"""Seconds of silence after which an answered turn is over: some agents answer too early."""

_LATEST = 1.0
_CLOSE_PATIENCE = 1.0
_QUESTION = 4096
"""How much a question counts among what waits to be taken, in bytes."""

_ASIDE = STATE | {"usage_update", "session_info_update", "tool_call_update"}
"""Updates that may come although the agent knows nothing of the prompt."""

StateEvent = AvailableCommands | ConfigChange | ModeChange
"""What an agent tells of how a session stands."""


class Session:
    """A session of an agent, as one persona in one chat has it.

    Attributes:
        id: The agent's id of it.
        agent: The agent.
        resumed: Whether the agent still knows what was said before.
        lost: Whether the agent does not know it any more.
        refused: Whether the agent answered the last prompt with an error and nothing else.
        settings: Its mode, model and other settings.
        on_state: Called when the agent tells outside of a turn how it stands.

    Args:
        agent: The agent.
        session_id: The agent's id of it.
        folder: The folder that it works in.
        log: Logger.
    """

    def __init__(self, agent: Agent, session_id: str, folder: str, log: logging.Logger) -> None:
        self.id = session_id
        self.agent = agent
        self.resumed = False
        self.lost = False
        self.refused = False
        self.settings = Settings(agent, session_id, {})
        self._log = log
        self._places = Places(folder)
        self._translator = Translator(NoiseFilter(agent.row.noise), self._places)
        self._backlog = Backlog(lambda: agent.hold(self), lambda: agent.let_go(self))
        self._turn = asyncio.Lock()
        self._active = False
        self._shown = False
        self._on_heard: Callable[[], None] | None = None
        self._policy: Permissions = "ask"
        self._pending: set[PermissionRequest] = set()
        self._commands: AvailableCommands | None = None
        self._told: tuple[StateEvent, ...] = ()
        self.on_state: Callable[[StateEvent], None] | None = None

    @property
    def commands(self) -> frozenset[str]:
        """Names of the commands that the agent understands."""
        known = self._commands.commands if self._commands else ()
        return frozenset(command.name for command in known)

    @property
    def state(self) -> tuple[StateEvent, ...]:
        """How the session stands, as far as the agent has told."""
        found: list[StateEvent] = [self._commands] if self._commands else []
        if values := self.settings.values():
            found.append(ConfigChange(values))
        if (mode := self.settings.mode) is not None:
            found.append(ModeChange(mode, self.settings.mode_name(mode)))
        return tuple(found)

    # -- opening and closing ---------------------------------------------------------

    def opened(self, answer: Mapping[str, Any], *, resumed: bool) -> None:
        """Take note of what the agent answered."""
        self.resumed = resumed
        before = self.settings
        self.settings = Settings(self.agent, self.id, answer)
        if self.settings.options is None:
            self.settings.options = before.options
        if self.settings.mode is None:
            self.settings.note_mode(before.mode)

    async def close(self) -> None:
        """Let the agent free what it keeps for the session. It can be loaded again."""
        self.agent.detach(self.id)
        self._withdraw()
        if not (self.agent.alive and self.agent.can("sessionCapabilities", "close")):
            return
        try:
            async with asyncio.timeout(_CLOSE_PATIENCE):
                await self.agent.request("session/close", {"sessionId": self.id}, "close a session")
        except (TurnError, ConnectionError, TimeoutError) as exc:
            self._log.debug("%s did not close a session: %s", self.agent.row.name, exc)

    # -- a turn --------------------------------------------------------------------------

    async def prompt(
        self,
        blocks: Sequence[JsonObject],
        policy: Permissions,
        silence: float,
        on_heard: Callable[[], None],
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Send a prompt and yield what happens until the agent has answered.

        When it is closed or cancelled before, the agent is told to stop.

        Args:
            blocks: The prompt, as ACP content blocks.
            policy: What happens when the agent asks for permission.
            silence: Seconds that the agent may say nothing. While a tool is at work or a
                permission is waited for, any time is allowed.
            on_heard: Called once, as soon as the agent has shown that it has the prompt.

        Raises:
            TurnError: The agent refused, ended, or hangs.
        """
        async with self._turn:
            self.agent.begin()
            self._begin(policy, on_heard)
            params = {"sessionId": self.id, "prompt": list(blocks)}
            answer = asyncio.create_task(self.agent.request("session/prompt", params, "answer"))
            answer.add_done_callback(lambda _: self._backlog.wake())
            backlog = self._backlog
            try:
                while not answer.done() or backlog:
                    self._note_heard()
                    while backlog:
                        yield backlog.take()
                    if backlog.given_up:
                        raise failures.flooded(self.agent.row)
                    if not answer.done():
                        await self._next(silence)
                result = await self._result(answer)
                deadline = asyncio.get_running_loop().time() + _LATEST
                while await self._more(deadline):
                    while backlog:
                        yield backlog.take()
                self._active = False
                for event in self._end(result):
                    yield event
            finally:
                self._active = False
                backlog.clear()
                try:
                    await self._stop(answer)
                finally:
                    self._note_heard()
                    self._on_heard = None
                    self._withdraw()
                    self.agent.end()

    def _begin(self, policy: Permissions, on_heard: Callable[[], None]) -> None:
        self._policy = policy
        self._on_heard = on_heard
        self._shown = self.refused = False
        self._translator.begin()
        self._backlog.clear()
        state = self.state
        self._backlog.put((event for event in state if event not in self._told), 0)
        self._told = state
        self._active = True

    def _note_heard(self) -> None:
        if self._shown and self._on_heard is not None:
            on_heard, self._on_heard = self._on_heard, None
            on_heard()

    async def _result(self, answer: asyncio.Task[JsonObject]) -> JsonObject:
        try:
            return await answer
        except ConnectionError as exc:
            self.agent.retire()
            raise await self.agent.failure() from exc
        except TurnError as exc:
            if exc.kind == "login":
                self.agent.retire()  # it may never look for a login again
            self.lost = exc.kind == "lost"
            raise

    async def _next(self, silence: float) -> None:
        """Wait until something happens."""
        while not await self._backlog.news(silence):
            # What another session holds back may be what this one waits for.
            if not (self._pending or self._translator.busy or self.agent.held):
                self.agent.retire()
                raise failures.silent(self.agent.row, silence) from None

    async def _more(self, deadline: float) -> bool:
        """Wait a moment for what the agent still sends; return whether anything came."""
        if asyncio.get_running_loop().time() >= deadline:
            return False
        return await self._backlog.news(QUIET)

    def _end(self, result: JsonObject) -> list[ReplyEvent]:
        self.agent.worked = True
        events: list[ReplyEvent] = []
        usage = self._translator.usage(result)
        if usage is not None:
            events.append(usage)
        text = failures.ending(self.agent.row.name, result.get("stopReason"))
        if text:
            events.append(Notice(text, "warning"))
        return events

    async def _stop(self, answer: asyncio.Task[JsonObject]) -> None:
        """Have the agent end its turn, if it has not; give it up if it does not."""
        if answer.done():
            self._look_at(answer)  # whoever waited has got it, or is not interested
            return
        self._withdraw()
        try:
            await self.agent.notify("session/cancel", {"sessionId": self.id})
            await asyncio.wait({answer}, timeout=CANCEL_PATIENCE)
        finally:
            if not answer.done():
                self._log.warning(
                    "%s does not let its turn be stopped; given up.", self.agent.row.name
                )
                answer.cancel()
                self.agent.retire()
            else:
                self._look_at(answer)

    def _look_at(self, answer: asyncio.Task[JsonObject]) -> None:
        """See whether the agent has answered; one that refused the prompt has it too."""
        if answer.cancelled():
            return
        error = answer.exception()
        if error is None:
            self._shown = True
        elif isinstance(error, TurnError) and error.kind == "agent":
            self.refused = not self._shown
            self._shown = True

    def _withdraw(self) -> None:
        for request in list(self._pending):
            request.withdraw()

    # -- what the agent calls ----------------------------------------------------------------

    def on_update(self, update: JsonObject, size: int) -> None:
        """Take a ``session/update`` of so many bytes, in order."""
        kind = update.get("sessionUpdate")
        if not isinstance(kind, str):
            self._log.debug("%s sends an update of no kind.", self.agent.row.name)
        elif kind in STATE:
            self._note_state(update, size)
        elif self._active:
            self._shown = self._shown or kind not in _ASIDE
            self._backlog.put(self._translator.take(update), size)
        else:
            self._log.debug("%s outside of a turn: %s", self.agent.row.name, kind)

    async def on_permission(self, params: JsonObject) -> JsonObject:
        """Answer a ``session/request_permission``: by the policy, or as people decide."""
        if not self._active:
            return selected(None)
        self._shown = True
        asked = params.get("toolCall")
        call_id = asked.get("toolCallId") if isinstance(asked, dict) else None
        call = tool_call_of(params, self._translator.call(str(call_id)))
        options = options_of(params)
        option = by_policy(self._policy, call, options)
        if option is not None or self._policy == "deny":
            return selected(option)
        if not options:
            self._backlog.put((unanswerable(self.agent.row.name, call, self._places),), _QUESTION)
            return selected(None)
        request = request_of(call, options, self._places)
        self._pending.add(request)
        self._backlog.put((request,), _QUESTION)
        try:
            decision = await request.decision()
        finally:
            self._pending.discard(request)
        return selected(decision.option)

    def _note_state(self, update: JsonObject, size: int) -> None:
        for event in self._translator.take(update):
            match event:
                case AvailableCommands():
                    self._commands = event
                case ConfigChange():
                    self.settings.options = update.get("configOptions")
                case ModeChange():
                    self.settings.note_mode(event.mode)
        state = self.state
        if self._active:
            self._backlog.put([event for event in state if event not in self._told], size)
            self._told = state
        elif self.on_state is not None:  # the chat is told in the next turn
            for event in state:
                self.on_state(event)
