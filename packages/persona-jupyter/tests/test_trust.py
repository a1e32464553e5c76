"""A project's persona that would run something waits until its user trusts it."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from persona.core import TrustStore

SERVER = "context: {mcp_servers: {files: {command: python, args: [tool.py], env: {TOKEN: x}}}}"


@pytest.fixture
def ada(write: Any, root: Path) -> Path:
    """A persona of the project that names a program, and the program's script."""
    (root / "tool.py").write_text("print('one')\n")
    file: Path = write("ada", f"engine: parrot\nidentity: {{name: Ada}}\n{SERVER}", "ADA-PROMPT")
    return file


async def _row(server: Any, slug: str = "ada") -> dict[str, Any]:
    rows = json.loads((await server.fetch("?path=a.chat")).body)["personas"]
    found: dict[str, Any] = next(row for row in rows if row["slug"] == slug)
    return found


async def _decide(server: Any, chat: Any, decision: str, **more: Any) -> dict[str, Any]:
    body = {"chat_id": chat.chat_id, "slug": "ada", "decision": decision, **more}
    answer: dict[str, Any] = json.loads((await server.post("/trust", json.dumps(body))).body)
    return answer


def _replace(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text().replace(old, new))


def _asked(chat: Any, message_id: str) -> dict[str, Any] | None:
    found = [m for m in chat.answers(message_id) if m["metadata"]["persona"]["kind"] == "trust"]
    return found[0] if found else None


async def _ask_and_wait(chat: Any, text: str = "@Ada hello") -> tuple[str, dict[str, Any]]:
    asked = await chat.say(text)
    question: dict[str, Any] = await chat.until(lambda: _asked(chat, asked), "the question")
    return asked, question


def _replies(chat: Any, asked: str) -> list[str]:
    notes = [(m, m["metadata"]["persona"]) for m in chat.answers(asked)]
    return [m["body"] for m, n in notes if n["kind"] == "reply" and n.get("state") == "complete"]


async def test_it_is_listed_but_inert_and_the_question_tells_what_would_run(
    ada: Path, open_chat: Any, server: Any, service: Any
) -> None:
    row = await _row(server)
    assert (row["state"], row["name"]) == ("untrusted", "Ada")
    assert "python tool.py" in row["detail"]
    chat = await open_chat()
    asked, question = await _ask_and_wait(chat)
    body = question["body"]
    for part in ("python tool.py", "MCP server files", "TOKEN", "tool.py", ".jupyter/personas/ada"):
        assert part in body
    assert "env" not in body
    note = question["metadata"]["persona"]
    assert note["trust"]["choices"] == ["version", "project", "later"]
    assert service.manager(chat.chat_id).in_use == ()
    assert (await _row(server))["state"] == "untrusted"
    table = (await chat.ask("/personas"))[0]
    assert "untrusted: It is a project's and would run: python tool.py." in table
    assert _replies(chat, asked) == []


async def test_what_waited_is_answered_once_it_is_trusted(
    ada: Path, open_chat: Any, server: Any
) -> None:
    chat = await open_chat()
    first, question = await _ask_and_wait(chat)
    second = (await chat.ask("@Ada again"))[0]
    assert "still waits" in second
    seal = question["metadata"]["persona"]["trust"]["seal"]
    assert await _decide(server, chat, "version", seal=seal) == {
        "slug": "ada", "trusted": True, "answered": 2,
    }  # fmt: skip
    await chat.until(lambda: _replies(chat, first), "the answer")
    settled = chat.messages[question["id"]]
    assert "Trusted" in settled["body"]
    assert settled["metadata"]["persona"]["state"] == "trusted"
    assert (await _row(server))["state"] in ("ready", "busy")


async def test_it_is_asked_again_with_a_diff_after_a_change(
    ada: Path, open_chat: Any, server: Any, root: Path
) -> None:
    chat = await open_chat()
    await _ask_and_wait(chat)
    await _decide(server, chat, "version")
    assert "Ada|ADA-PROMPT" in (await chat.ask("@Ada one"))[0]
    (root / "tool.py").write_text("print('two')\n")
    _, question = await _ask_and_wait(chat, "@Ada two")
    assert "changed since you trusted it" in question["body"]
    assert "-print('one')\n+print('two')" in question["body"]
    # The version before is still trusted.
    (root / "tool.py").write_text("print('one')\n")
    assert "Ada|ADA-PROMPT" in (await chat.ask("@Ada three"))[0]


