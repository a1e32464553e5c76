"""Former names: who goes on for whom, and what a renamed persona keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from persona.core import BasePersona, PersonaDefinition, PersonaEngine, PersonaIdentity, Turn
from persona.core._former import renamed_personas
from persona.core._source import Scope, Source

if TYPE_CHECKING:
    from conftest import RealChat, Until


def persona(name: str, *formerly: str, file: str = "") -> PersonaDefinition:
    made = PersonaDefinition(
        name=name, identity=PersonaIdentity(name=name.title()), formerly=list(formerly)
    )
    path = Path("/p", file or f"{name}.persona.md")
    return made.located(Source(path, Scope.PROJECT, path.parent), {})


def renamed(*personas: PersonaDefinition, others: frozenset[str] = frozenset()) -> Any:
    found, wrong = renamed_personas({d.name: d for d in personas}, others)
    return found, [(slug, told.code, told.severity) for slug, told in wrong]


def test_one_name_or_several() -> None:
    one = PersonaDefinition.model_validate(
        {"name": "grace", "identity": {"name": "G"}, "formerly": "ada"}
    )
    assert one.formerly == ["ada"]
    assert renamed(persona("grace", "ada", "eva")) == ({"ada": "grace", "eva": "grace"}, [])


def test_what_is_no_short_name_is_refused() -> None:
    with pytest.raises(ValidationError, match="no short name"):
        persona("grace", "Ada Lovelace")


def test_name_of_a_persona_that_is_still_there_does_not_count() -> None:
    assert renamed(persona("grace", "ada"), persona("ada")) == ({}, [("grace", "P318", "warning")])
    assert renamed(persona("grace", "grace")) == ({}, [("grace", "P318", "warning")])
    # Its file is broken, which does not make it somebody else's name.
    assert renamed(persona("grace", "ada"), others=frozenset({"ada"})) == (
        {},
        [("grace", "P318", "warning")],
    )


def test_of_two_that_claim_a_name_the_first_by_path_has_it() -> None:
    later = persona("grace", "ada", "eva", file="z.persona.md")
    first = persona("hopper", "ada", file="a.persona.md")
    assert renamed(later, first) == (
        {"ada": "hopper", "eva": "grace"},
        [("grace", "P318", "warning")],
    )


def test_name_given_twice_by_one_persona_is_no_rivalry() -> None:
    assert renamed(persona("grace", "ada", "ada")) == ({"ada": "grace"}, [])


class Holder(PersonaEngine):
    """Waits in a turn that says so; notes what it was given."""

    id = "holder"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gate = asyncio.Event()
        self.turns: list[Turn] = []
        self.ended = 0

    async def shutdown(self) -> None:
        self.ended += 1

    async def reply(self, turn: Turn) -> AsyncIterator[str]:
        self.turns.append(turn)
        yield f"{turn.text}!"
        if "hold" in turn.text:
            await self.gate.wait()


async def test_renamed_persona_keeps_turn_queue_engine_and_history(
    chat: RealChat, until: Until
) -> None:
    engine = Holder()
    bot = BasePersona(ychat=chat.model, engine=engine, slug="ada")
    await bot.process_message(chat.say("@ada one"))
    running = asyncio.create_task(bot.process_message(chat.say("hold")))
    await until(lambda: len(engine.turns) == 2)
    waiting = asyncio.create_task(bot.process_message(chat.say("@ada next")))
    bot.rename("grace", ["ada"])
    assert (bot.id, bot.ids) == ("persona::grace", ("persona::grace", "persona::ada"))
    engine.gate.set()
    await asyncio.gather(running, waiting)
    assert chat.bodies("persona::ada") == ["one!", "hold!"]
    assert chat.bodies("persona::grace") == ["next!"]
    assert [u.text for u in engine.turns[2].history if u.role == "self"] == ["one!", "hold!"]
    assert engine.turns[2].text == "next"  # its old name is taken off
    assert engine.ended == 0
    assert {"persona::ada", "persona::grace"} <= chat.model.get_users().keys()


async def test_isolated_history_holds_what_it_said_under_its_old_name(chat: RealChat) -> None:
    before = BasePersona(ychat=chat.model, engine=Holder(), slug="ada")
    await before.process_message(chat.say("mine"))
    other = BasePersona(ychat=chat.model, engine=Holder(), slug="bob")
    await other.process_message(chat.say("theirs"))
    definition = PersonaDefinition.model_validate(
        {
            "name": "grace", "formerly": "ada", "engine": "holder",
            "identity": {"name": "Grace"}, "context": {"history": "isolated"},
        }
    )  # fmt: skip
    engine = Holder()
    bot = BasePersona(
        ychat=chat.model,
        engine=engine,
        slug="grace",
        former=definition.formerly,
        context=definition.context,
    )
    await bot.process_message(chat.say("now"))
    assert [u.text for u in engine.turns[0].history] == ["mine", "mine!"]


async def test_status_of_the_old_name_is_taken_back(chat: RealChat, until: Until) -> None:
    engine = Holder()
    bot = BasePersona(ychat=chat.model, engine=engine, slug="ada")
    shown: dict[str, object] = {}

    def note(user: Any, status: object = None) -> None:
        shown[user.username] = status

    chat.model.broadcast_writing_status = note  # type: ignore[method-assign]
    running = asyncio.create_task(bot.process_message(chat.say("hold")))
    await until(lambda: shown.get("persona::ada"))
    bot.rename("grace", ["ada"])
    assert shown["persona::ada"] is None
    assert shown["persona::grace"] is not None
    engine.gate.set()
    await running
    assert shown["persona::grace"] is None
