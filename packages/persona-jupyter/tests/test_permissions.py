"""Personas ask for permission; people answer over REST and with commands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

ASKER = """engine: scripted
identity:
  name: {name}
options:
  reply: "{name} did it."
  ask:
    title: write notes.txt
    on: please
    command: echo hi > notes.txt
    path: notes.txt
    new: "hi"
"""


def questions(chat: Any, state: str = "waiting") -> list[dict[str, Any]]:
    found = [(m, (m.get("metadata") or {}).get("persona", {})) for m in chat.messages.values()]
    return [m for m, note in found if note.get("kind") == "permission" and note["state"] == state]


async def ask(chat: Any, name: str = "Ada") -> tuple[str, dict[str, Any]]:
    """Have a persona ask and return the id of the message and the question."""
    before = len(questions(chat))
    asked = await chat.say(f"@{name} please")
    await chat.until(lambda: len(questions(chat)) > before, f"the question of {name}")
    return asked, questions(chat)[-1]


async def answer(server: Any, chat: Any, request: str, option: str) -> tuple[int, dict[str, Any]]:
    body = {"chat_id": chat.chat_id, "request": request, "option": option}
    response = await server.fetch(
        "/permission", method="POST", body=json.dumps(body), raise_error=False
    )
    return response.code, json.loads(response.body)


@pytest.mark.parametrize(
    ("option", "said", "verdict"),
    [("once", "Ada did it.", "✓ **Allowed** by"), ("reject", "Then not.", "✗ **Not allowed** by")],
)
async def test_answer_over_rest_lets_the_turn_go_on(
    write: Any, open_chat: Any, server: Any, option: str, said: str, verdict: str
) -> None:
    write("ada", ASKER.format(name="Ada"))
    chat = await open_chat()
    asked, question = await ask(chat)
    assert "```sh\necho hi > notes.txt\n```" in question["body"]
    request = question["metadata"]["persona"]["permission"]["id"]
    code, became = await answer(server, chat, request, option)
    assert (code, became["state"], became["option"]) == (200, "decided", option)
    await chat.until(lambda: said in [m["body"] for m in chat.answers(asked, "complete")])
    body = chat.messages[question["id"]]["body"]
    assert verdict in body
    assert became["by"]
    assert became["name"].startswith("Anonymous ")
    assert f"{verdict} {became['name']}: " in body


async def test_second_answer_is_refused_and_told_who_was_first(
    write: Any, open_chat: Any, server: Any
) -> None:
    write("ada", ASKER.format(name="Ada"))
    chat = await open_chat()
    _, question = await ask(chat)
    assert (await answer(server, chat, question["id"], "nonsense"))[0] == 400
    first = await answer(server, chat, question["id"], "reject")
    code, became = await answer(server, chat, question["id"], "once")
    assert first[0] == 200
    assert code == 409
    assert became == first[1]
    assert became["option"] == "reject"


async def test_unknown_requests_and_chats_are_refused(
    write: Any, open_chat: Any, server: Any
) -> None:
    write("ada", ASKER.format(name="Ada"))
    chat = await open_chat()
    assert (await answer(server, chat, "nothing", "once"))[0] == 404
    chat.chat_id = "x"
    assert (await answer(server, chat, "nothing", "once"))[0] == 404
    with pytest.raises(HTTPClientError, match="403"):
        await server.fetch("/permission", token=False, method="POST", body="{}")


@pytest.mark.parametrize(
    ("command", "said", "told"),
    [
        ("/approve", "Ada did it.", "Allowed. Ada: write notes.txt."),
        ("/approve @Ada always", "Ada did it.", "Allowed. Ada: write notes.txt."),
        ("/deny", "Then not.", "Not allowed. Ada: write notes.txt."),
    ],
)
async def test_command_answers_the_only_request(
    write: Any, open_chat: Any, command: str, said: str, told: str
) -> None:
    write("ada", ASKER.format(name="Ada"))
    chat = await open_chat()
    asked, question = await ask(chat)
    assert await chat.ask(command) == [told]
    await chat.until(lambda: said in [m["body"] for m in chat.answers(asked, "complete")])
    decision = chat.messages[question["id"]]["metadata"]["persona"]["permission"]["decision"]
    assert decision["kind"].endswith("_always") == ("always" in command)


async def test_command_with_an_answer_that_is_not_offered_decides_nothing(
    write: Any, open_chat: Any
) -> None:
    write("ada", ASKER.format(name="Ada"))
    chat = await open_chat()
    await ask(chat)
    (told,) = await chat.ask("/deny always")
    assert "only `/approve`, `/approve always`, `/deny`" in told
    (told,) = await chat.ask("/approve quickly")
    assert "What is meant by quickly?" in told
    assert len(questions(chat)) == 1


async def test_command_asks_which_when_several_wait_and_numbers_stay(
    write: Any, open_chat: Any
) -> None:
    write("ada", ASKER.format(name="Ada"))
    write("bob", ASKER.format(name="Bob"))
    write("eve", ASKER.format(name="Eve"))
    chat = await open_chat()
    for name in ("Ada", "Bob", "Eve"):
        await ask(chat, name)
    (told,) = await chat.ask("/approve")
    assert "- `/approve 2`: Bob, write notes.txt" in told
    assert "`/approve all`" in told
    assert len(questions(chat)) == 3
    assert await chat.ask("/deny @Ada") == ["Not allowed. Ada: write notes.txt."]
    assert await chat.ask("/approve 2") == ["Allowed. Bob: write notes.txt."]
    (left,) = questions(chat)
    assert left["sender"] == "persona::eve"
    (told,) = await chat.ask("/approve 2")
    assert "`/approve 3`: Eve" in told
    assert await chat.ask("/approve all") == ["Allowed. Eve: write notes.txt."]
    assert await chat.ask("/approve") == ["Nobody waits for your permission."]


async def test_persona_cannot_answer(write: Any, open_chat: Any) -> None:
    write("ada", ASKER.format(name="Ada"))
    write("eve", "engine: scripted\nidentity:\n  name: Eve\noptions:\n  reply: /approve")
    chat = await open_chat()
    await ask(chat)
    assert await chat.ask("@Eve say it") == ["/approve"]
    for sender in ("persona::eve", "personas::system"):
        await chat.say("/approve", sender={"username": sender, "name": "Eve"})
    assert "| waiting |" in (await chat.ask("/personas"))[0]  # comes after both
    assert len(questions(chat)) == 1


@pytest.mark.parametrize("how", ["stop", "refresh", "gone", "close"])
async def test_request_is_withdrawn_when_its_turn_is_ended(
    write: Any, open_chat: Any, server: Any, service: Any, how: str
) -> None:
    path = write("ada", ASKER.format(name="Ada"))
    chat = await open_chat()
    _, question = await ask(chat)
    if how == "stop":
        await chat.ask("/stop")
    elif how == "refresh":
        await chat.ask("/refresh-personas")
    elif how == "gone":
        path.unlink()
        await chat.ask("/refresh-personas")
    else:
        await service.manager(chat.chat_id).close()
    await chat.until(lambda: questions(chat, "withdrawn"))
    assert chat.messages[question["id"]]["body"].endswith("before anybody answered.*")
    if how != "close":
        code, became = await answer(server, chat, question["id"], "once")
        assert (code, became) == (409, {"state": "withdrawn"})


async def test_request_that_waited_when_the_server_ended_is_withdrawn(
    write: Any, open_chat: Any, root: Any
) -> None:
    write("ada", ASKER.format(name="Ada"))
    asked = {"id": "1", "title": "x", "options": []}
    note = {"kind": "permission", "state": "waiting", "answers": "m", "permission": asked}
    stored = {
        "messages": [
            {
                "id": "q",
                "body": "**May I?** x\n\nAnswer with the buttons, or `/approve` or `/deny`.",
                "time": 1.0,
                "sender": "persona::ada",
                "type": "msg",
                "raw_time": False,
                "mentions": [],
                "metadata": {"persona": note},
            }
        ],
        "users": {"persona::ada": {"username": "persona::ada", "name": "Ada", "bot": True}},
        "attachments": {},
        "metadata": {"id": "c"},
    }
    (root / "a.chat").write_text(json.dumps(stored))
    chat = await open_chat()
    await chat.until(lambda: questions(chat, "withdrawn"))
    assert chat.messages["q"]["body"] == (
        "**May I?** x\n\n*Withdrawn: the reply ended before anybody answered.*"
    )
    assert await chat.ask("/approve") == ["Nobody waits for your permission."]


async def test_listing_says_who_waits(write: Any, open_chat: Any, server: Any) -> None:
    write("ada", ASKER.format(name="Ada"))
    chat = await open_chat()
    await ask(chat)
    assert "| waiting |" in (await chat.ask("/personas"))[0]
    (row,) = json.loads((await server.fetch("?path=a.chat")).body)["personas"]
    assert (row["state"], row["session"]) == ("waiting", None)


async def test_restart_starts_the_engine_anew(write: Any, open_chat: Any, service: Any) -> None:
    write("ada", ASKER.format(name="Ada"))
    write("bob", ASKER.format(name="Bob"))
    chat = await open_chat()
    assert "Nothing to restart" in (await chat.ask("/restart"))[0]
    await ask(chat)
    engine = service.manager(chat.chat_id).personas.live["ada"].engine
    (told,) = await chat.ask("/restart @Ada")
    assert told == (
        "Ada starts anew with the next message. The reply that was being written is stopped."
    )
    assert (engine.starts, engine.shutdowns) == (1, 1)
    assert await chat.ask("@Ada hello") == ["Ada did it."]
    assert engine.starts == 2
    await chat.ask("@Bob hello")
    assert await chat.ask("/restart") == ["Which one? `/restart @ada`, `/restart @bob`."]
    assert "Nobody here is called nobody" in (await chat.ask("/restart nobody"))[0]
