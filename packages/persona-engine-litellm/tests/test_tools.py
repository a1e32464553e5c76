"""MCP tools: servers of the persona's own, rounds, failures, bounds."""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import time
from contextlib import asynccontextmanager

import pytest

from persona.core import (
    McpServerHttp,
    McpServerStdio,
    Notice,
    PersonaContext,
    Text,
    ToolCallUpdate,
    TurnError,
    Usage,
)
from persona.core import ToolCall as ToolCallEvent
from persona.engines.litellm._connection import Connection, ServerError
from persona.engines.litellm._tools import MAX_OUTPUT, Result, Tool, ToolBox
from persona.testing import McpHttpServer


def call(name, /, **arguments):
    return {"name": name, "arguments": arguments}


def updates(events):
    return [(e.status, e.output) for e in events if isinstance(e, ToolCallUpdate)]


def text(events):
    return "".join(e.text for e in events if isinstance(e, Text))


async def test_stdio_tool_is_called_and_its_result_sent(bench, stdio):
    bench.llm.on("go").tool_calls([call("alpha__echo_alpha", text="hi")], text="Let me.").reply(
        "ok"
    )
    persona = bench.persona(context=PersonaContext(mcp_servers=[stdio()]))
    events = await bench.events(persona, "go")
    first, second = bench.llm.requests
    assert "alpha__echo_alpha" in first.tools
    assert second.tool_results == ["alpha: hi"]
    (announced,) = [e for e in events if isinstance(e, ToolCallEvent)]
    assert (announced.title, announced.server) == ("echo_alpha", "alpha")
    assert announced.input == {"text": "hi"}
    assert updates(events) == [("completed", "alpha: hi")]
    assert text(events) == "Let me.ok"
    assistant = second.messages[-2]
    assert assistant["content"] == "Let me."
    assert assistant["tool_calls"][0]["id"] == second.messages[-1]["tool_call_id"]


async def test_http_tool_gets_headers_from_the_environment(bench, monkeypatch):
    monkeypatch.setenv("TOOL_TOKEN", "t-123456")
    bench.llm.on("go").tool_calls([call("web__header", name="x-token")]).reply("ok")
    with McpHttpServer("beta") as server:
        web = McpServerHttp(name="web", url=server.url, headers={"X-Token": "${TOOL_TOKEN}"})
        persona = bench.persona(context=PersonaContext(mcp_servers=[web]))
        assert await bench.ask(persona, "go") == "ok"
        await persona.shutdown()
    assert bench.llm.requests[-1].tool_results == ["t-123456"]


async def test_environment_of_a_stdio_server_is_expanded(bench, stdio, monkeypatch):
    monkeypatch.setenv("OUR_SECRET", "s-123456")
    bench.llm.on("go").tool_calls([call("alpha__env", name="TOKEN")]).reply("ok")
    servers = [stdio(env={"TOKEN": "${OUR_SECRET}"})]
    await bench.events(bench.persona(context=PersonaContext(mcp_servers=servers)), "go")
    assert bench.llm.requests[-1].tool_results == ["s-123456"]


async def test_tool_of_a_server_with_the_old_sse_transport(bench):
    bench.llm.on("go").tool_calls([call("far__twice", text="ab")]).reply("ok")
    async with _far_server("sse") as far:
        persona = bench.persona(context=PersonaContext(mcp_servers=[far]))
        assert await bench.ask(persona, "go") == "ok"
        await persona.shutdown()
    assert bench.llm.requests[-1].tool_results == ["abab"]


async def test_several_rounds_and_usage_of_all_of_them(bench, stdio):
    bench.llm.on("sum").tool_calls([call("alpha__add", a=1, b=2)]).tool_calls(
        [call("alpha__add", a=3, b=4)]
    ).reply("done", usage={"prompt_tokens": 100, "completion_tokens": 10})
    events = await bench.events(bench.persona(context=PersonaContext(mcp_servers=[stdio()])), "sum")
    assert [float(r.tool_results[-1]) for r in bench.llm.requests[1:]] == [3, 7]
    ids = [e.id for e in events if isinstance(e, ToolCallEvent)]
    assert len(set(ids)) == 2
    assert [e for e in events if isinstance(e, Usage)][-1].input_tokens > 100


