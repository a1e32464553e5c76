"""Who answers what, in real chats of a real server."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

PARROT = "engine: parrot\nidentity:\n  name: {name}"


async def test_mentioned_persona_answers_by_name_or_slug_in_any_case(
    write: Any, open_chat: Any
) -> None:
    write("data-sage", PARROT.format(name="Data Sage") + "\nmodel: a/b", "Be wise.")
    write("ada", PARROT.format(name="Ada"), "Be brief.")
    chat = await open_chat()
    for text in ("@Data-Sage hi", "@data-sage hi", "well, @DATA-SAGE hi", "@Data Sage hi"):
        (answer,) = await chat.ask(text)
        assert answer.startswith("Data Sage|Be wise.|a/b|")
        assert answer.endswith("hi")


async def test_every_mentioned_persona_answers_once(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    write("bob", PARROT.format(name="Bob"), "B")
    chat = await open_chat()
    answers = await chat.ask("@Ada and @bob and @Ada again", count=2)
    assert sorted(a.split("|")[0] for a in answers) == ["Ada", "Bob"]


async def test_mention_in_code_or_mail_is_none(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    write("bob", PARROT.format(name="Bob"), "B")
    chat = await open_chat()
    await chat.ask("@Bob hello")
    (answer,) = await chat.ask("what does `@Ada` mean, me@Ada.com?")
    assert answer.startswith("Bob|")


async def test_last_addressed_persona_answers_next(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    write("bob", PARROT.format(name="Bob"), "B")
    chat = await open_chat()
    await chat.ask("@Ada one")
    assert (await chat.ask("two"))[0].startswith("Ada|")
    await chat.ask("@Bob three")
    assert (await chat.ask("four"))[0].startswith("Bob|")


async def test_picked_persona_answers_before_the_last(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    write("bob", PARROT.format(name="Bob"), "B")
    chat = await open_chat()
    await chat.ask("@Ada one")
    assert (await chat.ask("two", metadata={"to": "bob"}))[0].startswith("Bob|")


@pytest.mark.parametrize("nobody", ["", "none"])
async def test_nobody_answers_who_was_not_mentioned_when_no_one_is_picked(
    write: Any, open_chat: Any, nobody: str
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    silent = await chat.say("to myself", metadata={"to": nobody})
    asked = await chat.ask("@Ada one", metadata={"to": nobody})
    assert asked[0].startswith("Ada|A|")
    assert (await chat.ask("two"))[0].startswith("Ada|A|")
    assert chat.answers(silent) == []


async def test_persona_that_is_called_none_can_be_picked(write: Any, open_chat: Any) -> None:
    write("none", PARROT.format(name="None"), "N")
    chat = await open_chat()
    assert (await chat.ask("hi", metadata={"to": "none"}))[0].startswith("None|N|")


async def test_only_persona_is_the_default(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    assert (await chat.ask("hello"))[0].startswith("Ada|A|")


async def test_default_persona_answers_where_configured(
    write: Any, open_chat: Any, service: Any
) -> None:
    service.config.PersonaManager.default_persona = "Bob B"
    write("ada", PARROT.format(name="Ada"), "A")
    write("bob", PARROT.format(name="Bob B"), "B")
    chat = await open_chat()
    assert (await chat.ask("hello"))[0].startswith("Bob B|")


async def test_several_personas_and_no_default_asks_who(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    write("bob", PARROT.format(name="Bob"), "B")
    chat = await open_chat()
    (notice,) = await chat.ask("hello")
    assert "Who should answer?" in notice
    assert "`@Ada`" in notice and "`@Bob`" in notice


async def test_no_persona_says_how_to_make_one(open_chat: Any) -> None:
    chat = await open_chat()
    (notice,) = await chat.ask("hello")
    assert ".jupyter/personas/helper.persona.md" in notice


async def test_unknown_mention_is_told_with_a_guess(write: Any, open_chat: Any) -> None:
    write("researcher", PARROT.format(name="Researcher"), "R")
    chat = await open_chat()
    (notice,) = await chat.ask("@Reseacher hello")
    assert "Did you mean `@Researcher`?" in notice


async def test_two_people_get_answers_only_on_mention(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    one = {"sender": {"username": "h1", "name": "Hugo"}}
    two = {"sender": {"username": "h2", "name": "Ines"}}
    assert (await chat.ask("hello", **one))[0].startswith("Ada|")
    (notice,) = await chat.ask("hello Hugo", **two)
    assert "only when they are mentioned" in notice
    quiet = await chat.say("how are you?", **one)
    (answer,) = await chat.ask("@ada now you", **two)
    assert answer.startswith("Ada|")
    assert chat.answers(quiet) == []


async def test_message_before_attach_is_answered_once(
    write: Any, open_chat: Any, root: Path
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    stored = {
        "messages": [
            {
                "id": "old",
                "body": "old",
                "sender": "h",
                "time": time.time() - 90_000,
                "type": "msg",
            },
            {"id": "q", "body": "@ada q", "sender": "h", "time": time.time() - 5, "type": "msg"},
        ],
        "users": {"h": {"username": "h", "name": "H", "display_name": "H"}},
        "attachments": {},
        "metadata": {"id": "chat-1"},
    }
    (root / "a.chat").write_text(json.dumps(stored))
    chat = await open_chat()
    await chat.until(lambda: chat.answers("q", "complete"))
    again = await open_chat()
    await again.ask("@ada more")
    assert len(again.answers("q")) == 1
    assert again.answers("old") == []


async def test_reply_that_a_killed_server_left_is_marked(
    write: Any, open_chat: Any, root: Path
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    asked = await chat.say("slowly")
    await chat.until(lambda: any("word10 " in m["body"] for m in chat.answers(asked)))
    copied = json.loads((root / "a.chat").read_text())  # as it stands in mid-reply
    copied["metadata"]["id"] = "another"
    (root / "b.chat").write_text(json.dumps(copied))
    again = await open_chat("b.chat")
    (reply,) = await again.until(lambda: again.answers(asked, "failed"))
    assert reply["body"].startswith("word0 ")
    assert reply["body"].endswith("*Broken off when the server ended.*")
    assert "Broken off" not in (await again.ask("hello"))[0]


async def test_message_is_answered_when_a_killed_server_left_only_thoughts(
    write: Any, open_chat: Any, root: Path
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    thinking = {"kind": "thought", "state": "writing", "answers": "q", "thought": {"text": "Hm."}}
    now = time.time()
    stored = {
        "messages": [
            {"id": "q", "body": "@ada q", "sender": "h", "time": now - 5, "type": "msg"},
            {
                "id": "t",
                "body": "Hm.",
                "sender": "persona::ada",
                "time": now - 4,
                "type": "msg",
                "metadata": {"persona": thinking},
            },
        ],
        "users": {
            "h": {"username": "h", "name": "H", "display_name": "H"},
            "persona::ada": {"username": "persona::ada", "name": "Ada", "bot": True},
        },
        "attachments": {},
        "metadata": {"id": "chat-1"},
    }
    (root / "a.chat").write_text(json.dumps(stored))
    chat = await open_chat()
    (answer,) = await chat.until(lambda: chat.answers("q", "complete"))
    assert answer["body"].endswith("q")


async def test_persona_asks_persona_until_the_bound(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    write("bob", PARROT.format(name="Bob"), "B")
    chat = await open_chat()
    await chat.say("@Ada pass to Bob")
    notice = await chat.until(
        lambda: [m for m in chat.messages.values() if "was not asked" in m["body"]]
    )
    assert "3 times in a row" in notice[0]["body"]
    replies = [m for m in chat.messages.values() if m["body"].endswith(("Ada", "Bob"))]
    assert [m["sender"] for m in replies if m["sender"].startswith("persona::")] == [
        "persona::ada",
        "persona::bob",
        "persona::ada",
        "persona::bob",
    ]


async def test_engine_that_raises_is_told_and_the_chat_goes_on(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    (failure,) = await chat.ask("explode")
    assert failure.startswith("⚠ **Something went wrong: ValueError.**")
    assert "<details>" in failure
    assert (await chat.ask("hello"))[0].startswith("Ada|")


async def test_missing_engine_is_told(write: Any, open_chat: Any) -> None:
    write("ada", "engine: parot\nidentity:\n  name: Ada", "A")
    chat = await open_chat()
    (notice,) = await chat.ask("@Ada hello")
    assert "'parot' is not installed" in notice
    assert "Did you mean 'parrot'?" in notice


async def test_stop_ends_a_long_reply_and_the_next_turn_works(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    asked = await chat.say("slowly")
    await chat.until(lambda: any("word10 " in m["body"] for m in chat.answers(asked)))
    (said,) = await chat.ask("/stop")
    assert said == "Stopped 1 reply."
    (stopped,) = chat.answers(asked, "stopped")
    assert stopped["body"].startswith("word0 word1 ")
    assert stopped["body"].endswith("*Stopped.*")
    assert (await chat.ask("hello"))[0].startswith("Ada|")


async def test_reply_is_whole_when_the_browser_leaves(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    asked = await chat.say("slowly")
    await chat.until(lambda: any("word10 " in m["body"] for m in chat.answers(asked)))
    await chat.close()
    await asyncio.sleep(0.5)  # time without any browser
    again = await open_chat()
    (reply,) = await again.until(lambda: again.answers(asked, "complete"), seconds=30)
    assert all(f"word{n} " in reply["body"] for n in range(2_000))


async def test_personas_are_in_the_chat_file_with_their_avatar(
    write: Any, open_chat: Any, root: Path
) -> None:
    path = write("ada", PARROT.format(name="Ada") + "\n  avatar: ada.svg", "A")
    (path.parent / "ada.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    chat = await open_chat()
    await chat.ask("hello")
    saved = json.loads((root / "a.chat").read_text())
    user = saved["users"]["persona::ada"]
    assert user["bot"] is True
    assert user["avatar_url"].startswith("data:image/svg+xml;base64,")


async def test_chat_that_is_opened_is_not_changed(
    write: Any, open_chat: Any, root: Path, service: Any
) -> None:
    for number in range(50):
        write(f"p{number}", PARROT.format(name=f"P{number}"), "A")
    chat = await open_chat()
    await service.manager(chat.chat_id).ready()
    assert list(chat.messages) == []
    assert [u for u in chat.users if u.startswith("persona")] == []


@pytest.mark.parametrize(
    "user",
    [5, None, {"username": 5, "avatar_url": ["x"]}, {"username": "eve", "of_a_later_version": 1}],
    ids=["number", "null", "wrong types", "later version"],
)
async def test_persona_answers_where_the_file_holds_a_user_that_is_none(
    user: object, write: Any, open_chat: Any, root: Path
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    message = {"id": "1", "body": "Hello?", "sender": "eve", "time": 1.0, "raw_time": False}
    file = {"messages": [message], "users": {"eve": user}, "metadata": {"id": "odd"}}
    (root / "a.chat").write_text(json.dumps(file), encoding="utf-8")
    chat = await open_chat()
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|")
    assert (await chat.ask("and again"))[0].startswith("Ada|")


@pytest.mark.parametrize(
    "message",
    [
        {"id": "1", "body": "x"},
        {"id": "1", "body": "x", "sender": "eve", "time": 1.0, "of_a_later_version": 2},
        {"id": "1", "body": None, "sender": "eve", "time": 1.0},
    ],
    ids=["no sender", "later version", "no text"],
)
async def test_chat_with_an_unreadable_message_says_that_nobody_can_answer(
    message: object, write: Any, open_chat: Any, root: Path
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    file = {"messages": [message], "users": {}, "metadata": {"id": "odd"}}
    (root / "a.chat").write_text(json.dumps(file), encoding="utf-8")

    def told() -> list[str]:
        stored = json.loads((root / "a.chat").read_text(encoding="utf-8"))["messages"]
        return [m["body"] for m in stored if "No persona can answer" in str(m["body"])]

    for _ in range(2):  # once, however often it is opened
        chat = await open_chat()
        await chat.until(told, "the notice")
        await chat.close()
        (text,) = told()
        assert "Open it with the version that wrote it" in text


async def test_log_names_a_chat_in_which_nothing_can_be_written(
    write: Any, open_chat: Any, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    message = {"id": "1", "body": "x", "sender": "eve", "time": "late"}
    file = {"messages": [message], "users": {}, "metadata": {"id": "odd"}}
    (root / "a.chat").write_text(json.dumps(file), encoding="utf-8")
    chat = await open_chat()
    said = "No persona can answer in a.chat: message '1' has no text, sender or time"
    await chat.until(lambda: said in caplog.text, "the entry in the log")
