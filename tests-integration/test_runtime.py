"""Blocks changed in a running chat of a real server, which is killed and started again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from persona.testing import ScriptedLLM


async def test_changes_of_a_chat_survive_a_killed_server(
    write: Any, start_server: Any, llm: ScriptedLLM, project: Path
) -> None:
    file = write("Ada", "ADA-PROMPT")
    llm.on("").reply("from the model")
    server = await start_server()
    await server.ask("a.chat", "@Ada remember the number seven")
    said = await server.ask("a.chat", "/engine @Ada recall")
    assert "`litellm` → `recall`" in said["body"]
    first = await server.ask("a.chat", "@Ada what did I ask first?")
    assert "remember the number seven" in first["body"]
    await server.ask("a.chat", "/system-prompt @Ada NEW-PROMPT")
    await server.ask("a.chat", "/rename @Ada Grace")
    server.process.kill()
    server.process.wait()

    again = await start_server()
    after = await again.ask("a.chat", "@Grace what did I ask first?")
    assert "remember the number seven" in after["body"]
    (listed,) = [
        row
        for row in (await again.get("api/personas?path=a.chat"))["personas"]
        if row["slug"] == "ada"
    ]
    assert (listed["name"], listed["engine"]) == ("Grace", "recall")
    assert set(listed["changed"]) == {"engine", "context.system_prompt", "identity.name"}
    back = await again.ask("a.chat", "/reset @Grace engine")
    assert "`recall` → `litellm`" in back["body"]
    assert (await again.ask("a.chat", "@Grace and now?"))["body"] == "from the model"
    asked = llm.requests[-1]
    assert asked.system.startswith("NEW-PROMPT") or "NEW-PROMPT" in asked.system
    assert "ADA-PROMPT" not in asked.text
    assert "remember the number seven" in asked.text and "from the model" in asked.text
    assert "ADA-PROMPT" in file.read_text() and "recall" not in file.read_text()


async def test_server_killed_in_a_reply_after_a_swap_answers_the_next_message(
    write: Any, start_server: Any, llm: ScriptedLLM, project: Path
) -> None:
    write("Ada", "ADA-PROMPT")
    llm.on("slow").reply("word " * 400, delay=0.05)
    llm.on("again").reply("whole again")
    server = await start_server()
    await server.ask("a.chat", "/engine @Ada recall")
    await server.ask("a.chat", "@Ada what did I ask first?")
    await server.ask("a.chat", "/engine @Ada litellm")
    writing = asyncio.create_task(server.ask("a.chat", "@Ada be slow"))
    chat = project / "a.chat"
    async with asyncio.timeout(30):
        while "word word" not in chat.read_text():
            await asyncio.sleep(0.05)
    swap = asyncio.create_task(server.ask("a.chat", "/model @Ada openai/other"))
    await swap
    server.process.kill()
    server.process.wait()
    await asyncio.gather(writing, return_exceptions=True)

    again = await start_server()
    assert (await again.ask("a.chat", "@Ada again"))["body"] == "whole again"
    assert llm.requests[-1].model == "other"
    bodies = [m["body"] for m in json.loads(chat.read_text())["messages"]]
    assert any(body.startswith("word word") for body in bodies)


async def test_key_of_a_persona_never_reaches_the_chat_file(
    write: Any, server: Any, llm: ScriptedLLM, project: Path
) -> None:
    write("Ada", "ADA-PROMPT")
    llm.on("").reply("hi")
    await server.ask("a.chat", "@Ada hello")
    await server.ask("a.chat", "/options @Ada temperature=0.1")
    await server.ask("a.chat", "/options @Ada api_key=secret-other")
    await server.ask("a.chat", "/options @Ada")
    text = (project / "a.chat").read_text()
    assert "secret-Ada" not in text
    assert text.count("secret-other") == 1, "only in the message of the person who wrote it"
