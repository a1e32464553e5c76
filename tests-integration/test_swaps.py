"""One persona moved between engines while messages keep coming; a soak with PERSONA_SOAK."""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyterlab_chat.models import Message, NewMessage, User
from jupyterlab_chat.utils import find_mentions
from jupyterlab_chat.websocket_model import WsChatModel

from persona.core import (
    META,
    BasePersona,
    EngineRegistry,
    PersonaContext,
    PersonaEngine,
    PersonaIdentity,
    PersonaModel,
)
from persona.engines.acp import AcpEngine
from persona.engines.litellm import LiteLLMEngine
from persona.testing import ScriptedAgent, ScriptedEngine, ScriptedLLM
from persona.testing.chat import MemoryChat

pytestmark = [
    pytest.mark.filterwarnings("ignore:Item .* on TypedDict class:UserWarning"),
    pytest.mark.filterwarnings("ignore:Accessing the 'model_:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:There is no current event loop:DeprecationWarning"),
]

SWAPS = int(os.environ.get("PERSONA_SOAK") or 15)
KINDS = ("litellm", "acp", "scripted")
QUESTION = re.compile(r"question <(\d+)>")


class WsChat(WsChatModel):
    """The chat of a server, and how a person writes to it."""

    def say(self, text: str) -> Message:
        if "ada" not in self.get_users():
            self.set_user(User(username="ada", name="Ada", display_name="Ada"))

        def complete(message: Message, chat: Any) -> None:
            find_mentions(message, chat)

        key = self.add_message(NewMessage(body=text, sender="ada"), [complete])
        message = self.get_message(key)
        assert message is not None
        return message