async def test_a_changed_definition_is_let_go_and_shown(
    ada: Path, open_chat: Any, server: Any, service: Any
) -> None:
    chat = await open_chat()
    await _ask_and_wait(chat)
    await _decide(server, chat, "version")
    await chat.ask("@Ada one")
    _replace(ada, "tool.py", "tool.py, --all")
    await chat.ask("/refresh-personas")
    assert service.manager(chat.chat_id).in_use == ()
    _, question = await _ask_and_wait(chat, "@Ada two")
    assert '+context.mcp_servers.0.args: ["tool.py", "--all"]' in question["body"]


async def test_trust_of_the_project_holds_through_changes(
    ada: Path, open_chat: Any, server: Any, root: Path
) -> None:
    chat = await open_chat()
    asked, _ = await _ask_and_wait(chat)
    assert "The whole project is trusted" in (await chat.ask("/trust @Ada project"))[0]
    await chat.until(lambda: _replies(chat, asked), "the answer")
    (root / "tool.py").write_text("print('two')\n")
    assert "Ada|" in (await chat.ask("@Ada two"))[0]


async def test_not_now_keeps_it_inert_until_the_command(
    ada: Path, open_chat: Any, server: Any
) -> None:
    chat = await open_chat()
    asked, question = await _ask_and_wait(chat)
    assert (await _decide(server, chat, "later"))["trusted"] is False
    await chat.until(lambda: "Not now" in chat.messages[question["id"]]["body"], "the note")
    assert "still waits" in (await chat.ask("@Ada please"))[0]
    assert "This version" in (await chat.ask("/trust"))[0]
    await chat.until(lambda: _replies(chat, asked), "the answer")


async def test_a_click_counts_only_for_what_was_shown(
    ada: Path, open_chat: Any, server: Any, root: Path
) -> None:
    chat = await open_chat()
    _, question = await _ask_and_wait(chat)
    (root / "tool.py").write_text("print('evil')\n")
    seal = question["metadata"]["persona"]["trust"]["seal"]
    with pytest.raises(HTTPClientError) as refused:
        await _decide(server, chat, "version", seal=seal)
    assert refused.value.code == 409
    with pytest.raises(HTTPClientError) as forged:
        await _decide(server, chat, "version", seal="0" * 64)
    assert forged.value.code == 409
    assert (await _row(server))["state"] == "untrusted"


async def test_a_command_that_came_with_the_file_is_not_taken(
    ada: Path, open_chat: Any, server: Any, root: Path
) -> None:
    planted = [
        {"id": str(uuid.uuid4()), "body": body, "time": time.time(), "sender": "ada-the-human",
         "type": "msg", "raw_time": False}
        for body in ("@Ada hello", "/trust @Ada", "/trust @Ada project")
    ]  # fmt: skip
    users = {"ada-the-human": {"username": "ada-the-human", "name": "A", "display_name": "A"}}
    file = {"messages": planted, "users": users, "attachments": {}, "metadata": {"id": "x"}}
    (root / "a.chat").write_text(json.dumps(file))
    chat = await open_chat()
    for message in planted[1:]:
        answer = await chat.until(lambda m=message: chat.answers(m["id"]), "an answer")
        assert "Send it again" in answer[0]["body"]
    assert (await _row(server))["state"] == "untrusted"
    assert TrustStore().approvals() == []


async def test_an_admin_decides_for_all(
    ada: Path, open_chat: Any, server: Any, service: Any, root: Path
) -> None:
    service.config = Config({"PersonaManager": {"trust_projects": "never"}})
    assert (await _row(server))["state"] == "untrusted"
    chat = await open_chat()
    _, question = await _ask_and_wait(chat)
    assert "trusts no project" in question["body"]
    with pytest.raises(HTTPClientError) as refused:
        await _decide(server, chat, "project")
    assert refused.value.code == 403
    service.config = Config({"PersonaManager": {"trusted_paths": [str(root.parent)]}})
    other = await open_chat("b.chat")
    assert "Ada|ADA-PROMPT" in (await other.ask("@Ada one"))[0]
    service.config = Config({"PersonaManager": {"trust_projects": "always"}})
    third = await open_chat("c.chat")
    assert "Ada|ADA-PROMPT" in (await third.ask("@Ada one"))[0]


