"""ACP engines: what a turn costs beside a bare client of the SDK, and how much is shared."""

from __future__ import annotations

import asyncio
import gc
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks import acp_memory
from benchmarks.acp_peers import PIECE, Bare, Ours, bare_client, make_agent, our_turn
from benchmarks.measure import Cost, Measure, median
from persona.core import BasePersona
from persona.testing.chat import MemoryChat

UPDATES = 10_000
COST = 1.5
LATER = 10.0


def measure(*, full: bool) -> Iterator[Measure]:
    """Yield every figure of ACP engines.

    Args:
        full: Measure more often, and the memory with opencode too, if it is installed.
    """
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(_measure(Path(name), full=full))
    yield from found


async def _measure(folder: Path, *, full: bool) -> list[Measure]:
    async with _both(folder) as (persona, chat, bare):
        found = await _much(persona, chat, bare, 7 if full else 3)
        found += await _first(persona, chat, bare, 21 if full else 11)
    found += await acp_memory.scripted(folder)
    if full:
        found += await acp_memory.opencode(folder)
    return found


@asynccontextmanager
async def _both(folder: Path) -> AsyncIterator[tuple[BasePersona, MemoryChat, Bare]]:
    """Give a persona and a bare client, each with a process of one agent and one turn behind."""
    agent = make_agent(folder / "agent", UPDATES)
    ours = Ours(folder)
    chat = MemoryChat()
    persona = ours.persona("One", chat, command=agent.command, args=agent.args)
    try:
        async with bare_client([agent.command, *agent.args]) as bare:
            await our_turn(persona, chat, "warm up")
            await bare.open(folder)
            await bare.turn("warm up", 1)
            yield persona, chat, bare
    finally:
        await ours.close()


async def _much(persona: BasePersona, chat: MemoryChat, bare: Bare, rounds: int) -> list[Measure]:
    pairs: list[tuple[Cost, Cost]] = []
    for _ in range(rounds):
        gc.collect()
        theirs, _ = await bare.turn("many", UPDATES)
        gc.collect()
        mine, _ = await our_turn(persona, chat, "many")
        if chat.bodies[-1] != PIECE * UPDATES:
            raise RuntimeError("The reply is not what the agent said.")
        pairs.append((mine, theirs))
    return [
        Measure("acp", title, median([getattr(m, kind) / getattr(t, kind) for m, t in pairs]),
                "x", COST, "max",
                {"ms": median([getattr(m, kind) for m, _ in pairs]) * 1e3,
                 "ms, the SDK": median([getattr(t, kind) for _, t in pairs]) * 1e3})
        for kind, title in (
            ("cpu", f"CPU for {UPDATES:,} text updates, from agent to chat, against the SDK's "
                    "receive loop with an empty handler"),
            ("wall", "time for the same"),
        )
    ]  # fmt: skip


async def _first(persona: BasePersona, chat: MemoryChat, bare: Bare, rounds: int) -> list[Measure]:
    pairs = [
        ((await our_turn(persona, chat, "few"))[1], (await bare.turn("few", 1))[1])
        for _ in range(rounds)
    ]
    return [
        Measure("acp", "first text later than at a bare client",
                median([mine - theirs for mine, theirs in pairs]) * 1e3, "ms", LATER, "max",
                {"ms": median([mine for mine, _ in pairs]) * 1e3,
                 "ms, the SDK": median([theirs for _, theirs in pairs]) * 1e3}),
    ]  # fmt: skip
