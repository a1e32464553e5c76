"""One agent, talked to by this project and by a bare client of the ACP SDK."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import Cost
from persona.core import BasePersona, EngineRegistry, PersonaIdentity
from persona.engines.acp import AcpEngine
from persona.testing import ScriptedAgent
from persona.testing.chat import MemoryChat

PIECE = "some text "


def make_agent(folder: Path, updates: int) -> ScriptedAgent:
    """Return an agent that says much at "many", and little at anything else."""
    agent = ScriptedAgent(folder)
    agent.on("many", {"burst": PIECE, "count": updates})
    return agent


class Ours:
    """Personas of one registry on one agent."""

    def __init__(self, agent: ScriptedAgent, root: Path) -> None:
        self.agent = agent
        self.root = root
        self.registry = EngineRegistry(())
        self.registry.register(AcpEngine)
        self.personas: list[BasePersona] = []

    def persona(self, name: str, chat: MemoryChat) -> BasePersona:
        """Return a persona in a chat; nothing is started."""
        persona = BasePersona(
            ychat=chat,
            engine=self.registry.create("acp"),
            identity=PersonaIdentity(name=name),
            options={"command": self.agent.command, "args": self.agent.args},
            root_dir=self.root,
        )
        self.personas.append(persona)
        return persona

    async def close(self) -> None:
        """End everything."""
        for persona in self.personas:
            await persona.shutdown()
        await self.registry.close()


async def our_turn(persona: BasePersona, chat: MemoryChat, text: str) -> tuple[Cost, float]:
    """Have one turn; return its cost and the seconds to the first text in the chat."""
    message = chat.say(text)
    seen = len(chat.updates)
    first: list[float] = []

    def note(event: Any) -> None:
        if not first and len(chat.updates) > seen:
            first.append(time.perf_counter())

    observer = chat.observe_messages(note)
    cpu, wall = time.process_time(), time.perf_counter()
    await persona.process_message(message)
    cost = Cost(time.process_time() - cpu, time.perf_counter() - wall)
    chat.unobserve_messages(observer)
    return cost, first[0] - wall


class Bare:
    """A connection of the SDK whose handler does nothing but look at the clock."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.session = ""
        self.first = 0.0
        self.count = 0

    async def handle(self, method: str, params: Any, is_notification: bool) -> None:
        """Take a notification."""
        self.count += 1
        if self.count == 1:
            self.first = time.perf_counter()

    async def turn(self, text: str, updates: int) -> tuple[Cost, float]:
        """Have one prompt answered; return its cost and the seconds to the first update."""
        self.count = 0
        prompt = [{"type": "text", "text": text}]
        cpu, wall = time.process_time(), time.perf_counter()
        params = {"sessionId": self.session, "prompt": prompt}
        await self._connection.send_request("session/prompt", params)
        while self.count < updates:  # noqa: ASYNC110 - handlers run after the answer, no event
            await asyncio.sleep(0)
        cost = Cost(time.process_time() - cpu, time.perf_counter() - wall)
        return cost, self.first - wall


@asynccontextmanager
async def bare_client(agent: ScriptedAgent) -> AsyncIterator[Bare]:
    """Start the agent and connect to it as the SDK does."""
    from acp.connection import Connection

    process = await asyncio.create_subprocess_exec(
        agent.command,
        *agent.args,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    bare = Bare(None)
    connection = Connection(bare.handle, process.stdin, process.stdout)  # type: ignore[arg-type]
    bare._connection = connection
    try:
        await connection.send_request("initialize", {"protocolVersion": 1})
        opened = await connection.send_request("session/new", {"cwd": "/", "mcpServers": []})
        bare.session = opened["sessionId"]
        yield bare
    finally:
        await connection.close()
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
