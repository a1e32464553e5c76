"""An agent that says more than is written: it has to wait, and nobody else for long."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from persona.core import BasePersona, PermissionRequest, Text, TurnError
from persona.engines.acp import _backlog, _process
from persona.engines.acp._backlog import Backlog
from persona.engines.acp._process import AgentProcess
from persona.testing.chat import MemoryChat

from .conftest import Bench, until

PIECE = "many words " * 30
MIB = 1024 * 1024

OPTIONS = [{"optionId": "a", "name": "Allow", "kind": "allow_once"}]
ASKING = {"toolCall": {"toolCallId": "c", "title": "Write"}, "options": OPTIONS}


def memory() -> int:
    """Bytes that this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


async def events(persona: BasePersona, text: str) -> AsyncGenerator[Any, None]:
    """A turn without the chat, taken as slowly as the test likes."""
    await persona.prepare()
    assert isinstance(persona.ychat, MemoryChat)
    turn = persona.new_turn(persona.ychat.say(text))
    async with aclosing(persona.engine.reply(turn)) as stream:
        async for event in stream:
            yield event


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
async def test_flood_that_is_taken_slowly_needs_little_memory(bench: Bench) -> None:
    count = 200_000
    agent = bench.agent()
    agent.on("go", {"burst": PIECE, "count": count})
    persona = bench.persona(agent)
    await persona.prepare()
    gc.collect()
    before, most, taken = memory(), 0, 0
    async for event in events(persona, "go"):
        if not isinstance(event, Text):
            continue
        taken += 1
        if taken % (count // 2) == 1:  # time enough for much of it to come
            await asyncio.sleep(1.5)
            most = max(most, memory())
        assert event.text == PIECE
    assert taken == count
    # Without a bound it is several times the 66 MB of text.
    assert most - before < 16 * MIB, f"{(most - before) / MIB:.0f} MiB"


async def test_flood_in_a_chat_is_written_whole(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("go", {"burst": "0123456789", "count": 30_000}, {"text": "."})
    assert await bench.ask(bench.persona(agent), "go") == "0123456789" * 30_000 + "."


async def test_answer_and_question_behind_a_flood_are_heard(bench: Bench) -> None:
    agent = bench.agent()
    agent.on(
        "go", {"burst": PIECE, "count": 10_000}, {"permission": ASKING, "allowed": [{"text": "!"}]}
    )
    persona = bench.persona(agent)
    texts: list[str] = []
    async for event in events(persona, "go"):
        if isinstance(event, PermissionRequest):
            event.decide("a", "ada")
        elif isinstance(event, Text):
            if not texts:
                await asyncio.sleep(0.5)
            texts.append(event.text)
    assert len(texts) == 10_001 and texts[-1] == "!"


@pytest.mark.parametrize("step", [{"burst": PIECE, "count": 20_000},
                                  {"text": PIECE, "repeat": 500_000}])  # fmt: skip
async def test_stop_in_a_flood_is_quick_and_the_next_turn_works(
    bench: Bench, step: dict[str, object]
) -> None:
    agent = bench.agent()
    agent.on("go", step, {"hang": True})
    persona = bench.persona(agent)
    turn = events(persona, "go")
    async for event in turn:
        if isinstance(event, Text):
            break
    (running,) = bench.pool.agents
    await until(lambda: running.held)
    begun = time.monotonic()
    await turn.aclose()
    assert time.monotonic() - begun < 1.5
    assert not running.held
    assert await bench.ask(persona, "more") != ""
    assert bench.chat.bodies[-1].endswith("more") and bench.kinds()[-1] == "reply"


async def test_who_takes_nothing_is_given_up_and_others_go_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_backlog, "PATIENCE", 0.3)
    agent = bench.agent()
    agent.on("go", {"burst": PIECE, "count": 50_000})
    slow = bench.persona(agent, name="Slow")
    other = bench.persona(agent, name="Other", chat=MemoryChat("other.chat"))
    turn = events(slow, "go")
    async for event in turn:
        if isinstance(event, Text):
            break
    assert await bench.ask(other, "hello") == "You said: hello"
    assert len(agent.starts) == 1
    with pytest.raises(TurnError) as failed:
        async for _ in turn:
            pass
    assert failed.value.kind == "flood"
    assert await bench.ask(slow, "more") != ""
    assert len(agent.starts) == 1, "the process goes on"


async def test_two_floods_of_one_process_are_both_taken_whole(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("go", {"burst": PIECE, "count": 15_000})

    async def taken(persona: BasePersona) -> int:
        count = 0
        async for event in events(persona, "go"):
            if isinstance(event, Text):
                count += 1
                if count % 3_000 == 1:
                    await asyncio.sleep(0.1)
        return count

    one = bench.persona(agent, name="One")
    two = bench.persona(agent, name="Two", chat=MemoryChat("two.chat"))
    async with asyncio.timeout(60):
        assert await asyncio.gather(taken(one), taken(two)) == [15_000, 15_000]
    assert len(agent.starts) == 1 and not bench.pool.agents[0].held


async def test_last_words_of_an_agent_that_has_ended_are_taken_slowly(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("go", {"burst": PIECE, "count": 5_000}, {"exit": 3})
    persona = bench.persona(agent)
    taken = 0
    with pytest.raises(TurnError) as failed:
        async for event in events(persona, "go"):
            if isinstance(event, Text):
                taken += 1
                if taken % 2_000 == 1:
                    await asyncio.sleep(0.8)
    assert failed.value.kind == "crash" and taken == 5_000


async def test_agent_that_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_process, "MAX_UNREAD", 1000)
    process = AgentProcess("Deaf", lambda params, size: None, logging.getLogger("test"))
    await process.start(
        [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"], dict(os.environ), Path()
    )
    try:
        with pytest.raises(ConnectionError, match="does not read"):
            for _ in range(10_000):
                await process.messages.send({"id": 1, "result": "x" * 1000})
        await process.wait_ended(10)
        assert process.ended.is_set() and "does not read" in process.why
    finally:
        await process.stop()


class Held:
    """What a backlog asks of the agent."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.backlog = Backlog(
            lambda: self.calls.append("hold"), lambda: self.calls.append("let go")
        )


async def test_full_backlog_holds_until_it_is_empty() -> None:
    held = Held()
    backlog = held.backlog
    for _ in range(3):
        backlog.put([Text("x")], _backlog.MOST)
    assert held.calls == ["hold"]
    backlog.take()
    backlog.take()
    assert held.calls == ["hold"]
    backlog.take()
    assert held.calls == ["hold", "let go"] and not backlog
    backlog.put([Text("x")], 10)
    backlog.put([], 2 * _backlog.MOST)
    backlog.clear()
    assert held.calls == ["hold", "let go", "hold", "let go"] and not backlog


async def test_updates_that_give_no_events_hold_nothing() -> None:
    held = Held()
    for _ in range(10):
        held.backlog.put([], _backlog.MOST)
    assert held.calls == []


async def test_backlog_that_somebody_takes_from_is_not_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_backlog, "PATIENCE", 0.05)
    held = Held()
    held.backlog.put([Text("x")] * 20, 2 * _backlog.MOST)
    for _ in range(20):
        await asyncio.sleep(0.02)
        held.backlog.take()
    assert not held.backlog.given_up and held.calls == ["hold", "let go"]
    held.backlog.put([Text("x")], 2 * _backlog.MOST)
    await until(lambda: held.backlog.given_up)
    assert held.calls[-1] == "let go"
    held.backlog.put([Text("y")], 1)
    assert held.backlog.take() == Text("x") and not held.backlog
