"""Every fault of an agent: the turn ends with a clear message, the next one works."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from persona.engines.acp import AcpEngine

from .conftest import Bench, until


async def fails(bench: Bench, persona: Any, text: str = "go") -> str:
    """Have a turn that fails and return what the chat says."""
    said = await bench.ask(persona, text)
    assert bench.kinds()[-1] == "error", said
    assert bench.error() != "unexpected", said
    return said


async def test_missing_program_is_told_with_what_to_do(bench: Bench) -> None:
    persona = bench.persona(bench.agent(), name="Probe")
    persona.update_options({"command": "no-such-agent-here"})
    said = await fails(bench, persona)
    assert "no-such-agent-here" in said and bench.error() == "not-installed"


async def test_missing_program_is_found_without_a_restart(bench: Bench) -> None:
    agent = bench.agent()
    program = bench.root / "later"
    persona = bench.persona(agent)
    persona.update_options({"command": str(program)})
    await fails(bench, persona)
    program.write_text(f"#!/bin/sh\nexec {agent.command} {' '.join(agent.args)}\n")
    program.chmod(0o755)
    assert (await bench.ask(persona, "again")).endswith("again")


@pytest.mark.parametrize("when", ["start", "initialize", "session/new"])
async def test_end_at_the_start_is_told_and_the_next_turn_works(bench: Bench, when: str) -> None:
    agent = bench.agent()
    agent.on("", {"stderr": "out of luck\n"}, {"exit": 3}, times=1, method=when)
    persona = bench.persona(agent)
    said = await fails(bench, persona)
    assert "exit code is 3" in said and "out of luck" in said
    assert (await bench.ask(persona, "again")).endswith("again")


@pytest.mark.parametrize("when", ["start", "initialize", "session/new"])
async def test_hang_at_the_start_is_told_in_time(bench: Bench, when: str) -> None:
    agent = bench.agent()
    agent.on("", {"stubborn": True}, times=1, method=when)
    persona = bench.persona(agent, start_seconds=1.0)
    begun = time.monotonic()
    said = await fails(bench, persona)
    assert time.monotonic() - begun < 4
    assert "within 1 s" in said
    assert (await bench.ask(persona, "again")).endswith("again")
    await until(lambda: len(agent.alive) == 1)


@pytest.mark.parametrize("step", [{"hang": True}, {"stubborn": True}])
async def test_hang_in_a_turn_is_told_and_the_next_turn_works(
    bench: Bench, step: dict[str, Any]
) -> None:
    agent = bench.agent()
    agent.on("go", {"text": "so far"}, step, times=1)
    agent.on("what", {"recite": True})
    persona = bench.persona(agent, silence_seconds=0.5)
    said = await fails(bench, persona)
    assert "so far" in bench.chat.bodies
    assert "has said nothing for 0.5 seconds" in said and "silence_seconds" in said
    assert (await bench.ask(persona, "what?")).endswith("what?")
    await until(lambda: len(agent.alive) == 1)


async def test_tool_at_work_may_take_longer_than_the_silence_that_is_allowed(bench: Bench) -> None:
    agent = bench.agent()
    call = {"sessionUpdate": "tool_call", "toolCallId": "t", "title": "train"}
    done = {"sessionUpdate": "tool_call_update", "toolCallId": "t", "status": "completed"}
    agent.on("go", {"update": call}, {"sleep": 1.2}, {"update": done}, {"text": "Trained."})
    persona = bench.persona(agent, silence_seconds=0.5)
    assert await bench.ask(persona, "go") == "Trained."


@pytest.mark.parametrize("step", [{"exit": 7}, {"kill": True}])
async def test_crash_keeps_the_text_and_the_next_turn_works(
    bench: Bench, step: dict[str, Any]
) -> None:
    agent = bench.agent()
    agent.on("go", {"text": "so far"}, {"stderr": "boom\n"}, step, times=1)
    agent.on("what", {"recite": True})
    persona = bench.persona(agent)
    await bench.ask(persona, "first")
    said = await fails(bench, persona)
    assert "so far" in bench.chat.bodies
    assert ("exit code is 7" if "exit" in step else "signal 9") in said and "boom" in said
    # Resumed: the agent itself knows what was said, so it is not told again.
    assert (await bench.ask(persona, "what?")).startswith("first\n---\n")
    assert len(agent.starts) == 2
    assert len(agent.requests("session/resume")) == 1
    assert agent.requests("session/load") == []


async def test_conversation_is_handed_over_when_it_cannot_be_resumed(bench: Bench) -> None:
    agent = bench.agent(agentCapabilities={})
    agent.on("go", {"exit": 1}, times=1)
    persona = bench.persona(agent)
    await bench.ask(persona, "the number is 7")
    await fails(bench, persona)
    await bench.ask(persona, "what is it?")
    last = agent.prompts[-1]
    assert "Ada: the number is 7" in last and "You: You said: the number is 7" in last
    assert last.endswith("what is it?")


async def test_crash_between_turns_goes_unnoticed(bench: Bench) -> None:
    agent = bench.agent()
    persona = bench.persona(agent)
    await bench.ask(persona, "one")
    os.kill(agent.pids[0], signal.SIGKILL)
    await until(lambda: not bench.pool.agents)
    assert (await bench.ask(persona, "two")) == "You said: two"


@pytest.mark.parametrize(
    "garbage",
    ["hello\n", "{\n", "42\n", "null\n", "[1, 2]\n", '"x"\n', "\n\n", "\x00\x01\n",
     '{"id": 99, "result": {}}\n', '{"id": [1], "result": 1}\n', '{"method": 5}\n',
     '{"id": null, "error": "x"}\n', "[" * 5000 + "\n",
     '{"method": "session/update", "params": null}\n',
     '{"method": "session/update", "params": {"sessionId": 5, "update": 5}}\n'],
)  # fmt: skip
async def test_garbage_on_stdout_is_dropped(bench: Bench, garbage: str) -> None:
    agent = bench.agent()
    agent.on("go", {"text": "one "}, {"raw": garbage}, {"text": "two"})
    assert await bench.ask(bench.persona(agent), "go") == "one two"


@pytest.mark.parametrize(
    "content",
    [None, 5, [], {}, {"type": "text"}, {"type": "text", "text": 5}, {"type": "of the future"},
     {"type": "image", "data": 5}],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["agent_message_chunk", "agent_thought_chunk"])
async def test_odd_content_is_passed_over(bench: Bench, kind: str, content: Any) -> None:
    agent = bench.agent()
    agent.on("go", {"update": {"sessionUpdate": kind, "content": content}}, {"text": "ok"})
    assert (await bench.ask(bench.persona(agent), "go")).strip().endswith("ok")


async def test_odd_updates_are_passed_over(bench: Bench) -> None:
    agent = bench.agent()
    odd: list[dict[str, Any]] = [
        {"sessionUpdate": "tool_call"},
        {"sessionUpdate": "tool_call", "toolCallId": "a", "title": None, "content": [5, {}],
         "locations": [5, {"path": 5}], "rawInput": "x", "status": "odd", "kind": 7},
        {"sessionUpdate": "tool_call_update", "toolCallId": "a", "content": "x", "rawOutput": 5},
        {"sessionUpdate": "plan", "entries": [5, {"content": None}]},
        {"sessionUpdate": "plan"},
        {"sessionUpdate": "usage_update", "used": "x", "cost": 5},
        {"sessionUpdate": "available_commands_update", "availableCommands": [5, {"name": 5}]},
        {"sessionUpdate": "current_mode_update", "currentModeId": 5},
        {"sessionUpdate": "config_option_update", "configOptions": [5, {"id": 5}, {"id": "x"}]},
        {"sessionUpdate": ["agent_message_chunk"]},
        {"sessionUpdate": {}},
        {"sessionUpdate": "plan", "entries": [{"content": [], "status": []}]},
        {"sessionUpdate": "tool_call", "toolCallId": "b", "kind": [], "status": {}},
        {"sessionUpdate": "tool_call_update", "toolCallId": "b", "status": ["completed"]},
        {"sessionUpdate": None},
        {},
    ]  # fmt: skip
    agent.on("go", *({"update": update} for update in odd), {"text": "ok"})
    persona = bench.persona(agent)
    defects: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: defects.append(context))
    assert await bench.ask(persona, "go") == "ok"
    assert (await bench.ask(persona, "more")).endswith("You said: more")
    assert not defects


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -5, 10**400, "7", True])
async def test_numbers_that_are_no_counts_are_passed_over(bench: Bench, number: Any) -> None:
    agent = bench.agent()
    usage = {"used": number, "size": number, "cost": {"amount": number}}
    agent.on(
        "go",
        {"update": {"sessionUpdate": "usage_update", **usage}},
        {"text": "ok"},
        {"stop": "end_turn", "usage": {"inputTokens": number, "outputTokens": number}},
    )
    assert await bench.ask(bench.persona(agent), "go") == "ok"
    assert bench.kinds()[-1] == "reply"


async def test_line_of_megabytes_is_read(bench: Bench) -> None:
    agent = bench.agent()
    text = "x" * 3_000_000
    agent.on("go", {"text": text})
    assert await bench.ask(bench.persona(agent), "go") == text


async def test_last_line_without_an_end_counts(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("go", {"raw": '{"jsonrpc":"2.0","id":2,"result":{"stopReason":"refusal"}}'},
             {"exit": 0})  # fmt: skip
    await bench.ask(bench.persona(agent), "go")
    assert "refused" in bench.chat.bodies[-1]


async def test_flood_on_stderr_does_not_stop_the_turn(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("go", {"stderr": "x" * 99 + "\n", "repeat": 100_000}, {"text": "ok"})
    assert await bench.ask(bench.persona(agent), "go") == "ok"


async def test_flood_on_stderr_without_line_ends_does_not_stop_the_turn(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("go", {"stderr": "x", "repeat": 10_000_000}, {"text": "ok"})
    assert await bench.ask(bench.persona(agent), "go") == "ok"


async def test_error_of_the_agent_is_told_and_the_session_stays(bench: Bench) -> None:
    agent = bench.agent()
    error = {"code": -32603, "message": "Rate limit reached", "data": {"retry": 5}}
    agent.on("go", {"error": error}, times=1)
    persona = bench.persona(agent)
    assert "Rate limit reached" in await fails(bench, persona)
    assert await bench.ask(persona, "again") == "You said: again"
    assert len(agent.requests("session/new")) == 1


async def test_reason_behind_an_internal_error_is_told(bench: Bench) -> None:
    agent = bench.agent()
    why = {"details": "MCP server papers did not start"}
    error = {"code": -32603, "message": "Internal error", "data": why}
    agent.on("", {"error": error}, method="session/new")
    said = await fails(bench, bench.persona(agent))
    assert "could not open a session: MCP server papers did not start." in said


async def test_session_that_the_agent_forgot_is_opened_anew(bench: Bench) -> None:
    agent = bench.agent(agentCapabilities={})
    lost = {"code": -32002, "message": "Session not found"}
    agent.on("go", {"error": lost}, times=1)
    persona = bench.persona(agent)
    await bench.ask(persona, "the number is 7")
    await fails(bench, persona)
    await bench.ask(persona, "again")
    assert len(agent.requests("session/new")) == 2
    assert "the number is 7" in agent.prompts[-1]


async def test_session_without_an_id_is_told(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("", {"result": {}}, method="session/new")
    assert "without an id" in await fails(bench, bench.persona(agent))


@pytest.mark.parametrize("version", [0, 2, "1", None, True])
async def test_other_protocol_is_told(bench: Bench, version: Any) -> None:
    agent = bench.agent()
    agent.on("", {"result": {"protocolVersion": version}}, method="initialize")
    await fails(bench, bench.persona(agent))
    assert bench.error() == "protocol"


def _engine(**row: Any) -> AcpEngine:
    class Other(AcpEngine):
        id = "other"
        options_model = AcpEngine.options_model

    Other.row = replace(AcpEngine.row, **row)
    return Other()


@pytest.mark.parametrize("info", [{"name": "scripted", "version": "1.9.0"}, None])
async def test_version_too_old_is_told(bench: Bench, info: Any) -> None:
    agent = bench.agent(agentInfo=info)
    persona = bench.persona(agent, engine=_engine(minimum=(1, 10), install="npm install it"))
    if info is None:  # then the program is asked
        program = bench.root / "program"
        line = f"exec {agent.command} {' '.join(agent.args)}"
        program.write_text(f'#!/bin/sh\nif [ "$1" = -V ]; then echo v1.9.0; else {line}; fi\n')
        program.chmod(0o755)
        persona = bench.persona(
            agent,
            engine=_engine(minimum=(1, 10), install="npm install it", version_args=("-V",)),
        )
        persona.update_options({"command": str(program)})
    said = await fails(bench, persona)
    assert "1.9.0 is too old; 1.10 is needed" in said and "npm install it" in said
    assert bench.error() == "too-old"


async def test_version_new_enough_is_taken(bench: Bench) -> None:
    agent = bench.agent(agentInfo={"name": "scripted", "version": "1.10.0-beta.2"})
    assert await bench.ask(bench.persona(agent, engine=_engine(minimum=(1, 10)))) == (
        "You said: hello"
    )


async def test_agent_that_closes_its_output_is_told(bench: Bench) -> None:
    persona = bench.persona(bench.agent(), start_seconds=5)
    code = "import os, time; os.close(1); time.sleep(60)"
    persona.update_options({"command": sys.executable, "args": ["-I", "-S", "-c", code]})
    assert "it closed its output" in await fails(bench, persona)


async def test_login_is_explained_and_the_next_turn_works_after_it(bench: Bench) -> None:
    done = bench.root / "logged-in"
    agent = bench.agent(
        login=str(done),
        authMethods=[{"id": "x", "name": "Sign in with X", "description": "Run x login"}],
    )
    persona = bench.persona(agent, engine=_engine(login="Run `x login` in a terminal."))
    said = await fails(bench, persona)
    assert "Run `x login` in a terminal." in said and "Sign in with X" in said
    assert bench.error() == "login"
    done.touch()
    assert (await bench.ask(persona, "again")).endswith("again")
    assert len(agent.starts) == 2, "a process that was started before the login is not used"


async def test_login_wanted_by_a_prompt_is_explained(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("go", {"error": {"code": -32000, "message": "Authentication required"}}, times=1)
    persona = bench.persona(agent)
    await fails(bench, persona)
    assert bench.error() == "login"
    assert (await bench.ask(persona, "again")).endswith("again")
    assert len(agent.starts) == 2


async def test_message_with_auth_in_it_is_no_login(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("go", {"error": {"code": -32603, "message": "Unknown author"}})
    await fails(bench, bench.persona(agent))
    assert bench.error() == "agent"


async def test_start_that_fails_again_and_again_backs_off(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("", {"exit": 1}, method="start", times=2)
    persona = bench.persona(agent)
    await fails(bench, persona)
    begun = time.monotonic()
    await fails(bench, persona)
    await bench.ask(persona, "again")
    assert 1.4 < time.monotonic() - begun < 8
    assert len(agent.starts) == 3


async def test_secret_is_not_shown_in_an_error(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("", {"stderr": "key sk-very-secret is wrong\n"}, {"exit": 1}, method="initialize")
    persona = bench.persona(agent, env={"SOME_API_KEY": "${TEST_SECRET}"})
    with _environment(TEST_SECRET="sk-very-secret"):
        said = await fails(bench, persona)
    assert "key *** is wrong" in said and "sk-very-secret" not in "".join(bench.chat.bodies)
    assert agent.starts[0]["env"]["SOME_API_KEY"] == "sk-very-secret"


async def test_secret_with_quotes_is_not_shown_in_what_an_error_carries(bench: Bench) -> None:
    agent = bench.agent()
    secret = 'pä"ss\\word'
    data = {"url": [f"https://u:{secret}@host"], secret: 1}
    error = {"code": -32603, "message": f"Denied to {secret}", "data": data}
    agent.on("go", {"error": error})
    persona = bench.persona(agent, env={"DB_PASSWORD": secret})
    said = await fails(bench, persona)
    assert "https://u:***@host" in said
    for piece in ("pä", "p\\u00e4", "word"):
        assert piece not in said


async def test_variable_that_is_not_set_is_told(bench: Bench) -> None:
    persona = bench.persona(bench.agent(), env={"X": "${NOWHERE}"})
    assert "NOWHERE" in await fails(bench, persona)


async def test_wrong_option_is_told(bench: Bench) -> None:
    assert "permissions" in await fails(bench, bench.persona(bench.agent(), permissions="maybe"))


async def test_other_requests_of_the_agent_are_refused(bench: Bench) -> None:
    agent = bench.agent()
    write = {"method": "fs/write_text_file",
             "params": {"sessionId": "x", "path": "/tmp/x", "content": "x"}}  # fmt: skip
    odd = {"method": "session/request_permission", "params": 5}
    agent.on("go", {"request": write}, {"request": {"method": "of/the/future"}},
             {"request": odd}, {"notify": {"method": "some/thing"}}, {"text": "ok"})  # fmt: skip
    assert await bench.ask(bench.persona(agent), "go") == "ok"
    first, second, third = agent.answers()
    assert first["error"]["code"] == second["error"]["code"] == -32601
    assert third["result"] == {"outcome": {"outcome": "cancelled"}}


async def test_capabilities_that_are_not_there_are_not_offered(bench: Bench) -> None:
    agent = bench.agent()
    await bench.ask(bench.persona(agent))
    (hello,) = agent.requests("initialize")
    assert hello["clientCapabilities"] == {
        "fs": {"readTextFile": False, "writeTextFile": False},
        "terminal": False,
    }
    assert hello["clientInfo"]["name"] == "personas" and hello["clientInfo"]["version"]


async def test_stop_while_the_agent_starts_is_quick_and_wastes_nothing(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("", {"sleep": 1.5}, method="initialize", times=1)
    persona = bench.persona(agent)
    turn = asyncio.create_task(bench.ask(persona, "one"))
    await until((agent.folder / "used-0").exists)
    begun = time.monotonic()
    await persona.stop()
    await turn
    assert time.monotonic() - begun < 1
    assert (await bench.ask(persona, "two")).endswith("two")
    assert len(agent.starts) == 1


async def test_stop_while_the_session_opens_wastes_nothing(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("", {"sleep": 0.5}, method="session/new", times=1)
    persona = bench.persona(agent)
    turn = asyncio.create_task(bench.ask(persona, "one"))
    await until(lambda: agent.requests("session/new"))
    await persona.stop()
    await turn
    await asyncio.sleep(0.8)
    assert (await bench.ask(persona, "two")).endswith("two")
    assert len(agent.requests("session/new")) == 1


async def test_program_that_is_no_agent_is_told(bench: Bench) -> None:
    persona = bench.persona(bench.agent(), start_seconds=5)
    code = "print('usage: no agent')"
    persona.update_options({"command": sys.executable, "args": ["-c", code]})
    assert "usage: no agent" in await fails(bench, persona)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        yield