async def test_parallel_calls_run_side_by_side_and_results_keep_their_order(bench, stdio):
    bench.llm.on("go").tool_calls(
        [
            call("alpha__slow", seconds=2.0),
            call("alpha__slow", seconds=1.9),
            call("alpha__add", a=1, b=1),
        ]
    ).reply("ok")
    persona = bench.persona(context=PersonaContext(mcp_servers=[stdio()]))
    await bench.events(persona, "warm up")
    begun = time.monotonic()
    events = await bench.events(persona, "go")
    assert time.monotonic() - begun < 3.7
    results = bench.llm.requests[-1].tool_results
    assert [r.split(".0")[0] for r in results] == ["waited 2 s", "waited 1.9 s", "2"]
    assert updates(events)[-1] == ("completed", "waited 2 s")  # told as they end


async def test_failure_of_a_tool_is_told_to_the_model(bench, stdio):
    bench.llm.on("go").tool_calls([call("alpha__fail")]).reply("I could not.")
    events = await bench.events(bench.persona(context=PersonaContext(mcp_servers=[stdio()])), "go")
    assert "This tool fails" in bench.llm.requests[-1].tool_results[0]
    assert updates(events)[0][0] == "failed"
    assert text(events) == "I could not."


async def test_broken_arguments_and_unknown_tools_are_told_to_the_model(bench, stdio):
    bench.llm.on("go").tool_calls(
        [
            {"name": "alpha__add", "arguments": '{"a": 1,'},
            call("nonsense"),
            call("alpha__add", a="x"),
        ]
    ).reply("sorry")
    await bench.events(bench.persona(context=PersonaContext(mcp_servers=[stdio()])), "go")
    broken, unknown, invalid = bench.llm.requests[-1].tool_results
    assert "not valid JSON" in broken
    sent_back = [m for m in bench.llm.requests[-1].messages if m.get("tool_calls")]
    assert sent_back[0]["tool_calls"][0]["function"]["arguments"] == "{}"
    assert "no tool 'nonsense'" in unknown
    assert "alpha__add" in unknown
    assert "valid" in invalid.lower() or "error" in invalid.lower()


async def test_rounds_are_bounded_and_end_in_an_answer(bench, stdio):
    bench.llm.on("loop").tool_calls([call("alpha__add", a=1, b=1)])
    bench.llm.on(when=lambda r: r.body.get("tool_choice") == "none").reply("what I know")
    persona = bench.persona(
        context=PersonaContext(mcp_servers=[stdio()]), options={"max_tool_rounds": 3}
    )
    events = await bench.events(persona, "loop")
    assert len(bench.llm.requests) == 4
    assert text(events) == "what I know"
    assert any("max_tool_rounds" in e.text for e in events if isinstance(e, Notice))


async def test_model_that_never_answers_is_an_error(bench, stdio):
    bench.llm.on().tool_calls([call("alpha__add", a=1, b=1)])
    persona = bench.persona(
        context=PersonaContext(mcp_servers=[stdio()]), options={"max_tool_rounds": 2}
    )
    with pytest.raises(TurnError) as caught:
        await bench.events(persona, "loop")
    assert caught.value.kind == "tool-rounds"
    assert len(bench.llm.requests) == 3


async def test_no_rounds_means_no_tools(bench, stdio):
    persona = bench.persona(
        context=PersonaContext(mcp_servers=[stdio()]), options={"max_tool_rounds": 0}
    )
    await bench.events(persona)
    assert bench.llm.requests[-1].tools == []


async def test_server_that_does_not_start_costs_a_notice_only(bench, stdio):
    servers = [
        McpServerStdio(name="gone", command="no-such-command-anywhere"),
        McpServerStdio(
            name="dying",
            command=sys.executable,
            args=["-c", "import sys; sys.exit('no licence found')"],
        ),
        McpServerHttp(name="silent", url="http://127.0.0.1:9/mcp"),
        stdio(env={"TOKEN": "${SURELY_NOT_SET}"}),
        stdio("beta"),
    ]
    events = await bench.events(bench.persona(context=PersonaContext(mcp_servers=servers)))
    notices = {e.text.split(" are missing")[0]: e.text for e in events if isinstance(e, Notice)}
    assert "was not found" in notices["The tools of gone"]
    assert "no licence found" in notices["The tools of dying"]
    assert "http://127.0.0.1:9/mcp" in notices["The tools of silent"]
    assert "SURELY_NOT_SET" in notices["The tools of alpha"]
    assert {name.split("__")[0] for name in bench.llm.requests[-1].tools} == {"beta"}
    assert text(events) == "echo: Ada: hello"


async def test_server_is_kept_between_turns_and_started_again_when_it_died(bench, stdio):
    bench.llm.on("pid").tool_calls([call("mine__pid")]).reply("ok").tool_calls(
        [call("mine__pid")]
    ).reply("ok").tool_calls([call("mine__pid")]).reply("ok")
    persona = bench.persona(context=PersonaContext(mcp_servers=[_pid_server(bench)]))
    pids = []
    for turn in range(3):
        await bench.ask(persona, "pid")
        pids.append(int(bench.llm.requests[-1].tool_results[-1]))
        if turn == 1:
            os.kill(pids[-1], signal.SIGKILL)
            await _gone(pids[-1])
    assert pids[0] == pids[1] != pids[2]
    await persona.shutdown()
    await _gone(pids[2])


