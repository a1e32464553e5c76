"""What a persona tells of its turns: each change once, no text, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from persona.core import (
    Activity,
    BasePersona,
    EngineSupport,
    PermissionOption,
    PermissionRequest,
    PersonaEngine,
    PersonaModel,
    ReplyEvent,
    Text,
    Thought,
    ToolCall,
    ToolCallUpdate,
    Turn,
    TurnError,
)
from persona.core import _queue as queue
from persona.testing.chat import MemoryChat

LEAVE = (PermissionOption("yes", "Yes", "allow_once"), PermissionOption("no", "No", "reject_once"))


class Worker(PersonaEngine):
    """Does what the message says."""

    id = "worker"

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.lets_go = True
        self.slow_start = 0.0

    async def start(self) -> None:
        await asyncio.sleep(self.slow_start)

    def support(self) -> EngineSupport:
        return EngineSupport(model="enforced")

    async def reply(self, turn: Turn) -> AsyncIterator[ReplyEvent | str]:
        match turn.text:
            case "work":
                yield Thought("hm")
                for piece in ("a", "b", "c"):
                    yield Text(piece)
                yield ToolCall("1", "search", {"key": "value"})
                yield ToolCallUpdate("1", status="in_progress")
                yield ToolCallUpdate("1", status="completed", output="out")
                yield "done"
            case "ask":
                request = PermissionRequest("p", "write", LEAVE)
                yield ToolCall("1", "write", status="pending")
                yield request
                await request.decision()
                yield ToolCallUpdate("1", status="in_progress")
                yield ToolCallUpdate("1", status="completed")
                yield "done"
            case "fail":
                yield "so far"
                raise TurnError("No.", kind="login")
            case "crash":
                raise ValueError("boom")
            case "hang":
                yield "so far"
                while True:
                    try:
                        await self.gate.wait()
                        break
                    except asyncio.CancelledError:
                        if self.lets_go:
                            raise
                yield ToolCall("late", "late")
            case other:
                yield other


class Watched:
    """A persona with all that it has told."""

    def __init__(self) -> None:
        self.chat = MemoryChat()
        self.engine = Worker()
        self.told: list[Activity] = []
        self.persona = BasePersona(
            ychat=self.chat, engine=self.engine, slug="ada", model=PersonaModel(model_id="a/b")
        )
        self.persona.when_active = self.told.append

    async def ask(self, text: str) -> str:
        message = self.chat.say(text)
        await self.persona.process_message(message)
        return str(message.id)

    def begin(self, text: str) -> tuple[str, asyncio.Task[None]]:
        message = self.chat.say(text)
        return str(message.id), asyncio.create_task(self.persona.process_message(message))

    @property
    def states(self) -> list[str]:
        return [activity.state for activity in self.told]

    async def until(self, state: str) -> None:
        async with asyncio.timeout(10):
            while self.persona.activity.state != state:
                await asyncio.sleep(0.01)


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    made = Watched()
    yield made
    made.engine.gate.set()
    await made.persona.shutdown()


async def test_each_change_of_a_turn_is_told_once(watched: Watched) -> None:
    asked = await watched.ask("work")
    assert watched.told == [
        Activity("thinking", asked, "worker"),
        Activity("thinking", asked, "worker", "a/b"),
        Activity("writing", asked, "worker", "a/b"),
        Activity("tool", asked, "worker", "a/b"),
        Activity("thinking", asked, "worker", "a/b"),
        Activity("writing", asked, "worker", "a/b"),
        Activity("idle", asked, "worker", "a/b"),
    ]
    assert watched.persona.activity == watched.told[-1]


async def test_waiting_for_permission_is_told_until_somebody_decides(watched: Watched) -> None:
    _, turn = watched.begin("ask")
    await watched.until("waiting")
    (request,) = watched.persona.permissions
    assert watched.states[-2:] == ["tool", "waiting"]
    watched.persona.decide(request.id, "yes", "ada")
    await turn
    assert watched.states[4:] == ["thinking", "tool", "thinking", "writing", "idle"]


@pytest.mark.parametrize(("text", "kind"), [("fail", "login"), ("crash", "unexpected")])
async def test_failure_is_told_with_its_sort_after_the_chat_was_told(
    watched: Watched, text: str, kind: str
) -> None:
    bodies: list[int] = []
    watched.persona.when_active = lambda now: (
        watched.told.append(now),
        bodies.append(len(watched.chat.bodies)),
    )[0]
    asked = await watched.ask(text)
    assert watched.told[-1].state == "failed"
    assert (watched.told[-1].turn, watched.told[-1].error) == (asked, kind)
    assert bodies[-1] == len(watched.chat.bodies)
    await watched.ask("again")
    assert watched.told[-1].state == "idle"
    assert watched.told[-1].error is None


async def test_stop_is_told_for_what_runs_and_for_what_waits(watched: Watched) -> None:
    first, running = watched.begin("hang")
    await watched.until("writing")
    second, waiting = watched.begin("later")
    await asyncio.sleep(0)
    assert await watched.persona.stop() == 2
    await asyncio.gather(running, waiting)
    ends = [(now.turn, now.state) for now in watched.told if now.state == "stopped"]
    assert ends == [(first, "stopped"), (second, "stopped")]


async def test_stop_is_told_while_permission_is_waited_for(watched: Watched) -> None:
    _, turn = watched.begin("ask")
    await watched.until("waiting")
    assert await watched.persona.stop() == 1
    await turn
    assert watched.states[-1] == "stopped"
    assert watched.persona.permissions == ()


async def test_turn_that_does_not_end_says_nothing_any_more_once_it_is_given_up(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PATIENCE", 0.05)
    watched.engine.lets_go = False
    _, turn = watched.begin("hang")
    await watched.until("writing")
    await watched.persona.stop()
    await turn
    assert watched.states[-1] == "stopped"
    told = len(watched.told)
    watched.engine.gate.set()
    async with asyncio.timeout(10):
        while "late" not in str(watched.chat.bodies):
            await asyncio.sleep(0.01)
    assert len(watched.told) == told


async def test_cancelled_caller_and_shutdown_end_what_was_told(watched: Watched) -> None:
    _, turn = watched.begin("hang")
    await watched.until("writing")
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert watched.states[-1] == "stopped"
    _, turn = watched.begin("hang")
    await watched.until("writing")
    await watched.persona.shutdown()
    await turn
    assert watched.states[-2:] == ["stopped", "closed"]
    assert watched.told[-1] == Activity("closed")


async def test_slow_start_is_told(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_SLOW_START", 0.01)
    watched.engine.slow_start = 0.2
    await watched.ask("hi")
    assert watched.states[:3] == ["thinking", "starting", "thinking"]


async def test_thousand_pieces_are_one_change(watched: Watched) -> None:
    class Chatty(Worker):
        id = "chatty"

        async def reply(self, turn: Turn) -> AsyncIterator[ReplyEvent | str]:
            for number in range(1_000):
                yield f"{number} "

    watched.persona.update_engine(Chatty())
    await watched.ask("go")
    assert watched.states.count("writing") == 1
    assert watched.told[-1].engine == "chatty"
    assert len(watched.told) < 6
