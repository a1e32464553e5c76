"""The engine behind every agent that speaks the Agent Client Protocol."""

from __future__ import annotations

import asyncio
import html
import os
import shutil
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError

from persona.core import (
    EngineSupport,
    Notice,
    PersonaContext,
    PersonaEngine,
    PersonaModel,
    ReplyEvent,
    Requirement,
    Turn,
    TurnError,
)
from persona.engines.acp import _failures as failures
from persona.engines.acp._choices import all_choices
from persona.engines.acp._content import prompt_blocks
from persona.engines.acp._conversation import AgentConversation
from persona.engines.acp._environment import expanded_context, expanded_options
from persona.engines.acp._options import AcpOptions, AnyAgentOptions
from persona.engines.acp._plan import Blocks, Delivery
from persona.engines.acp._pool import AgentPool
from persona.engines.acp._row import AgentRow
from persona.engines.acp._rows import ANY_AGENT
from persona.engines.acp._session import StateEvent
from persona.engines.acp._wanted import Wanted


class AcpEngine(PersonaEngine):
    """Talks to an agent that speaks the Agent Client Protocol.

    The class itself is the engine ``acp``, whose agent the options name. Engines for known
    agents are subclasses with a ``row``; their ``id`` is the row's.

    Nothing is started before the first turn. Processes belong to a pool that all engines of
    one registry share; an engine made by hand has one of its own.
    """

    id = "acp"
    options_model: ClassVar[type[BaseModel] | None] = AnyAgentOptions

    row: ClassVar[AgentRow] = ANY_AGENT
    """The agent."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "row" in vars(cls):
            if "id" not in vars(cls):
                cls.id = cls.row.id
            if "options_model" not in vars(cls):
                cls.options_model = AcpOptions

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._own_pool: AgentPool | None = None
        self._conversation: AgentConversation | None = None
        self._told: set[str] = set()

    # -- life -----------------------------------------------------------------------

    async def start(self) -> None:
        """Start the agent and open the session, so that the first turn is quick.

        Raises:
            TurnError: The agent is missing, cannot be started, wants a login, or does not take
            an option.
        """
        persona = self.persona
        chat_dir = (persona.root_dir / persona.ychat.get_path()).parent
        wanted = await asyncio.to_thread(
            self._wanted,
            persona.model,
            persona.context,
            persona.options,
            (chat_dir, persona.root_dir),
        )
        conversation = self._talk()
        session = await conversation.ready(wanted)
        # What it does not take is told in the turn.
        await conversation.configure(session, wanted)

    async def shutdown(self) -> None:
        """Close the session; the agent's process ends when nobody uses it any more."""
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            await conversation.close()
        pool, self._own_pool = self._own_pool, None
        if pool is not None:
            await pool.close()

    async def restart(self) -> None:
        """Throw the agent's process away; the next turn goes on with a fresh one."""
        if self._conversation is not None:
            await self._conversation.restart()

    # -- a turn -----------------------------------------------------------------------

    async def reply(self, turn: Turn) -> AsyncGenerator[ReplyEvent | str, None]:
        """Answer one message.

        Raises:
            TurnError: The agent cannot be used, refused, or ended.
        """
        # In a thread: it looks for skills, which may be a pattern over a large folder.
        wanted = await asyncio.to_thread(
            self._wanted, turn.model, turn.context, turn.options, (turn.chat_dir, turn.root_dir)
        )
        conversation = self._talk()
        session = await conversation.ready(wanted)
        for problem in await conversation.configure(session, wanted):
            if problem not in self._told:
                self._told.add(problem)
                yield Notice(html.escape(problem, quote=False), "warning")
        text = turn.text.strip() or turn.message.text.strip()
        before = conversation.before(session, wanted, turn, text)
        blocks, notices = await prompt_blocks(session.agent, before, text, turn.message.attachments)
        for notice in notices:
            yield notice
        options = wanted.options
        events = session.prompt(
            blocks,
            options.permissions,
            options.silence_seconds,
            on_heard=lambda: conversation.note(session, turn),
        )
        async with aclosing(events):
            async for event in events:
                yield event

    # -- the blocks ---------------------------------------------------------------------

    def support(self) -> EngineSupport:
        """Say what the agent honours and what is missing; looks for the program on PATH."""
        missing: list[Requirement] = []
        model, context, options = None, PersonaContext(), None
        if self.bound:
            model, context = self.persona.model, self.persona.context
            try:
                options = self._options(self.persona.options)
                context = self._context(context)
            except TurnError as exc:
                missing.append(Requirement(exc.summary, exc.fix, exc.kind))
        try:
            delivery = self._delivery(model, context, options or AcpOptions(), Path.cwd())
        except TurnError as exc:
            missing.append(Requirement(exc.summary, exc.fix or "See the message.", exc.kind))
            delivery = self._delivery(None, PersonaContext(), AcpOptions(), Path.cwd())
        if options is not None or not self.bound:
            missing += self._missing_program(delivery)
        found = delivery.support
        return replace(found, missing=(*found.missing, *missing))

    def _missing_program(self, delivery: Delivery) -> list[Requirement]:
        command = delivery.launch.command
        if not command or (not self.bound and not self.row.commands):
            return []
        path = dict(delivery.launch.env).get("PATH", os.environ.get("PATH"))
        if shutil.which(command[0], path=path) is not None:
            return []
        error = failures.not_installed(self.row, command[0])
        return [Requirement(error.summary, error.fix, error.kind)]

    # -- from the blocks to what the agent is given -----------------------------------------

    def _wanted(
        self,
        model: PersonaModel | None,
        context: PersonaContext,
        options: Mapping[str, Any],
        folders: tuple[Path, Path],
    ) -> Wanted:
        folder = _folder(*folders)
        read = self._options(options)
        context = self._context(context)
        delivery = self._delivery(model, context, read, folder)
        if not delivery.launch.command:
            raise failures.bad_options("The persona does not say which program to start.")
        return Wanted(
            launch=delivery.launch,
            plan=delivery.session,
            choices=all_choices(self.row, delivery.session, read),
            servers=tuple(context.mcp_servers),
            folder=folder,
            options=read,
        )

    def _delivery(
        self,
        model: PersonaModel | None,
        context: PersonaContext,
        options: AcpOptions,
        folder: Path,
    ) -> Delivery:
        try:
            options = expanded_options(options, os.environ)
        except KeyError as exc:
            raise failures.no_variable(str(exc.args[0])) from exc
        blocks = Blocks(
            slug=self.persona.slug if self.bound else "persona",
            model=model,
            context=context,
            options=options,
            cwd=folder,
            environment=os.environ,
        )
        return self.row.deliver(blocks, self._command())

    def _command(self) -> tuple[str, ...]:
        commands = self.row.commands
        if not commands:
            return ()
        found = next((path for name in commands if (path := shutil.which(name))), commands[0])
        return (found, *self.row.args)

    def _context(self, context: PersonaContext) -> PersonaContext:
        try:
            return expanded_context(context, os.environ)
        except KeyError as exc:
            raise failures.no_variable(str(exc.args[0])) from exc

    def _options(self, options: Mapping[str, Any]) -> AcpOptions:
        given = self.options_model
        model = given if given is not None and issubclass(given, AcpOptions) else AcpOptions
        try:
            return model.model_validate(dict(options))
        except ValidationError as exc:
            first = exc.errors(include_input=False, include_url=False)[0]
            name = ".".join(str(part) for part in first["loc"])
            raise failures.bad_options(
                f"The option {name} cannot be used: {first['msg']}."
            ) from exc

    def _talk(self) -> AgentConversation:
        if self._conversation is None:
            registry = self.registry
            if registry is not None:
                pool = registry.shared(AgentPool, lambda: AgentPool(self.log))
            else:
                pool = self._own_pool = self._own_pool or AgentPool(self.log)
            self._conversation = AgentConversation(
                self.row, self.persona, pool, self.log, self._tell
            )
        return self._conversation

    def _tell(self, event: StateEvent) -> None:
        self.persona.learn(self, event)


def _folder(chat_dir: Path, root_dir: Path) -> Path:
    """Return the folder that the agent works in: the chat's, or the root if it is gone."""
    return (chat_dir if chat_dir.is_dir() else root_dir).resolve()