async def test_server_that_dies_during_a_call_is_told_and_the_turn_goes_on(bench):
    bench.llm.on("die").tool_calls([call("mine__die")]).reply("It broke.")
    persona = bench.persona(context=PersonaContext(mcp_servers=[_pid_server(bench)]))
    events = await bench.events(persona, "die")
    assert "cannot be used" in bench.llm.requests[-1].tool_results[0]
    assert any("gone" in e.text for e in events if isinstance(e, Notice))
    assert text(events) == "It broke."


@pytest.mark.parametrize("kind", ["http", "sse"])
async def test_far_server_that_dies_during_a_call_is_told_and_started_again(bench, kind):
    bench.llm.on("die").tool_calls([call("far__die", seconds=0.5)]).reply("It broke.")
    bench.llm.on("go").tool_calls([call("far__twice", text="ab")]).reply("ok")
    async with _far_server(kind) as far:
        persona = bench.persona(context=PersonaContext(mcp_servers=[far]))
        events = await asyncio.wait_for(bench.events(persona, "die"), 30)
        assert "it has gone" in bench.llm.requests[-1].tool_results[0]
        assert any("gone" in e.text for e in events if isinstance(e, Notice))
        assert text(events) == "It broke."
    async with _far_server(kind, int(far.url.split(":")[2].split("/")[0])):
        assert await bench.ask(persona, "go") == "ok"
        await persona.shutdown()
    assert bench.llm.requests[-1].tool_results == ["abab"]


async def test_dead_far_server_is_told_when_it_was_listed_before(bench):
    connection = None
    async with _far_server("http") as far:
        connection = Connection(far, bench.root, logging.getLogger("test"))
        await connection.open()
        assert {tool["name"] for tool in await connection.tools()} == {"twice", "die"}
    with pytest.raises(ServerError, match="it has gone"):
        await asyncio.wait_for(connection.call("twice", {"text": "a"}), 30)
    assert connection.released
    await connection.closed()


async def test_removed_server_ends_and_its_tools_are_gone(bench):
    bench.llm.on("pid").tool_calls([call("mine__pid")]).reply("ok")
    persona = bench.persona(context=PersonaContext(mcp_servers=[_pid_server(bench)]))
    await bench.ask(persona, "pid")
    pid = int(bench.llm.requests[-1].tool_results[-1])
    persona.update_context(PersonaContext())
    await bench.ask(persona, "hello")
    assert bench.llm.requests[-1].tools == []
    await _gone(pid)


async def test_changed_server_is_started_anew(bench, stdio):
    bench.llm.on("token").tool_calls([call("alpha__env", name="TOKEN")]).reply("ok").tool_calls(
        [call("alpha__env", name="TOKEN")]
    ).reply("ok")
    persona = bench.persona(context=PersonaContext(mcp_servers=[stdio(env={"TOKEN": "one"})]))
    await bench.ask(persona, "token")
    persona.update_context(PersonaContext(mcp_servers=[stdio(env={"TOKEN": "two"})]))
    await bench.ask(persona, "token")
    results = [r.tool_results[-1] for r in bench.llm.requests if r.tool_results]
    assert results == ["one", "two"]


async def test_relative_command_is_found_beside_the_chat_and_runs_there(bench):
    folder = bench.root / "chats"
    script = folder / "serve"
    script.write_text(f"#!/bin/sh\nexec {sys.executable} {_pid_server(bench).args[0]}\n")
    script.chmod(0o755)
    bench.llm.on("where").tool_calls([call("mine__folder")]).reply("ok")
    server = McpServerStdio(name="mine", command="./serve", env=_path())
    await bench.events(bench.persona(context=PersonaContext(mcp_servers=[server])), "where")
    assert bench.llm.requests[-1].tool_results == [str(folder)]


async def test_standard_error_goes_to_the_log(bench, capfd):
    bench.llm.on("pid").tool_calls([call("mine__pid")]).reply("ok")
    persona = bench.persona(context=PersonaContext(mcp_servers=[_pid_server(bench)]))
    await bench.ask(persona, "pid")
    await persona.shutdown()
    assert "chatter on stderr" not in capfd.readouterr().err


