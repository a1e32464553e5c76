"""The engine ``litellm``."""

from __future__ import annotations

import asyncio
import html
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from persona.core import (
    EngineSupport,
    Notice,
    PersonaContext,
    PersonaEngine,
    ReplyEvent,
    Requirement,
    Turn,
)
from persona.engines.litellm._attachments import read_files
from persona.engines.litellm._client import Client
from persona.engines.litellm._mcp import McpServers
from persona.engines.litellm._messages import build_messages
from persona.engines.litellm._options import LiteLLMOptions, read_options
from persona.engines.litellm._providers import missing_key
from persona.engines.litellm._rounds import Rounds
from persona.engines.litellm._settings import (
    NO_MODEL_FIX,
    Settings,
    no_key,
    no_model,
    read_settings,
)
from persona.engines.litellm._skills import find_skills
from persona.engines.litellm._tools import ToolBox, tool_of


class LiteLLMEngine(PersonaEngine):
    """Talks to any model that LiteLLM speaks to.

    litellm and mcp are imported in threads, when they are first needed. Tools, skills
    and servers belong to the instance, so to one persona in one chat.
    """

    id = "litellm"
    options_model = LiteLLMOptions

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._client = Client()
        self._servers = McpServers(self.log)

    async def start(self) -> None:
        """Import litellm off the event loop.

        Raises:
            TurnError: The persona has no model.
        """
        if self.persona.model is None:
            raise no_model()
        await self._client.load()

    async def shutdown(self) -> None:
        """End the MCP servers."""
        await self._servers.close()

    def apply_context(self, context: PersonaContext) -> None:
        """End the MCP servers that are no longer wanted; new ones start with the next turn."""
        self._servers.keep(context.mcp_servers)

    def support(self) -> EngineSupport:
        """Everything is honoured; whether a skill is read is the model's decision."""
        return EngineSupport(
            model="enforced",
            system_prompt="enforced",
            mcp_servers="enforced",
            skills="requested",
            options="enforced",
            missing=self._missing(),
        )

    async def reply(self, turn: Turn) -> AsyncGenerator[ReplyEvent | str, None]:
        """Answer one message.

        Raises:
            TurnError: The model cannot be called, or the call failed.
        """
        options = read_options(turn.options)
        settings = read_settings(turn.model, options)
        await self._client.load()
        missing = self._client.missing_key(settings)
        if missing is not None:
            raise no_key(settings.model_id, missing)
        files = await read_files(turn, sees_images=await self._sees(turn, options, settings))
        skills = await asyncio.to_thread(find_skills, turn.context.skills_paths)
        notices = [*files.notices, *(_warning(text) for text in skills.problems)]
        box = ToolBox([])
        if options.max_tool_rounds:
            tools, problems = await self._servers.tools(turn.context.mcp_servers, _folder(turn))
            notices += problems
            given = [tool_of(function) for function in turn.functions]
            box = ToolBox([*skills.tools(), *given, *tools], options.tool_timeout)
        for notice in notices:
            yield notice
        await self._client.load(tools=len(box) > 0)
        messages = build_messages(turn, files.parts, [skills.catalogue()])
        rounds = Rounds(self._client, settings, box, options.max_tool_rounds)
        async with aclosing(rounds.run(messages)) as events:
            async for event in events:
                yield event

    async def _sees(self, turn: Turn, options: LiteLLMOptions, settings: Settings) -> bool:
        if options.vision is not None:
            return options.vision
        if not any(a.is_image for u in (*turn.history, turn.message) for a in u.attachments):
            return False
        return await self._client.sees_images(settings)

    def _missing(self) -> tuple[Requirement, ...]:
        if not self.bound:
            return ()
        model, options = self.persona.model, self.persona.options
        if model is None:
            return (Requirement("The persona has no model.", NO_MODEL_FIX),)
        if model.model_url or {"api_key", "api_base", "mock_response"} & options.keys():
            return ()
        variable = missing_key(model.model_id, os.environ)
        if variable is None:
            return ()
        error = no_key(model.model_id, variable)
        return (Requirement(error.summary, error.fix, error.kind),)


def _folder(turn: Turn) -> Path:
    """Return the folder that tools start in: the chat's, or the root if it is gone."""
    folder = turn.chat_dir if turn.chat_dir.is_dir() else turn.root_dir
    return folder.absolute()


def _warning(text: str) -> Notice:
    return Notice(html.escape(text, quote=False), "warning")
