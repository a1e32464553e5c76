"""What is known of an engine's session: told in turns, outside of them, and by whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from persona.core import (
    BasePersona,
    ConfigChange,
    ConfigValue,
    ModeChange,
    PersonaEngine,
    ReplyEvent,
    SessionInfo,
    Turn,
    TurnError,
)
from persona.testing.chat import MemoryChat


class Told(PersonaEngine):
    """Tells its mode when it starts, and in each turn the one that it is given."""

    id = "told"

    def __init__(self, first: str, fails: bool = False) -> None:
        super().__init__()
        self.first = first
        self.fails = fails

    async def start(self) -> None:
        self.tell(self.first)
        self.persona.learn(self, ConfigChange((ConfigValue("x", self.first),)))
        if self.fails:
            raise TurnError("It cannot start.")

    def tell(self, mode: str) -> None:
        self.persona.learn(self, ModeChange(mode))

    async def reply(self, turn: Turn) -> AsyncIterator[ReplyEvent | str]:
        yield ModeChange(turn.text)
        yield "ok"


@pytest.fixture
def chat() -> MemoryChat:
    return MemoryChat()


def info(mode: str, config: str) -> SessionInfo:
    return SessionInfo(mode=ModeChange(mode), config=(ConfigValue("x", config),))


async def test_session_is_known_after_prepare(chat: MemoryChat) -> None:
    persona = BasePersona(ychat=chat, engine=Told("code"), slug="ada")
    assert persona.session_info == SessionInfo()
    await persona.prepare()
    assert persona.session_info == info("code", "code")
    assert chat.bodies == []
    await persona.restart()
    assert persona.session_info == SessionInfo()
    await persona.shutdown()


async def test_mode_that_was_told_before_is_no_news_in_the_turn(chat: MemoryChat) -> None:
    persona = BasePersona(ychat=chat, engine=Told("code"), slug="ada")
    await persona.process_message(chat.say("code"))
    assert chat.bodies[1:] == ["ok"]
    await persona.shutdown()


async def test_mode_that_changed_between_turns_is_news_in_the_next(chat: MemoryChat) -> None:
    engine = Told("code")
    persona = BasePersona(ychat=chat, engine=engine, slug="ada")
    await persona.process_message(chat.say("code"))
    engine.tell("plan")
    assert persona.session_info.mode == ModeChange("plan")
    await persona.process_message(chat.say("plan"))
    assert chat.bodies[3:] == ["*Mode: plan.*", "ok"]
    await persona.shutdown()


async def test_engine_that_takes_over_brings_its_own(chat: MemoryChat) -> None:
    first = Told("code")
    persona = BasePersona(ychat=chat, engine=first, slug="ada")
    await persona.prepare()
    persona.update_engine(Told("broken", fails=True))
    await persona.prepare()
    assert persona.session_info == info("code", "code"), "the old one goes on"
    second = Told("plan")
    persona.update_engine(second)
    await persona.prepare()
    assert persona.engine is second and persona.session_info == info("plan", "plan")
    first.tell("late")
    await asyncio.sleep(0)
    assert persona.session_info == info("plan", "plan")
    await persona.shutdown()
