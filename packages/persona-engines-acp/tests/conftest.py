"""What the tests of this package share: personas on a scripted agent, and a look for orphans."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from persona.core import META, BasePersona, EngineRegistry, PersonaContext, PersonaIdentity
from persona.core import PersonaModel as Model
from persona.engines.acp import AcpEngine
from persona.engines.acp._pool import AgentPool
from persona.testing import ScriptedAgent
from persona.testing.chat import MemoryChat


class Bench:
    """Personas in chats, on scripted agents, all of one registry."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.registry = EngineRegistry(())
        self.registry.register(AcpEngine)
        self.chat = MemoryChat()
        self.personas: list[BasePersona] = []

    def agent(self, name: str = "agent", **scenario: Any) -> ScriptedAgent:
        return ScriptedAgent(self.root / name, **scenario)

    def persona(
        self,
        agent: ScriptedAgent,
        *,
        name: str = "Probe",
        chat: MemoryChat | None = None,
        model: str | None = None,
        context: Mapping[str, Any] | None = None,
        engine: AcpEngine | None = None,
        **options: Any,
    ) -> BasePersona:
        persona = BasePersona(
            ychat=chat or self.chat,
            engine=engine or self.registry.create("acp"),
            identity=PersonaIdentity(name=name),
            model=Model(model_id=model) if model else None,
            context=PersonaContext(**(context or {})),
            options={"command": agent.command, "args": agent.args, **options},
            root_dir=self.root,
        )
        self.personas.append(persona)
        return persona

    async def ask(self, persona: BasePersona, text: str = "hello", attachments: Any = ()) -> str:
        """Have one turn through the chat; return the last message."""
        chat = persona.ychat
        assert isinstance(chat, MemoryChat)
        async with asyncio.timeout(30):
            await persona.process_message(chat.say(text, attachments=attachments))
        return chat.bodies[-1]

    def kinds(self, chat: MemoryChat | None = None) -> list[str]:
        """Kind of each message that a persona wrote."""
        notes = [(m.metadata or {}).get(META) for m in (chat or self.chat).get_messages()]
        return [note["kind"] for note in notes if note]

    def error(self) -> str:
        """The ``error`` of the last message's note."""
        note = (self.chat.get_messages()[-1].metadata or {}).get(META, {})
        return str(note.get("error"))

    @property
    def pool(self) -> AgentPool:
        return self.registry.shared(AgentPool, lambda: pytest.fail("no pool was made"))

    async def close(self) -> None:
        for persona in self.personas:
            await persona.shutdown()
        await self.registry.close()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    await bench.close()


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the condition did not come true")
        await asyncio.sleep(0.01)


@pytest.fixture(autouse=True, scope="session")
def no_orphans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail the session if a process that a test has started is left."""
    yield
    deadline = time.monotonic() + 10
    left = _orphans(tmp_path_factory.getbasetemp())
    while left and time.monotonic() < deadline:
        time.sleep(0.1)
        left = _orphans(tmp_path_factory.getbasetemp())
    assert not left, f"still running: {left}"


def _orphans(base: Path) -> list[tuple[int, str]]:
    known: set[int] = set()
    for file in base.rglob("record.jsonl"):
        lines = file.read_text().splitlines(keepends=True)
        # One that was killed may have left half a line.
        known |= {int(json.loads(line)["pid"]) for line in lines if line.endswith("\n")}
    for file in base.rglob("grandchildren"):
        known |= set(map(int, file.read_text().split()))
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        pid = int(folder.name)
        ours = str(base) in command or (pid in known and "time.sleep(600)" in command)
        if ours and state not in "ZX" and pid != os.getpid():
            found.append((pid, command))
    return found
