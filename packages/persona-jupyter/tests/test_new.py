"""First use over REST: a persona is made, opened and saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from persona.jupyter._contents import is_persona_file
from persona.loaders import load_markdown


async def post(server: Any, **body: Any) -> Any:
    return await server.post("/new", json.dumps(body))


async def test_new_persona_is_a_commented_file_of_the_chats_project(
    service: Any, server: Any, root: Path
) -> None:
    (root / "study" / ".jupyter").mkdir(parents=True)
    answer = await post(server, path="study/a.chat", name="Data Sage")
    assert answer.code == 201
    told = json.loads(answer.body)
    where = "study/.jupyter/personas/data-sage.persona.md"
    assert told == {"slug": "data-sage", "name": "Data Sage", "path": where, "hidden": True}
    assert "# A persona: somebody to talk to" in (root / where).read_text()
    (sage,) = load_markdown(root / where).definitions
    assert sage.identity.name == "Data Sage"


async def test_new_persona_is_in_the_open_chat_at_once(
    service: Any, server: Any, open_chat: Any
) -> None:
    chat = await open_chat()
    assert (await post(server, chat_id=chat.chat_id, name="assistant")).code == 201
    listed = json.loads((await server.fetch("?path=a.chat")).body)["personas"]
    assert [(row["slug"], row["name"]) for row in listed] == [("assistant", "Assistant")]


async def test_nothing_is_overwritten(service: Any, server: Any, root: Path) -> None:
    folder = root / ".jupyter" / "personas"
    folder.mkdir(parents=True)
    broken = folder / "assistant.persona.md"
    broken.write_text("---\nengine: [\n---\n")
    with pytest.raises(HTTPClientError, match="409"):
        await post(server, path="a.chat", name="Assistant")
    assert broken.read_text() == "---\nengine: [\n---\n"


@pytest.mark.parametrize("name", ["", "  ", "a/b", "..", "é\x00", "x" * 65, "日本"])
async def test_name_that_makes_no_file_is_refused(
    service: Any, server: Any, root: Path, name: str
) -> None:
    with pytest.raises(HTTPClientError, match="400"):
        await post(server, path="a.chat", name=name)
    assert not (root / ".jupyter").exists()


@pytest.mark.parametrize("body", [{}, {"name": "a"}, {"name": 1, "path": "a.chat"}])
async def test_body_without_a_name_or_a_chat_is_refused(
    service: Any, server: Any, body: dict[str, Any]
) -> None:
    with pytest.raises(HTTPClientError, match="400"):
        await post(server, **body)


async def test_unknown_chat_is_refused(service: Any, server: Any) -> None:
    with pytest.raises(HTTPClientError, match="404"):
        await post(server, chat_id="x", name="a")


async def test_folder_of_personas_that_leads_out_of_the_root_is_not_written(
    service: Any, server: Any, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (root / ".jupyter").symlink_to(outside)
    with pytest.raises(HTTPClientError, match="400"):
        await post(server, path="a.chat", name="a")
    assert list(outside.iterdir()) == []


async def test_persona_file_is_read_and_saved_for_the_editor(
    service: Any, server: Any, root: Path
) -> None:
    path = json.loads((await post(server, path="a.chat", name="Ada")).body)["path"]
    model = json.loads((await server.fetch(f"/contents/{path}?content=1&hash=0")).body)
    assert (model["path"], model["type"]) == (path, "file")
    text = model["content"].replace("Answer briefly", "Answer at length")
    body = json.dumps({"type": "file", "format": "text", "content": text})
    await server.fetch(f"/contents/{path}", method="PUT", body=body)
    assert "Answer at length" in (root / path).read_text()
    assert (await server.post(f"/contents/{path}/checkpoints", "")).code == 201
    (root / path).unlink()  # while it is open in the editor
    with pytest.raises(HTTPClientError, match="404"):
        await server.fetch(f"/contents/{path}/checkpoints")


async def test_persona_in_python_is_read_and_saved_for_the_editor(
    service: Any, server: Any, root: Path
) -> None:
    file = root / ".jupyter" / "personas" / "tutor" / "tutor_persona.py"
    file.parent.mkdir(parents=True)
    file.write_text("one = 1\n")
    path = file.relative_to(root).as_posix()
    assert json.loads((await server.fetch(f"/contents/{path}?content=1")).body)["content"]
    body = json.dumps({"type": "file", "format": "text", "content": "two = 2\n"})
    await server.fetch(f"/contents/{path}", method="PUT", body=body)
    assert file.read_text() == "two = 2\n"


@pytest.mark.parametrize(
    "path",
    [
        ".jupyter/jupyter_server_config.py",
        ".jupyter/personas/note.txt",
        ".jupyter/personas/tool.py",
        ".jupyter/personas/_persona.py",
        ".jupyter/personas/.hidden/a.persona.md",
        ".jupyter/personas/a/b/c.persona.md",
        ".jupyter/personas",
        ".ssh/personas/a.persona.md",
        "personas/a.persona.md",
        ".jupyter/../.jupyter/personas/../secret.persona.md",
        "",
    ],
)
async def test_other_files_are_not_read_or_written(
    service: Any, server: Any, root: Path, path: str
) -> None:
    assert not is_persona_file(path)
    with pytest.raises(HTTPClientError, match="40[0345]"):
        await server.fetch(f"/contents/{path}")
    body = json.dumps({"type": "file", "format": "text", "content": "x"})
    with pytest.raises(HTTPClientError, match="40[0345]"):
        await server.fetch(f"/contents/{path}", method="PUT", body=body)


async def test_file_that_is_not_there_is_not_made_by_saving(
    service: Any, server: Any, root: Path
) -> None:
    body = json.dumps({"type": "file", "format": "text", "content": "x"})
    with pytest.raises(HTTPClientError, match="404"):
        await server.fetch("/contents/.jupyter/personas/a.persona.md", method="PUT", body=body)
    assert not (root / ".jupyter").exists()


async def test_link_out_of_the_root_is_not_read(
    service: Any, server: Any, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("outside") / "secret"
    secret.write_text("secret")
    folder = root / ".jupyter" / "personas"
    folder.mkdir(parents=True)
    (folder / "a.persona.md").symlink_to(secret)
    with pytest.raises(HTTPClientError, match="404"):
        await server.fetch("/contents/.jupyter/personas/a.persona.md")


async def test_both_need_the_token(service: Any, server: Any) -> None:
    with pytest.raises(HTTPClientError, match="403"):
        await server.fetch("/contents/.jupyter/personas/a.persona.md", token=False)
    with pytest.raises(HTTPClientError, match="403"):
        await server.fetch("/new", method="POST", body="{}", token=False)
