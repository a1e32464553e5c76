"""From a file to an answer: real server, real engine, real MCP servers, a scripted model."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from persona.testing import ScriptedLLM, mcp_server_command


def _mcp(name: str) -> str:
    command, *args = mcp_server_command(name)
    server = {"name": name, "type": "stdio", "command": command, "args": args}
    return f"context: {json.dumps({'mcp_servers': [server]})}\n"


async def test_two_personas_of_one_chat_share_nothing(
    write: Any, server: Any, llm: ScriptedLLM, project: Path
) -> None:
    write("Ada", "ADA-PROMPT", _mcp("alpha"), model="one")
    write("Bob", "BOB-PROMPT", _mcp("beta"), model="two")
    for model in ("one", "two"):
        llm.on("use it", model=model).tool_calls(
            lambda request: [{"name": request.tools[0], "arguments": {"text": "x"}}]
        ).reply(f"answer of {model}")
    assert (await server.ask("a.chat", "@Ada use it"))["body"] == "answer of one"
    assert (await server.ask("a.chat", "@Bob use it"))["body"] == "answer of two"
    ada = [r for r in llm.requests if r.model == "one"]
    bob = [r for r in llm.requests if r.model == "two"]
    assert {r.authorization for r in ada} == {"Bearer secret-Ada"}
    assert {r.authorization for r in bob} == {"Bearer secret-Bob"}
    assert all("ADA-PROMPT" in r.system and "BOB-PROMPT" not in r.text for r in ada)
    assert all("BOB-PROMPT" in r.system and "ADA-PROMPT" not in r.text for r in bob)
    assert all("alpha" in tool for r in ada for tool in r.tools)
    assert all("beta" in tool for r in bob for tool in r.tools)
    assert not any("alpha" in tool for r in bob for tool in r.tools)
    assert "secret-" not in (project / "a.chat").read_text()


async def test_what_a_file_says_is_the_same_in_the_terminal(
    write: Any, llm: ScriptedLLM, project: Path
) -> None:
    write("Ada", "ADA-PROMPT")
    llm.on("hello").reply("from the terminal")
    chat = project / "kept.chat"
    ask = [sys.executable, "-m", "persona.cli", "ask", "Ada", "hello", "--chat", str(chat)]
    done = await asyncio.to_thread(
        subprocess.run, ask, cwd=project, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "from the terminal"), done.stderr
    assert "ADA-PROMPT" in llm.requests[-1].system


async def test_chat_begun_in_the_terminal_goes_on_in_the_server(
    write: Any, server: Any, llm: ScriptedLLM, project: Path
) -> None:
    write("Ada", "ADA-PROMPT")
    llm.on("first").reply("one")
    llm.on("second").reply("two")
    ask = [sys.executable, "-m", "persona.cli", "ask", "Ada", "first", "--chat", "kept.chat"]
    await asyncio.to_thread(subprocess.run, ask, cwd=project, capture_output=True, check=True)
    assert (await server.ask("kept.chat", "second"))["body"] == "two"
    assert "first" in llm.requests[-1].text and "one" in llm.requests[-1].text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_nothing_is_left_when_the_server_ends(
    write: Any, server: Any, llm: ScriptedLLM, how: signal.Signals
) -> None:
    write("Ada", "ADA-PROMPT", _mcp("alpha"))
    llm.on("hello").reply("hi")
    assert (await server.ask("a.chat", "@Ada hello"))["body"] == "hi"
    children = psutil.Process(server.process.pid).children(recursive=True)
    assert children, "the MCP server is a process of its own"
    server.process.send_signal(how)
    await asyncio.to_thread(server.process.wait, 20)
    _, left = await asyncio.to_thread(psutil.wait_procs, children, 10)
    assert left == []


@pytest.mark.skipif(sys.platform != "linux", reason="only its kernel ends children")
async def test_a_tool_that_never_ends_dies_with_the_server(
    write: Any, server: Any, llm: ScriptedLLM
) -> None:
    write("Ada", "ADA-PROMPT", _mcp("alpha"))
    llm.on("hello").tool_calls([{"name": "alpha__slow", "arguments": {"seconds": 600}}])
    asking = asyncio.create_task(server.ask("a.chat", "@Ada hello"))
    await asyncio.to_thread(llm.wait_received, 1, outcome="answered", timeout=60)
    async with asyncio.timeout(30):
        while not (children := psutil.Process(server.process.pid).children(recursive=True)):
            await asyncio.sleep(0.1)
    server.process.kill()
    _, left = await asyncio.to_thread(psutil.wait_procs, children, 10)
    assert left == []
    with pytest.raises(RuntimeError, match="closed the chat"):
        await asking


async def test_engines_and_commands_are_there_without_any_setting(server: Any) -> None:
    engines = await server.get("api/personas/engines")
    assert "litellm" in {engine["id"] for engine in engines["engines"]}
    catalog = await server.get("api/personas?path=a.chat")
    commands = {c["name"]: c["description"] for c in catalog["commands"]}
    assert {"/personas", "/stop", "/engine", "/approve"} <= commands.keys()
    assert all(commands.values())