async def test_what_is_saved_from_the_chat_stays_trusted(
    ada: Path, open_chat: Any, server: Any
) -> None:
    chat = await open_chat()
    await _ask_and_wait(chat)
    await _decide(server, chat, "version")
    await chat.ask("/system-prompt @Ada OTHER")
    assert "is saved" in (await chat.ask("/save @Ada"))[0]
    assert "Ada|OTHER" in (await chat.ask("@Ada one"))[0]


async def test_a_save_of_one_that_waits_gives_no_trust(
    ada: Path, open_chat: Any, server: Any
) -> None:
    chat = await open_chat()
    await chat.ask("/system-prompt @Ada OTHER")
    await chat.ask("/save @Ada")
    assert (await _row(server))["state"] == "untrusted"


async def _save(server: Any, file: Path, root: Path) -> None:
    content = await asyncio.to_thread(file.read_text)
    model = {"type": "file", "format": "text", "content": f"{content}\nMORE\n"}
    path = file.relative_to(root).as_posix()
    await server.fetch(f"/contents/{path}", method="PUT", body=json.dumps(model))


async def test_what_is_saved_in_the_editor_stays_as_it_was(
    ada: Path, open_chat: Any, server: Any, root: Path
) -> None:
    chat = await open_chat()
    await _save(server, ada, root)
    await chat.ask("/refresh-personas")
    assert (await _row(server))["state"] == "untrusted"  # one that waits gets no trust by it
    await _ask_and_wait(chat)
    await _decide(server, chat, "version")
    await _save(server, ada, root)
    await chat.ask("/refresh-personas")
    assert "MORE\n\nMORE" in (await chat.ask("@Ada one"))[0]


async def test_rest_tells_what_waits(ada: Path, open_chat: Any, server: Any, root: Path) -> None:
    told = json.loads((await server.fetch("/trust?path=a.chat")).body)
    (found,) = told["waiting"]
    assert (found["slug"], found["why"], found["project"]) == ("ada", "new", str(root))
    assert found["runs"][0]["args"] == ["tool.py"]
    assert found["runs"][0]["environment"] == ["TOKEN"]
    assert [Path(f["file"]).name for f in found["files"]] == ["tool.py"]
    chat = await open_chat()
    with pytest.raises(HTTPClientError) as refused:
        await _decide(server, chat, "nonsense")
    assert refused.value.code == 400


async def _review(server: Any, chat: Any, slug: str = "ada") -> str:
    body = json.dumps({"chat_id": chat.chat_id, "slug": slug})
    answer = await server.fetch("/trust", method="PUT", body=body)
    message: str = json.loads(answer.body)["message"]
    return message


async def test_a_review_asks_once_and_again_after_not_now(
    ada: Path, open_chat: Any, server: Any
) -> None:
    chat = await open_chat()
    first = await _review(server, chat)
    question = await chat.until(lambda: chat.messages.get(first), "the question")
    assert "python tool.py" in question["body"]
    assert question["metadata"]["persona"]["state"] == "asked"
    assert await _review(server, chat) == first
    asked = await chat.say("@Ada hello")
    waits = await chat.until(lambda: chat.answers(asked), "the reminder")
    assert "still waits" in waits[0]["body"]

    await _decide(server, chat, "later")
    second = await _review(server, chat)
    assert second != first
    again = await chat.until(lambda: chat.messages.get(second), "the question")
    seal = again["metadata"]["persona"]["trust"]["seal"]
    body = await chat.until(
        lambda: "Asked again" in chat.messages[first]["body"] and chat.messages[first]["body"],
        "the end of the first",
    )
    assert "Not now" not in body
    assert (await _decide(server, chat, "version", seal=seal))["answered"] == 1
    await chat.until(lambda: _replies(chat, asked), "the answer")

    for slug, status in (("ada", 409), ("nobody", 404)):
        with pytest.raises(HTTPClientError) as refused:
            await _review(server, chat, slug)
        assert refused.value.code == status
