"""A chat in memory with personas on a real agent, and the processes that belong to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from persona.core import (
    BasePersona,
    EngineRegistry,
    McpServerStdio,
    PermissionRequest,
    PersonaContext,
    PersonaIdentity,
    PersonaModel,
)
from persona.testing import RecordedRequest, ScriptedLLM, mcp_server_command
from persona.testing.chat import MemoryChat

from .profiles import Profile

SECONDS = 90.0


@dataclass
class Bench:
    """One chat with personas on one real agent."""

    profile: Profile
    llm: ScriptedLLM
    root: Path
    chat: MemoryChat
    registry: EngineRegistry = field(default_factory=EngineRegistry)
    personas: list[BasePersona] = field(default_factory=list)
    children: set[psutil.Process] = field(default_factory=set)

    def persona(
        self,
        name: str = "Ada",
        *,
        prompt: str | None = None,
        model: str | None = "",
        server: str | None = None,
        skills: Path | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> BasePersona:
        """Make a persona with the agent behind it.

        Args:
            name: What it is called.
            prompt: Its prompt.
            model: Its model; empty takes the usual one, None leaves it to the user's settings.
            server: Name of its MCP server.
            skills: Folder of its skills.
            options: Its options.
        """
        servers = []
        if server is not None:
            command, *args = mcp_server_command(server)
            servers.append(McpServerStdio(name=server, command=command, args=args))
        persona = BasePersona(
            ychat=self.chat,
            engine=self.registry.create(self.profile.engine),
            model=None
            if model is None
            else PersonaModel(
                model_id=f"{self.profile.provider}/{model or self.profile.models[0]}",
                model_url=getattr(self.llm, self.profile.address),
            ),
            context=PersonaContext(
                system_prompt=prompt,
                mcp_servers=servers,
                skills_paths=[str(skills)] if skills else [],
            ),
            identity=PersonaIdentity(name=name),
            options=dict(options or {}),
            root_dir=self.root,
        )
        self.personas.append(persona)
        return persona

    def skill(self, name: str, description: str) -> Path:
        """Write a folder with one skill."""
        folder = self.root.parent / f"skills-{name}"
        file = folder / name / "SKILL.md"
        file.parent.mkdir(parents=True)
        file.write_text(
            f"---\nname: {name}\ndescription: {description}\n---\nDo it.\n", encoding="utf-8"
        )
        return folder

    async def ask(self, persona: BasePersona, text: str, choose: str | None = None) -> str:
        """Have one turn; decide what is asked by its kind. Return what the persona said."""
        before = len(self.chat.get_messages())
        turn = asyncio.create_task(persona.process_message(self.chat.say(text)))
        await self._until_done(persona, turn, choose)
        return self.said(persona, before)

    def said(self, persona: BasePersona, since: int = 0) -> str:
        """Return all that a persona said after so many messages."""
        messages = self.chat.get_messages()[since:]
        return "\n".join(m.body for m in messages if m.sender == persona.id)

    async def _until_done(
        self, persona: BasePersona, turn: asyncio.Task[None], choose: str | None
    ) -> None:
        deadline = time.monotonic() + SECONDS
        try:
            while not turn.done():
                for request in persona.permissions:
                    assert choose is not None, f"Nobody was to be asked, but: {request.title}"
                    self.decide(persona, request, choose)
                self.look()
                assert time.monotonic() < deadline, "The turn did not end."
                await asyncio.wait([turn], timeout=0.05)
        finally:
            if not turn.done():
                turn.cancel()
                await asyncio.wait([turn], timeout=10)
        turn.result()

    def decide(self, persona: BasePersona, request: PermissionRequest, kind: str) -> None:
        """Answer with the option of a kind."""
        option = next(option for option in request.options if option.kind == kind)
        assert persona.decide(request.id, option.id, by="ada", name="Ada")

    def look(self) -> set[psutil.Process]:
        """Note the processes below this one; return those that run now."""
        with suppress(psutil.NoSuchProcess):
            self.children |= set(psutil.Process().children(recursive=True))
        return {child for child in self.children if is_running(child)}

    def sent(self, *marks: str) -> list[RecordedRequest]:
        """Return the requests with one of the marks in them."""
        return [r for r in self.llm.requests if any(mark in r.text for mark in marks)]

    async def close(self) -> None:
        """Shut everything down."""
        for persona in self.personas:
            await persona.shutdown()
        self.personas.clear()
        await self.registry.close()


def is_running(process: psutil.Process) -> bool:
    """Whether a process runs; one that is dead but not yet waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return [f"{process.pid}, gone by now"]


async def until_gone(processes: set[psutil.Process], seconds: float = 10.0) -> None:
    """Wait until none of the processes runs.

    Raises:
        AssertionError: Some are left.
    """
    deadline = time.monotonic() + seconds
    while left := {process for process in processes if is_running(process)}:
        if time.monotonic() > deadline:
            raise AssertionError(f"Left behind: {[_command(process) for process in left]}")
        await asyncio.sleep(0.05)
