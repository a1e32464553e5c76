"""ACP engines: what a turn costs beside a bare client of the SDK, and how much is shared."""

from __future__ import annotations

import asyncio
import gc
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.acp_peers import PIECE, Bare, Ours, bare_client, make_agent, our_turn
from benchmarks.measure import Measure, median
from persona.core import BasePersona
from persona.testing.chat import MemoryChat

UPDATES = 10_000
COST = 1.5
LATER = 10.0
PERSONAS, CHATS = 20, 5
SESSION = 500.0


def measure(*, full: bool) -> Iterator[Measure]:
    """Yield every figure of ACP engines."""
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(_measure(Path(name), 7 if full else 3))
    yield from found


async def _measure(folder: Path, rounds: int) -> list[Measure]:
    agent = make_agent(folder / "agent", UPDATES)
    ours = Ours(agent, folder)
    chat = MemoryChat()
    persona = ours.persona("One", chat)
    try:
        async with bare_client(agent) as bare:
            found = await _side_by_side(persona, chat, bare, rounds)
    finally:
        await ours.close()
    return [*found, *await _shared(folder)]


async def _side_by_side(
    persona: BasePersona, chat: MemoryChat, bare: Bare, rounds: int
) -> list[Measure]:
    await our_turn(persona, chat, "warm up")
    await bare.turn("warm up", 1)
    mine: list[Any] = []
    theirs: list[Any] = []
    quick: list[float] = []
    bare_quick: list[float] = []
    for _ in range(rounds):
        gc.collect()
        theirs.append((await bare.turn("many", UPDATES))[0])
        gc.collect()
        mine.append((await our_turn(persona, chat, "many"))[0])
        if chat.bodies[-1] != PIECE * UPDATES:
            raise RuntimeError("The reply is not what the agent said.")
        for _ in range(5):
            bare_quick.append((await bare.turn("few", 1))[1])
            quick.append((await our_turn(persona, chat, "few"))[1])
    cpu, bare_cpu = median([c.cpu for c in mine]), median([c.cpu for c in theirs])
    wall, bare_wall = median([c.wall for c in mine]), median([c.wall for c in theirs])
    later = median(quick) - median(bare_quick)
    return [
        Measure("acp", f"CPU for {UPDATES:,} text updates, from agent to chat, against the SDK's "
                "receive loop with an empty handler", cpu / bare_cpu, "x", COST, "max",
                {"ms": cpu * 1e3, "ms, the SDK": bare_cpu * 1e3}),
        Measure("acp", "time for the same", wall / bare_wall, "x", COST, "max",
                {"ms": wall * 1e3, "ms, the SDK": bare_wall * 1e3}),
        Measure("acp", "first text later than at a bare client", later * 1e3, "ms", LATER, "max",
                {"ms": median(quick) * 1e3, "ms, the SDK": median(bare_quick) * 1e3}),
    ]  # fmt: skip


async def _shared(folder: Path) -> list[Measure]:
    agent = make_agent(folder / "shared", UPDATES)
    ours = Ours(agent, folder)
    chats = [MemoryChat(f"{number}.chat") for number in range(CHATS)]
    personas = [(ours.persona(f"P{p}", chat), chat) for p in range(PERSONAS) for chat in chats]
    opened = len(agent.starts)
    process = psutil.Process()
    try:
        await our_turn(*personas[0], "few")
        gc.collect()
        before = process.memory_info().rss
        for persona, chat in personas[1:]:
            await our_turn(persona, chat, "few")
        gc.collect()
        grown = (process.memory_info().rss - before) / 1024 / (len(personas) - 1)
        started = len(agent.starts)
    finally:
        await ours.close()
    return [
        Measure("acp", f"processes after opening {CHATS} chats with {PERSONAS} personas", opened,
                "", 0, "max"),
        Measure("acp", "processes after a turn of each persona in each chat", started, "", 1,
                "max", {"sessions": len(personas)}),
        Measure("acp", "memory of the server for each further session", grown, "KB", SESSION),
    ]  # fmt: skip
