"""The REST interface."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

PARROT = "engine: parrot\nidentity:\n  name: {name}"


async def test_catalog_of_a_chat_holds_personas_findings_and_commands(
    write: Any, service: Any, server: Any
) -> None:
    path = write("ada", PARROT.format(name="Ada L") + "\n  avatar: a.svg", "A")
    (path.parent / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    write("bad", "nonsense: 1", "B")
    response = await server.fetch("?path=a.chat")
    data = json.loads(response.body)
    ada, bad = data["personas"]
    assert ada["mention_name"] == "Ada-L"
    assert (ada["state"], bad["state"]) == ("ready", "broken")
    assert data["diagnostics"][0]["code"] == "P201"
    assert [c["name"] for c in data["commands"]] == [
        "/add",
        "/approve",
        "/default",
        "/deny",
        "/engine",
        "/keep-changes",
        "/mode",
        "/model",
        "/options",
        "/personas",
        "/refresh-personas",
        "/remove",
        "/rename",
        "/reset",
        "/restart",
        "/save",
        "/stop",
        "/system-prompt",
        "/trust",
    ]
    assert "/api/personas/avatar/ada?" in ada["avatar_url"]


async def test_catalog_tells_what_decides_who_answers(
    write: Any, open_chat: Any, server: Any
) -> None:
    write("ada", PARROT.format(name="Ada L"), "A")
    write("bob", PARROT.format(name="Bob"), "B")
    closed = json.loads((await server.fetch("?path=a.chat")).body)
    assert (closed["last_addressed"], closed["people"], closed["default"]) == (None, {}, None)
    chat = await open_chat()
    await chat.ask("@Bob one")
    data = json.loads((await server.fetch("?path=a.chat")).body)
    assert data["last_addressed"] == "bob"
    (sender,) = [m["sender"] for m in chat.messages.values() if m["body"] == "@Bob one"]
    assert list(data["people"]) == [sender]
    assert [row["names"] for row in data["personas"]] == [["Ada L", "ada"], ["Bob", "bob"]]


async def test_avatar_is_served_so_that_nothing_in_it_runs(
    write: Any, service: Any, server: Any
) -> None:
    path = write("ada", PARROT.format(name="Ada") + "\n  avatar: a.svg", "A")
    (path.parent / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    response = await server.fetch("/avatar/ada?path=a.chat")
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    with pytest.raises(HTTPClientError, match="404"):
        await server.fetch("/avatar/eve?path=a.chat")


async def test_engines_are_listed(service: Any, server: Any) -> None:
    data = json.loads((await server.fetch("/engines")).body)
    assert {"parrot", "cockatoo"} <= {e["id"] for e in data["engines"]}


async def test_stop_and_prepare_reach_the_chat(
    write: Any, open_chat: Any, server: Any, service: Any
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()

    async def post(name: str, **body: str) -> Any:
        return await server.post(f"/{name}", json.dumps(body))

    assert (await post("prepare", chat_id=chat.chat_id, slug="ada")).code == 202
    manager = service.manager(chat.chat_id)
    await chat.until(lambda: "ada" in manager.personas.live)
    asked = await chat.say("slowly")
    await chat.until(lambda: chat.answers(asked))
    assert json.loads((await post("stop", chat_id=chat.chat_id)).body) == {"stopped": 1}
    await chat.until(lambda: chat.answers(asked, "stopped"))


@pytest.mark.parametrize("body", ["", "[]", '{"chat_id": 1}', "{"])
async def test_bad_body_is_refused(service: Any, server: Any, body: str) -> None:
    with pytest.raises(HTTPClientError, match="400"):
        await server.post("/stop", body)


async def test_unknown_chat_is_refused(service: Any, server: Any) -> None:
    with pytest.raises(HTTPClientError, match="404"):
        await server.post("/stop", '{"chat_id": "x"}')


async def test_rest_needs_the_token(service: Any, server: Any) -> None:
    with pytest.raises(HTTPClientError, match="403"):
        await server.fetch("", token=False)


async def test_path_outside_of_the_root_sees_the_root_only(service: Any, server: Any) -> None:
    response = await server.fetch("?path=../../etc/x.chat")
    assert json.loads(response.body)["personas"] == []


@pytest.mark.parametrize("path", ["x" * 5000, "../../etc/passwd", "a%00b"])
async def test_path_that_cannot_be_is_taken_for_the_root(
    write: Any, service: Any, server: Any, path: str
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    response = await server.fetch(f"?path={path}")
    assert [row["slug"] for row in json.loads(response.body)["personas"]] == ["ada"]