async def test_stop_during_a_tool_ends_the_turn_and_the_server_lives(bench, stdio):
    bench.llm.on("wait").tool_calls([call("alpha__slow", seconds=30)])
    bench.llm.on("sum").tool_calls([call("alpha__add", a=1, b=1)]).reply("ok")
    persona = bench.persona(context=PersonaContext(mcp_servers=[stdio()]))
    turn = asyncio.create_task(bench.ask(persona, "wait"))
    await bench.llm.received()
    deadline = time.monotonic() + 20
    while "slow" not in bench.chat.bodies[-1]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    begun = time.monotonic()
    await persona.stop()
    await turn
    assert time.monotonic() - begun < 2
    assert await bench.ask(persona, "sum") == "ok"


async def test_slow_tool_is_given_up(bench, stdio):
    bench.llm.on("wait").tool_calls([call("alpha__slow", seconds=30)]).reply("too slow")
    persona = bench.persona(
        context=PersonaContext(mcp_servers=[stdio()]), options={"tool_timeout": 0.3}
    )
    assert await bench.ask(persona, "wait") == "too slow"
    assert "0.3 s" in bench.llm.requests[-1].tool_results[0]


def test_names_are_made_valid_and_unique():
    async def run(arguments):
        return Result("")

    names = ["My server!__do it", "My server!__do_it", "x" * 90, "x" * 91]
    box = ToolBox([Tool(n, n, "", {}, run) for n in names])
    got = [spec["function"]["name"] for spec in box.specs()]
    assert len(set(got)) == 4
    assert all(len(n) <= 64 and n.replace("_", "").replace("-", "").isalnum() for n in got)
    assert json.dumps(box.specs())


async def test_long_output_is_clipped_and_says_so():
    async def run(arguments):
        return Result("x" * (MAX_OUTPUT + 5))

    from persona.engines.litellm._tools import Call

    results = []
    box = ToolBox([Tool("big", "big", "", {}, run)])
    async for _ in box.run([Call("1", "big", "")], results, "0"):
        pass
    assert len(results[0].text) < MAX_OUTPUT + 100
    assert "5 more characters left out" in results[0].text


def _path():
    return {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}


_SERVER_CLASS = (
    "try:\n"
    "    from mcp.server import MCPServer\n"
    "except ImportError:\n"
    "    from mcp.server.fastmcp import FastMCP as MCPServer\n"
)

_FAR_SERVER = f"""
import asyncio, os, sys, uvicorn
{_SERVER_CLASS}
server = MCPServer('far', log_level='ERROR')
@server.tool()
def twice(text: str) -> str:
    return text * 2
@server.tool()
async def die(seconds: float) -> str:
    await asyncio.sleep(seconds)
    os._exit(3)
app = server.sse_app() if sys.argv[1] == 'sse' else server.streamable_http_app()
uvicorn.run(app, port=int(sys.argv[2]), log_level='error')
"""


@asynccontextmanager
async def _far_server(kind, port=0):
    """A server on HTTP or the old SSE that can be told to die."""
    if not port:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
    command = [sys.executable, "-c", _FAR_SERVER, kind, str(port)]
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **_path()})
    try:
        await _listening(port)
        path = "sse" if kind == "sse" else "mcp"
        yield McpServerHttp(name="far", type=kind, url=f"http://127.0.0.1:{port}/{path}")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _pid_server(bench):
    """A server that tells its process id and folder, chatters, and can be killed."""
    file = bench.root / "pid_server.py"
    file.write_text(
        "import os, sys\n"
        f"{_SERVER_CLASS}"
        "print('chatter on stderr', file=sys.stderr)\n"
        "server = MCPServer('mine', log_level='ERROR')\n"
        "server.tool(name='pid')(lambda: str(os.getpid()))\n"
        "server.tool(name='folder')(lambda: os.getcwd())\n"
        "server.tool(name='die')(lambda: os._exit(3))\n"
        "server.run('stdio')\n"
    )
    return McpServerStdio(name="mine", command=sys.executable, args=[str(file)], env=_path())


async def _listening(port, timeout=20.0):
    deadline = time.monotonic() + timeout
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            assert time.monotonic() < deadline, "the server does not listen"
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            return


async def _gone(pid, timeout=10.0):
    deadline = time.monotonic() + timeout
    while _alive(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        await asyncio.sleep(0.02)


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_last_words_of_a_server_cannot_be_html(bench):
    code = "import sys; sys.exit('<img src=x onerror=alert(1)>')"
    server = McpServerStdio(name="dying", command=sys.executable, args=["-c", code])
    events = await bench.events(bench.persona(context=PersonaContext(mcp_servers=[server])))
    (notice,) = [e.text for e in events if isinstance(e, Notice)]
    assert "dying" in notice
    assert "<img" not in notice
