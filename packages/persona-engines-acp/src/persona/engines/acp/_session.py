"""One conversation with an agent: opened, prompted one turn at a time, cancelled, closed."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
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
from persona.engines.acp._asking import by_policy, options_of, request_of, selected, tool_call_of
from persona.engines.acp._choices import Settings
from persona.engines.acp._noise import NoiseFilter
from persona.engines.acp._options import Permissions
from persona.engines.acp._places import Places
from persona.engines.acp._reading import config_values
from persona.engines.acp._transport import JsonObject
from persona.engines.acp._updates import STATE, Translator

CANCEL_PATIENCE = 0.8
"""Seconds that an agent may take to end a turn that was stopped, before it is given up."""

QUIET = 0.05
"""Seconds of silence after which an answered turn is over: some agents answer too early."""

_LATEST = 1.0
_CLOSE_PATIENCE = 1.0


class Session:
    """A session of an agent, as one persona in one chat has it.

    Attributes:
        id: The agent's id of it.
        agent: The agent.
        resumed: Whether the agent still knows what was said before.
        lost: Whether the agent does not know it any more.
        settings: Its mode, model and other settings.

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
        self.settings = Settings(agent, session_id, {})
        self._log = log
        self._places = Places(folder)
        self._translator = Translator(NoiseFilter(agent.row.noise), self._places)
        self._events: deque[ReplyEvent] = deque()
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._active = False
        self._policy: Permissions = "ask"
        self._pending: set[PermissionRequest] = set()
        self._commands: AvailableCommands | None = None
        self._news: dict[type[ReplyEvent], ReplyEvent] = {}

    @property
    def commands(self) -> frozenset[str]:
        """Names of the commands that the agent understands."""
        known = self._commands.commands if self._commands else ()
        return frozenset(command.name for command in known)

    # -- opening and closing ---------------------------------------------------------

    def opened(self, answer: Mapping[str, Any], *, resumed: bool) -> None:
        """Take note of what the agent answered."""
        self.resumed = resumed
        before = self.settings
        self.settings = Settings(self.agent, self.id, answer)
        if self.settings.options is None:
            self.settings.options = before.options
        if values := config_values(self.settings.options):
            self._news[ConfigChange] = ConfigChange(values)
        if self.settings.mode is not None:
            self._tell_mode(self.settings.mode)

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
        self, blocks: Sequence[JsonObject], policy: Permissions, silence: float
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Send a prompt and yield what happens until the agent has answered.

        When it is closed or cancelled before, the agent is told to stop.

        Args:
            blocks: The prompt, as ACP content blocks.
            policy: What happens when the agent asks for permission.
            silence: Seconds that the agent may say nothing. While a tool is at work or a
                permission is waited for, any time is allowed.

        Raises:
            TurnError: The agent refused, ended, or hangs.
        """
        async with self._turn:
            self.agent.begin()
            self._begin(policy)
            params = {"sessionId": self.id, "prompt": list(blocks)}
            answer = asyncio.create_task(self.agent.request("session/prompt", params, "answer"))
            answer.add_done_callback(lambda _: self._wake.set())
            try:
                while not answer.done() or self._events:
                    while self._events:
                        yield self._events.popleft()
                    if not answer.done():
                        await self._next(silence)
                result = await self._result(answer)
                deadline = asyncio.get_running_loop().time() + _LATEST
                while await self._more(deadline):
                    while self._events:
                        yield self._events.popleft()
                self._active = False
                for event in self._end(result):
                    yield event
            finally:
                self._active = False
                try:
                    await self._stop(answer)
                finally:
                    self._withdraw()
                    self._events.clear()
                    self.agent.end()

    def _begin(self, policy: Permissions) -> None:
        self._policy = policy
        self._translator.begin()
        self._events.clear()
        self._events.extend(self._news.values())
        self._news.clear()
        self._active = True

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
        self._wake.clear()
        while not self._wake.is_set():
            try:
                async with asyncio.timeout(silence):
                    await self._wake.wait()
            except TimeoutError:
                if not (self._pending or self._translator.busy):
                    self.agent.retire()
                    raise failures.silent(self.agent.row, silence) from None

    async def _more(self, deadline: float) -> bool:
        """Wait a moment for what the agent still sends; return whether anything came."""
        if asyncio.get_running_loop().time() >= deadline:
            return False
        self._wake.clear()
        try:
            async with asyncio.timeout(QUIET):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    def _end(self, result: JsonObject) -> list[ReplyEvent]:
        self.agent.worked = True
        events: list[ReplyEvent] = []
        usage = self._translator.usage(result)
        if usage is not None:
            events.append(usage)
        text = _ending(self.agent.row.name, result.get("stopReason"))
        if text:
            events.append(Notice(text, "warning"))
        return events

    async def _stop(self, answer: asyncio.Task[JsonObject]) -> None:
        """Have the agent end its turn, if it has not; give it up if it does not."""
        if answer.done():
            if not answer.cancelled():
                answer.exception()  # whoever waited has got it, or is not interested
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
            elif not answer.cancelled():
                answer.exception()

    def _withdraw(self) -> None:
        for request in list(self._pending):
            request.withdraw()

    # -- what the agent calls ----------------------------------------------------------------

    def on_update(self, update: JsonObject) -> None:
        """Take a ``session/update``, in order."""
        kind = update.get("sessionUpdate")
        if kind in STATE:
            self._note_state(update)
        elif self._active:
            self._events.extend(self._translator.take(update))
            self._wake.set()
        else:
            self._log.debug("%s outside of a turn: %s", self.agent.row.name, kind)

    async def on_permission(self, params: JsonObject) -> JsonObject:
        """Answer a ``session/request_permission``: by the policy, or as people decide."""
        if not self._active:
            return selected(None)
        asked = params.get("toolCall")
        call_id = asked.get("toolCallId") if isinstance(asked, dict) else None
        call = tool_call_of(params, self._translator.call(str(call_id)))
        options = options_of(params)
        option = by_policy(self._policy, call, options)
        if option is not None or self._policy == "deny" or not options:
            return selected(option)
        request = request_of(call, options, self._places)
        self._pending.add(request)
        self._events.append(request)
        self._wake.set()
        try:
            decision = await request.decision()
        finally:
            self._pending.discard(request)
        return selected(decision.option)

    def _note_state(self, update: JsonObject) -> None:
        for event in self._translator.take(update):
            match event:
                case AvailableCommands():
                    self._commands = event
                case ConfigChange():
                    self.settings.options = update.get("configOptions")
                case ModeChange():
                    self.settings.note_mode(event.mode)
                    event = ModeChange(event.mode, self.settings.mode_name(event.mode))
            if self._active:
                self._events.append(event)
                self._wake.set()
            else:
                self._news[type(event)] = event  # told at the beginning of the next turn

    def _tell_mode(self, mode: str) -> None:
        self._news[ModeChange] = ModeChange(mode, self.settings.mode_name(mode))


def _ending(name: str, reason: object) -> str:
    """Return what people should know about how a turn ended; nothing if it is done."""
    match reason:
        case "end_turn":
            return ""
        case "max_tokens":
            return "The answer was cut: it reached the longest length."
        case "max_turn_requests":
            return f"{name} stopped: it has asked its model as often as it may in one turn."
        case "refusal":
            return f"{name} refused to go on. Ask in another way."
        case "cancelled":
            return f"{name} ended its turn early."
        case _:
            return (
                f"{name} ended its turn for a reason that is not known here: {str(reason)[:100]}."
            )