class Scripted(ScriptedEngine):
    """Takes the turns that it was given into one list for all of its kind."""

    def __init__(self, seen: list[set[int]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seen = seen

    async def reply(self, turn: Any) -> AsyncIterator[Any]:
        texts = [*(u.text for u in turn.history), turn.text]
        self.seen.append(_questions(" ".join(texts)))
        if "hold" in turn.text:
            yield "part "
            await asyncio.sleep(0.4)
            yield "whole"
            return
        async for event in super().reply(turn):
            yield event


class Stage:
    """A persona, its chat, and an engine of each kind whenever one is wanted."""

    def __init__(self, chat: Any, llm: ScriptedLLM, root: Path) -> None:
        self.chat = chat
        self.llm = llm
        self.registry = EngineRegistry(())
        for engine in (AcpEngine, LiteLLMEngine):
            self.registry.register(engine)
        self.agent = ScriptedAgent(root / "agent")
        self.agent.on(r"hold\s*$", {"text": "part "}, {"sleep": 0.4}, {"text": "whole"})
        self.agent.on("", {"text": "The agent answers."})
        llm.on().reply("The model answers.", delay=0)
        llm.on("hold").reply("part whole", chunk=5, delay=0.4)
        self.turns: list[set[int]] = []
        self.asked: list[Message] = []
        self.persona = BasePersona(
            ychat=chat,
            engine=self.engine("scripted"),
            identity=PersonaIdentity(name="Sage", avatar="🦊"),
            options=self.options("scripted"),
            root_dir=root,
        )

    def engine(self, kind: str) -> PersonaEngine:
        if kind == "scripted":
            return Scripted(self.turns)
        return self.registry.create(kind)

    def options(self, kind: str) -> dict[str, Any]:
        if kind == "acp":
            # Its process ends with its last session, so that each swap starts one.
            return {"command": self.agent.command, "args": self.agent.args, "idle_seconds": 0}
        return {"reply": "The script answers."} if kind == "scripted" else {}

    def swap(self, kind: str) -> PersonaEngine:
        """Do what a changed file does: first the engine, then its blocks."""
        engine = self.engine(kind)
        self.persona.update_engine(engine)
        url = self.llm.url
        model = PersonaModel(model_id="openai/scripted", model_url=url)
        self.persona.update_model(model if kind == "litellm" else None)
        self.persona.update_options(self.options(kind))
        return engine

    def ask(self, text: str = "") -> asyncio.Task[None]:
        number = len(self.asked)
        message = self.chat.say(f"@Sage question <{number}> {text}")
        self.asked.append(message)
        return asyncio.create_task(self.persona.process_message(message))

    def said(self) -> list[Message]:
        return [m for m in self.chat.get_messages() if m.sender == self.persona.id]

    def answers(self, message: Message) -> list[str]:
        notes = [(m.body, (m.metadata or {})[META]) for m in self.said()]
        return [body for body, note in notes if note.get("answers") == message.id]

    def heard(self) -> Iterator[set[int]]:
        """Yield what an engine knew of the conversation, for each turn of each engine."""
        yield from self.turns
        for request in self.llm.requests:
            yield _questions(request.text)
        sessions: dict[str, set[int]] = {}
        for prompt in self.agent.requests("session/prompt"):
            known = sessions.setdefault(prompt["sessionId"], set())
            known |= _questions(str(prompt["prompt"]))
            yield set(known)

    async def close(self) -> None:
        await self.persona.shutdown()
        await self.registry.close()
        await close_clients()


def _questions(text: str) -> set[int]:
    return {int(number) for number in QUESTION.findall(text)}


async def close_clients() -> None:
    """Close what litellm keeps open for this test's event loop."""
    litellm = sys.modules.get("litellm")
    if litellm is None:
        return
    for cached in list(litellm.in_memory_llm_clients_cache.cache_dict.values()):
        close = getattr(cached, "close", None)
        if close is not None and (closing := close()) is not None:
            await closing
    litellm.in_memory_llm_clients_cache.flush_cache()


async def until(condition: Callable[[], object], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def handles() -> list[str]:
    """Return what the open file handles are for, without what numbers change."""
    folder = Path("/proc/self/fd")
    found = []
    for entry in folder.iterdir() if folder.is_dir() else ():
        try:
            found.append(re.sub(r"\d+", "", str(entry.readlink())))
        except OSError:  # the listing's own
            continue
    return sorted(found)


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


@pytest.fixture(params=["memory", "websocket"])
async def stage(
    request: pytest.FixtureRequest, llm: ScriptedLLM, tmp_path: Path
) -> AsyncIterator[Stage]:
    chat: Any = MemoryChat("a.chat")
    if request.param == "websocket":
        chat = WsChat("a.chat", tmp_path)
        chat.load_from_file()
    stage = Stage(chat, llm, tmp_path)
    yield stage
    await stage.close()


@pytest.fixture
async def in_memory(llm: ScriptedLLM, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(MemoryChat("a.chat"), llm, tmp_path)
    yield stage
    await stage.close()


async def _use_each_once(stage: Stage) -> None:
    """Load what each engine loads once and keeps for the process."""
    for kind in KINDS:
        stage.swap(kind)
        await stage.ask()


async def _keep_asking(stage: Stage, enough: asyncio.Event) -> None:
    waiting: set[asyncio.Task[None]] = set()
    while not enough.is_set() or waiting:
        while len(waiting) < 3 and not enough.is_set():
            waiting.add(stage.ask())
        _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0.005)


async def test_swaps_under_load_lose_nothing_and_leave_nothing(
    stage: Stage, llm: ScriptedLLM, tmp_path: Path
) -> None:
    first = Stage(MemoryChat("first.chat"), llm, tmp_path / "first")
    await _use_each_once(first)
    await first.close()
    llm.clear()
    await until(lambda: not children())
    tasks, files = asyncio.all_tasks(), handles()

    persona, order = stage.persona, random.Random(7)
    who = persona.id, persona.as_user(), persona.mention_names()
    await stage.ask()
    enough = asyncio.Event()
    asking = asyncio.create_task(_keep_asking(stage, enough))
    used = []
    for number in range(SWAPS):
        # Any to any, also to a fresh one of the same kind; sometimes two swaps in one turn.
        kind = KINDS[number % 3] if number % 5 else order.choice(KINDS)
        engine = stage.swap(kind)
        used.append(engine)
        persona.update_context(PersonaContext(system_prompt=f"Swap {number}."))
        if number % 7:
            answered = len(stage.said())
            await until(lambda seen=answered: len(stage.said()) > seen + 2)
            assert persona.engine is engine
    enough.set()
    async with asyncio.timeout(60):
        await asking

    assert [stage.answers(m) for m in stage.asked if len(stage.answers(m)) != 1] == []
    assert len(stage.said()) == len(stage.asked)
    answers = {body for message in stage.asked for body in stage.answers(message)}
    assert answers == {"The model answers.", "The agent answers.", "The script answers."}
    assert (persona.id, persona.as_user(), persona.mention_names()) == who
    assert stage.chat.get_users()[persona.id] == who[1]
    shown = {m.id: m for m in stage.chat.get_messages()}
    assert all(shown[m.id].mentions == [persona.id] for m in stage.asked[1:])
    turns = list(stage.heard())
    assert sorted(max(known) for known in turns) == list(range(len(stage.asked)))
    assert [k for k in turns if k != set(range(max(k) + 1))] == [], "something was not told"

    await stage.close()
    await until(lambda: not children())
    assert stage.agent.alive == []
    await until(lambda: asyncio.all_tasks() <= tasks)
    await until(lambda: len(handles()) <= len(files), 5)
    assert [e.shutdowns for e in used if isinstance(e, Scripted) and e.shutdowns != 1] == []


@pytest.mark.parametrize("new", KINDS)
@pytest.mark.parametrize("old", KINDS)
async def test_turn_ends_on_the_old_engine_and_the_next_begins_on_the_new(
    in_memory: Stage, old: str, new: str
) -> None:
    stage = in_memory
    stage.swap(old)
    await stage.ask("about pelicans")
    before = stage.answers(stage.asked[0])
    holding = stage.ask("hold")
    await until(lambda: any("part" in body for body in stage.answers(stage.asked[1])))
    queued = stage.ask()
    engine = stage.swap(new)
    await asyncio.gather(holding, queued)
    assert stage.answers(stage.asked[1]) == ["part whole"]
    assert stage.persona.engine is engine
    expected = {"litellm": "model", "acp": "agent", "scripted": "script"}
    assert before == [f"The {expected[old]} answers."]
    assert stage.answers(stage.asked[2]) == [f"The {expected[new]} answers."]
    assert [known for known in stage.heard() if 2 in known] == [{0, 1, 2}]
    if old == "acp" and new != "acp":
        await until(lambda: not stage.agent.alive)
    await stage.ask()
    assert stage.answers(stage.asked[3]) == [f"The {expected[new]} answers."]
    await stage.close()
    await until(lambda: not children())


async def test_agent_that_cannot_start_leaves_the_model_in_place(stage: Stage) -> None:
    stage.swap("litellm")
    await stage.ask()
    model = stage.persona.engine
    stage.persona.update_engine(stage.engine("acp"))  # no option says which program it is
    await until(lambda: len(stage.said()) == 2)
    told = stage.said()[1]
    assert "The engine acp could not start, litellm goes on" in told.body
    assert "The option command cannot be used" in told.body
    assert (told.metadata or {})[META]["kind"] == "error"
    await stage.ask()
    assert stage.persona.engine is model
    assert stage.answers(stage.asked[1]) == ["The model answers."]
    assert len(stage.said()) == 3
    assert not children()


async def test_blocks_replaced_in_a_turn_count_from_the_next(stage: Stage) -> None:
    stage.swap("litellm")
    persona = stage.persona
    persona.update_context(PersonaContext(system_prompt="OLD-PROMPT"))
    holding = stage.ask("hold")
    await until(lambda: stage.llm.requests)
    persona.update_context(PersonaContext(system_prompt="NEW-PROMPT"))
    persona.update_model(PersonaModel(model_id="openai/other", model_url=stage.llm.url))
    persona.update_options({"seed": 11})
    persona.update_identity(PersonaIdentity(name="Seer", avatar="🦉"))
    assert stage.chat.get_users()[persona.id].display_name == "Seer"
    await asyncio.gather(holding, stage.ask())
    one, two = stage.llm.requests
    assert (one.model, two.model) == ("scripted", "other")
    assert "OLD-PROMPT" in one.system and "NEW-PROMPT" in two.system
    assert (one.body.get("seed"), two.body.get("seed")) == (None, 11)
    assert persona.id == "persona::sage"
    assert {m.sender for m in stage.said()} == {persona.id}
