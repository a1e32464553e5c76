"""What an engine is given: the message, the history, the blocks as they stood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from persona.core import (
    META,
    BasePersona,
    PersonaContext,
    PersonaEngine,
    PersonaIdentity,
    Turn,
    Utterance,
    next_hop,
)

if TYPE_CHECKING:
    from conftest import RealChat


class Silent(PersonaEngine):
    id = "silent"

    async def process_message(self, message: Any) -> None:
        """Do nothing."""


def persona(chat: RealChat, **kwargs: Any) -> BasePersona:
    identity = PersonaIdentity(name="Ada Bot")
    return BasePersona(ychat=chat.model, engine=Silent(), identity=identity, **kwargs)


def reply(chat: RealChat, text: str, to: str, sender: str = "persona::ada-bot", **note: Any) -> str:
    noted = {"kind": "reply", "answers": to, "state": "complete", "hops": 0, **note}
    return chat.say(text, sender, metadata={META: noted}).id


async def test_history_names_everybody_and_leaves_out_what_is_no_talk(chat: RealChat) -> None:
    first = chat.say("one", "eve")
    reply(chat, "two\n\n*Stopped.*", first.id, state="stopped")
    reply(chat, "\n\n*Stopped.*", first.id, state="stopped")
    reply(chat, "tools", first.id, kind="tools")
    reply(chat, "oops", first.id, kind="error")
    reply(chat, "three", first.id, "persona::bob")
    chat.delete(chat.say("deleted").id)
    message = chat.say("now")
    chat.say("later")
    turn = persona(chat).new_turn(message)
    said = [(u.role, u.name, u.text) for u in turn.history]
    assert said == [
        ("human", "Eve", "one"),
        ("self", "Persona::Ada-Bot", "two"),
        ("persona", "Persona::Bob", "three"),
    ]
    assert (turn.message.role, turn.message.text) == ("human", "now")


async def test_history_holds_replies_that_came_in_while_the_turn_waited(chat: RealChat) -> None:
    first = chat.say("one")
    second = chat.say("two")
    answer = reply(chat, "to one", first.id)
    reply(chat, "to that", answer, "persona::bob")
    reply(chat, "to two", second.id, "persona::bob")
    history = persona(chat).new_turn(second).history
    assert [u.text for u in history] == ["one", "to one", "to that"]


async def test_isolated_history_is_what_it_was_asked_and_said(chat: RealChat) -> None:
    chat.say("not for you")
    asked = chat.say("for you")
    reply(chat, "answer", asked.id)
    reply(chat, "other", asked.id, "persona::bob")
    bot = persona(chat, context=PersonaContext(history="isolated"))
    assert [u.text for u in bot.new_turn(chat.say("now")).history] == ["for you", "answer"]


async def test_message_without_text_but_with_files_is_history(
    chat: RealChat, tmp_path: Path
) -> None:
    from jupyterlab_chat.models import FileAttachment

    (tmp_path / "a.txt").write_text("content")
    key = chat.model.set_attachment(FileAttachment(value="a.txt"))
    chat.say("", attachments=[key])
    chat.say("")
    turn = persona(chat, root_dir=tmp_path).new_turn(chat.say("now"))
    (only,) = turn.history
    assert only.attachments[0].read_text() == "content"


async def test_turn_knows_where_the_chat_is(chat: RealChat, tmp_path: Path) -> None:
    turn = persona(chat, root_dir=tmp_path).new_turn(chat.say("x"))
    assert (turn.chat_path, turn.chat_dir) == ("a.chat", tmp_path)


async def test_hops_are_counted(chat: RealChat) -> None:
    asked = chat.say("x")
    assert next_hop(asked) == 0
    one = chat.message(reply(chat, "@bob", asked.id, hops=0))
    assert next_hop(one) == 1
    two = chat.message(reply(chat, "@ada", one.id, "persona::bob", hops=1))
    assert persona(chat).new_turn(two).hops == 2
    odd = chat.message(reply(chat, "x", one.id, hops="many"))
    assert next_hop(odd) == 0


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("@Ada Bot what?", "what?"),
        ("@Ada-Bot: what?", "what?"),
        ("@ada-bot, what?", "what?"),
        ("  @ADA-BOT\nwhat?", "what?"),
        ("@bob @ada-bot what?", "what?"),
        ("@ada-bot @bob what?", "@bob what?"),
        ("@ada-bot @Ada Bot what?", "what?"),
        ("ask @ada-bot", "ask @ada-bot"),
        ("@property vs @cached", "@property vs @cached"),
        ("@types/node fails", "@types/node fails"),
        ("@ada-bot.com is down", "@ada-bot.com is down"),
        ("@ada-botany", "@ada-botany"),
        ("@Ada (v2) x", "x"),
        ("@ada-bot", ""),
        ("", ""),
    ],
)
def test_own_mention_is_taken_off_the_beginning(said: str, text: str) -> None:
    turn = Turn(
        message=Utterance("1", "human", "u", "U", said, 0.0),
        history=(),
        model=None,
        context=PersonaContext(),
        identity=PersonaIdentity(name="Ada Bot"),
        options={},
        names=("Ada Bot", "Ada-Bot", "ada-bot", "Ada (v2)"),
    )
    assert turn.text == text


@pytest.mark.parametrize("hops", ["x", [], None, float("inf"), float("nan"), -5])
async def test_forged_hops_count_as_few(chat: RealChat, hops: Any) -> None:
    if type(chat.model).__name__ == "YChat" and isinstance(hops, float):
        pytest.skip("these numbers cannot be sent there")
    assert next_hop(chat.say("Hello", metadata={META: {"hops": hops}})) in (0, 1)


async def test_forged_note_in_a_later_message_does_not_hinder_a_turn(chat: RealChat) -> None:
    asked = chat.say("One")
    chat.say("Two", metadata={META: {"kind": [], "answers": [], "hops": {}}})
    assert persona(chat).new_turn(asked).history == ()
