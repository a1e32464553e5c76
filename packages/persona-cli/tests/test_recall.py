from __future__ import annotations

import pytest

from persona.cli._recall import RecallEngine
from persona.core import BasePersona, PersonaIdentity
from persona.testing import ScriptedEngine
from persona.testing.chat import MemoryChat
from persona.testing.conformance import EngineConformance


class TestRecall(EngineConformance):
    engine_class = RecallEngine


@pytest.fixture
def chat() -> MemoryChat:
    return MemoryChat()


async def ask(chat: MemoryChat, text: str, **more: str) -> str:
    persona = BasePersona(ychat=chat, engine=RecallEngine(), identity=PersonaIdentity(name="Guide"))
    await persona.process_message(chat.say(text, **more))
    await persona.shutdown()
    return chat.bodies[-1]


async def test_first_message_is_found_when_another_engine_answered_it(chat):
    persona = BasePersona(
        ychat=chat, engine=ScriptedEngine(), identity=PersonaIdentity(name="Guide")
    )
    await persona.process_message(chat.say("@Guide Which *stations* are there?"))
    await persona.process_message(chat.say("@Guide And the coldest?"))
    persona.update_engine(RecallEngine())
    await persona.process_message(chat.say("@Guide what did I ask you first?"))
    first = chat.bodies[-1]
    await persona.process_message(chat.say("@Guide and before this?"))
    await persona.shutdown()
    assert first.startswith("Your first message here was:\n\n> Which \\*stations\\* are there?\n")
    assert "> what did I ask you first?" in chat.bodies[-1]


async def test_it_says_that_no_model_was_asked(chat):
    for text in ("hello", "what came first?", "what was said about cats?"):
        assert (await ask(chat, text)).endswith("asks no language model.*")


async def test_messages_about_a_word_are_listed_with_who_said_them(chat):
    chat.say("Cats are fine.")
    chat.say("Dogs too.")
    found = await ask(chat, "what was said about CATS?")
    assert found.startswith("About **CATS** something was said once:\n\n- **")
    assert ":** Cats are fine.\n" in found
    assert "Dogs" not in found
    assert (await ask(chat, "find `unicorns`")).startswith(
        "About **unicorns** nothing was said here before."
    )


async def test_only_the_last_of_many_are_listed_and_long_ones_are_cut(chat):
    for n in range(7):
        chat.say(f"rain {n} " + "x" * 400)
    found = await ask(chat, "find rain")
    assert "7 times, here the last 5" in found
    rows = [line for line in found.splitlines() if line.startswith("- ")]
    assert [row.split("rain ")[1][0] for row in rows] == list("23456")
    assert all(row.endswith("…") and len(row) < 330 for row in rows)


async def test_a_found_message_asks_nobody(chat):
    """A line of a reply that begins with an @-name would ask that persona."""
    chat.say("@Data-Sage @Scout look at the rain")
    for text in ("what did I ask first?", "find rain"):
        lines = (await ask(chat, text)).splitlines()
        assert not any(line.lstrip("> -").startswith("@") for line in lines)


async def test_nothing_was_said_before_the_first_message(chat):
    assert (await ask(chat, "what did I ask first?")).startswith("You have said nothing here")


async def test_anything_else_is_answered_with_what_it_can_do(chat):
    chat.say("one")
    answer = await ask(chat, "tell me a story")
    assert answer.startswith("I am no language model")
    assert "So far I see 1 message, from " in answer


def test_no_block_is_said_to_be_honoured():
    support = RecallEngine().support().as_dict()
    assert support.pop("missing") == support.pop("ignored") == []
    assert set(support.values()) == {"ignored"}
