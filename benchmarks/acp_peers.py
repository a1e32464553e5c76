"""One agent, talked to by this project and by a bare client of the ACP SDK."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import Cost
from persona.core import BasePersona, EngineRegistry, PersonaIdentity, PersonaModel
from persona.testing import ScriptedAgent
from persona.testing.chat import MemoryChat

PIECE = "some text "


def make_agent(folder: Path, updates: int) -> ScriptedAgent:
    """Return an agent that says much at "many", and little at anything else."""
    agent = ScriptedAgent(folder)
    agent.on("many", {"burst": PIECE, "count": updates})
    agent.on("", {"text": PIECE})
    return agent


class Ours:
    """Personas of one registry on one agent."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.registry = EngineRegistry()
        self.personas: list[BasePersona] = []

    def persona(
        self,
        name: str,
        chat: MemoryChat,
        *,
        engine: str = "acp",
        model: PersonaModel | None = None,
        **options: Any,
    ) -> BasePersona:
        """Return a persona in a chat; nothing is started."""
        persona = BasePersona(
            ychat=chat,
            engine=self.registry.create(engine),
            identity=PersonaIdentity(name=name),
            model=model,
            options=options,
            root_dir=self.root,
        )
        self.personas.append(persona)
        return persona

    async def close(self) -> None:
        """End everything."""
        await asyncio.gather(*(persona.shutdown() for persona in self.personas))
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

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        from acp.connection import Connection

        streams: Any = (process.stdin, process.stdout)
        self.connection = Connection(self._handle, *streams)
        self.pid = process.pid
        self._session = ""
        self._first = 0.0
        self._count = 0

    async def _handle(self, method: str, params: Any, is_notification: bool) -> Any:
        if not is_notification:
            return {"outcome": {"outcome": "cancelled"}}
        self._count += 1
        if self._count == 1:
            self._first = time.perf_counter()
        return None

    async def open(self, folder: Path) -> str:
        """Open a session and return its id; the first one is what `turn` uses."""
        params = {"cwd": str(folder), "mcpServers": []}
        opened: Any = await self.connection.send_request("session/new", params)
        self._session = self._session or opened["sessionId"]
        return str(opened["sessionId"])

    async def another(self, folder: Path, text: str) -> None:
        """Open a further session and have a turn in it."""
        await self._prompt(await self.open(folder), text)

    async def turn(self, text: str, updates: int) -> tuple[Cost, float]:
        """Have one prompt answered; return its cost and the seconds to the first update."""
        self._count = 0
        cpu, wall = time.process_time(), time.perf_counter()
        await self._prompt(self._session, text)
        while self._count < updates:  # noqa: ASYNC110 - handlers run after the answer, no event
            await asyncio.sleep(0)
        cost = Cost(time.process_time() - cpu, time.perf_counter() - wall)
        return cost, self._first - wall

    async def _prompt(self, session: str, text: str) -> None:
        prompt = [{"type": "text", "text": text}]
        params = {"sessionId": session, "prompt": prompt}
        await self.connection.send_request("session/prompt", params)


@asynccontextmanager
async def bare_client(
    command: Sequence[str], env: Mapping[str, str] | None = None
) -> AsyncIterator[Bare]:
    """Start the agent and connect to it as the SDK does."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=2**24,
        env=env,
    )
    bare = Bare(process)
    try:
        await bare.connection.send_request("initialize", {"protocolVersion": 1})
        yield bare
    finally:
        await bare.connection.close()
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
