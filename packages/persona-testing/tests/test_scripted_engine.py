"""The scripted engine does what it was told, and passes the kit."""

import asyncio
from typing import ClassVar

import pytest

from persona.core import BasePersona, EngineRegistry, PersonaModel, Requirement, TurnError
from persona.testing import Ask, Gate, ScriptedEngine
from persona.testing.chat import MemoryChat
from persona.testing.conformance import EngineConformance


class TestScriptedEngine(EngineConformance):
    engine_class = ScriptedEngine
    asking_prompt = "Delete it."

    @pytest.fixture
    def options(self) -> dict[str, object]:
        return {"ask": {"title": "delete it", "on": "Delete", "command": "rm it"}}

    @pytest.fixture
    def failing(self) -> dict[str, object]:
        engine = ScriptedEngine()
        engine.script(TurnError("No key.", fix="Get one."))
        return {"engine": engine}


def test_engine_is_known_by_its_id() -> None:
    assert type(EngineRegistry().create("scripted")) is ScriptedEngine


async def test_script_is_said_held_and_recorded() -> None:
    engine, chat, gate = ScriptedEngine(), MemoryChat(), Gate()
    persona = BasePersona(ychat=chat, engine=engine, slug="x", model=PersonaModel(model_id="a/b"))
    engine.script("one ", gate, "two")
    engine.script("three", TurnError("Cut."))
    task = asyncio.create_task(persona.process_message(chat.say("go")))
    await gate.reached()
    assert chat.bodies[-1] == "one "
    gate.release()
    await task
    assert chat.bodies[-1] == "one two"
    await persona.process_message(chat.say("on"))
    assert chat.bodies[-2:] == ["three", "⚠ **Cut.**"]
    await persona.process_message(chat.say("and on"))
    assert chat.bodies[-1] == "You said: and on"
    persona.update_options({"reply": "Fixed."})
    await persona.process_message(chat.say("and on"))
    assert chat.bodies[-1] == "Fixed."
    await persona.shutdown()
    assert [turn.text for turn in engine.turns] == ["go", "on", "and on", "and on"]
    assert (engine.starts, engine.shutdowns, engine.ended) == (1, 1, 4)
    assert engine.applied[0] == ("model", PersonaModel(model_id="a/b"))


async def test_script_goes_on_as_it_was_answered() -> None:
    engine, chat = ScriptedEngine(), MemoryChat()
    persona = BasePersona(ychat=chat, engine=engine, slug="x")
    for option, said in (("once", "yes"), ("reject", "no")):
        engine.script(Ask("do it", allowed=("yes",), refused=("no",)), " then")
        task = asyncio.create_task(persona.process_message(chat.say("go")))
        while not persona.permissions:
            await asyncio.sleep(0.001)
        (request,) = persona.permissions
        assert persona.decide(request.id, option, "ada")
        await task
        assert chat.bodies[-1] == f"{said} then"
    assert [decision.allowed for decision in engine.decisions] == [True, False]
    await persona.shutdown()


async def test_start_fails_while_it_is_told_to() -> None:
    engine, chat = ScriptedEngine(), MemoryChat()
    engine.start_error = TurnError("Not here.")
    engine.missing = (Requirement("a program", "Install it."),)
    persona = BasePersona(ychat=chat, engine=engine, slug="x")
    await persona.process_message(chat.say("go"))
    assert chat.bodies[-1] == "⚠ **Not here.**"
    assert not engine.support().ready
    engine.start_error = None
    await persona.process_message(chat.say("go"))
    assert chat.bodies[-1] == "You said: go"
    assert engine.starts == 2


class TestDeviation(EngineConformance):
    """A deviation with a reason is an expected failure; the kit's own tests see it as one."""

    class Odd(ScriptedEngine):
        id = "odd-one"

    engine_class = Odd
    deviations: ClassVar[dict[str, str]] = {
        "test_is_found_by_its_entry_point": "It lives in this test only.",
        "test_import_is_light": "It stands in a test module, which imports the kit.",
        "test_init_does_nothing": "It stands in a test module, which imports the kit.",
        "test_support_is_quick_and_has_no_effect": "It stands in a module that imports the kit.",
    }
