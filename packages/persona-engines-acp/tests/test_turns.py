"""Turns through the chat: text, events, order, history, files, stop."""

from __future__ import annotations

import asyncio
import base64
import time
from pathlib import Path
from typing import Any

import pytest
from jupyterlab_chat.models import FileAttachment

from persona.core import (
    AvailableCommands,
    ConfigChange,
    Diff,
    FilePosition,
    Notice,
    Plan,
    PlanEntry,
    ReplyEvent,
    Text,
    Thought,
    ToolCall,
    ToolCallUpdate,
    Usage,
)
from persona.testing.chat import MemoryChat

from .conftest import Bench, until


async def events(bench: Bench, persona: Any, text: str = "go") -> list[ReplyEvent]:
    await persona.prepare()
    turn = persona.new_turn(bench.chat.say(text))
    return [Text(e) if isinstance(e, str) else e async for e in persona.engine.reply(turn)]


async def test_answer_is_the_agents_text(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("weather", {"thought": "Hm."}, {"text": "Sunny "}, {"text": "today."})
    assert await bench.ask(bench.persona(agent), "@Probe How is the weather?") == "Sunny today."
    assert agent.prompts == ["How is the weather?"]


async def test_chunks_keep_their_order_under_load(bench: Bench) -> None:
    agent = bench.agent()
    text = " ".join(map(str, range(3000)))
    agent.on("count", {"text": text, "pieces": 3})
    assert await bench.ask(bench.persona(agent), "count") == text


async def test_update_becomes_an_event_of_each_kind(bench: Bench) -> None:
    agent = bench.agent()
    agent.on(
        "go",
        {"thought": "Hm."},
        {"update": {"sessionUpdate": "plan", "entries": [
            {"content": "look", "status": "completed", "priority": "high"},
            {"content": "write", "status": "odd", "priority": "low"}]}},
        {"update": {"sessionUpdate": "tool_call", "toolCallId": "t", "title": "Edit\n a.py",
                    "kind": "edit", "status": "pending", "rawInput": {"path": "a.py"},
                    "locations": [{"path": "/p/a.py", "line": 3}, {"path": "/p/b.py"}]}},
        {"update": {"sessionUpdate": "tool_call_update", "toolCallId": "t",
                    "status": "completed", "content": [
                        {"type": "content", "content": {"type": "text", "text": "done"}},
                        {"type": "diff", "path": "a.py", "oldText": "x", "newText": "y"},
                        {"type": "terminal", "terminalId": "1"}]}},
        {"update": {"sessionUpdate": "usage_update", "used": 12, "size": 100,
                    "cost": {"amount": 0.5, "currency": "USD"}}},
        {"update": {"sessionUpdate": "available_commands_update", "availableCommands": [
            {"name": "compact", "description": "Shorten", "input": {"hint": "how"}}]}},
        {"update": {"sessionUpdate": "of_the_future", "x": 1}},
        {"text": "Done."},
        {"stop": "end_turn", "usage": {"totalTokens": 9, "inputTokens": 4, "outputTokens": 3,
                                       "cachedReadTokens": 2}},
    )  # fmt: skip
    seen = await events(bench, bench.persona(agent))
    assert Thought("Hm.") in seen
    assert Plan((PlanEntry("look", "completed"), PlanEntry("write", "pending"))) in seen
    call = next(e for e in seen if isinstance(e, ToolCall))
    assert (call.id, call.title, call.kind, call.status) == ("t", "Edit a.py", "edit", "pending")
    assert call.input == {"path": "a.py"}
    assert call.locations == (FilePosition("/p/a.py", 3), FilePosition("/p/b.py"))
    update = next(e for e in seen if isinstance(e, ToolCallUpdate))
    assert (update.status, update.output) == ("completed", "done")
    assert update.diffs == (Diff("a.py", "x", "y"),)
    first, last = [e for e in seen if isinstance(e, Usage)]
    assert (first.context_used, first.context_size, first.cost) == (12, 100, 0.5)
    assert (last.input_tokens, last.output_tokens, last.cost) == (6, 3, 0.5)
    commands = next(e for e in seen if isinstance(e, AvailableCommands)).commands
    assert [(c.name, c.description, c.hint) for c in commands] == [("compact", "Shorten", "how")]
    assert Text("Done.") in seen


async def test_tool_update_without_a_call_begins_one(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("go", {"update": {"sessionUpdate": "tool_call_update", "toolCallId": "x",
                               "title": "run ls", "status": "completed",
                               "rawOutput": {"output": "a.py"}}}, {"text": "Ok."})  # fmt: skip
    seen = await events(bench, bench.persona(agent))
    call = next(e for e in seen if isinstance(e, ToolCall))
    assert (call.title, call.status) == ("run ls", "completed")
    assert ToolCallUpdate("x", output="a.py") in seen


async def test_text_behind_the_answer_is_not_lost(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("go", {"text": "begin"}, {"after": [{"text": " and end"}]})
    assert await bench.ask(bench.persona(agent), "go") == "begin and end"


async def test_updates_between_turns_belong_to_no_turn(bench: Bench) -> None:
    agent = bench.agent()
    late = {"update": {"sessionUpdate": "available_commands_update",
                       "availableCommands": [{"name": "new", "description": ""}]}}  # fmt: skip
    agent.on("go", {"text": "one"}, {"after": [{"sleep": 0.3}, {"text": "stray"}, late]})
    persona = bench.persona(agent)
    assert await bench.ask(persona, "go") == "one"
    await until(lambda: persona.session_info.commands)  # it comes last
    seen = await events(bench, persona, "next")
    assert any(isinstance(e, AvailableCommands) for e in seen)
    assert "stray" not in "".join(e.text for e in seen if isinstance(e, Text))
    assert "stray" not in "".join(bench.chat.bodies)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("max_tokens", "longest length"),
        ("max_turn_requests", "as often as it may"),
        ("refusal", "refused"),
        ("cancelled", "early"),
        ("of_the_future", "'of_the_future'"[1:-1]),
    ],
)
async def test_stop_reason_is_told(bench: Bench, reason: str, said: str) -> None:
    agent = bench.agent()
    agent.on("go", {"text": "Well"}, {"stop": reason})
    seen = await events(bench, bench.persona(agent))
    notice = next(e for e in seen if isinstance(e, Notice))
    assert said in notice.text


async def test_conversation_goes_on_in_one_session(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("what", {"recite": True})
    persona = bench.persona(agent)
    await bench.ask(persona, "first")
    assert await bench.ask(persona, "what did I say?") == "first\n---\nwhat did I say?"
    assert len(agent.requests("session/new")) == 1


async def test_what_others_said_is_handed_over_once(bench: Bench) -> None:
    agent = bench.agent()
    persona = bench.persona(agent)
    bench.chat.say("The budget is 7.", sender="bob", name="Bob")
    await bench.ask(persona, "How much is it?")
    bench.chat.say("No, 8.", sender="bob", name="Bob")
    await bench.ask(persona, "And now?")
    await bench.ask(persona, "Sure?")
    first, second, third = agent.prompts
    assert "Bob: The budget is 7." in first and first.endswith("How much is it?")
    assert "Bob: No, 8." in second and "budget is 7" not in second
    assert "You said" not in second, "the agent knows what it said itself"
    assert "Bob:" not in third and third.endswith("Sure?")


async def test_isolated_persona_hears_nothing_of_others(bench: Bench) -> None:
    agent = bench.agent()
    persona = bench.persona(agent, context={"history": "isolated"})
    bench.chat.say("The secret is 7.", sender="bob", name="Bob")
    await bench.ask(persona, "What is it?")
    assert "secret" not in agent.prompts[0]


async def test_command_of_the_agent_comes_first(bench: Bench) -> None:
    agent = bench.agent()
    commands = [{"name": "compact", "description": ""}]
    update = {"sessionUpdate": "available_commands_update", "availableCommands": commands}
    agent.on("", {"update": update}, {"text": "ok"})
    persona = bench.persona(agent)
    await bench.ask(persona, "one")
    bench.chat.say("I was here.", sender="bob", name="Bob")
    await bench.ask(persona, "@Probe /compact all")
    await bench.ask(persona, "two")
    assert agent.prompts[1] == "/compact all"
    assert "Bob: I was here." in agent.prompts[2]


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def _blocks(bench: Bench, tmp_path: Path, **capabilities: bool) -> list[dict[str, Any]]:
    (tmp_path / "notes.txt").write_text("remember")
    (tmp_path / "dot.png").write_bytes(PNG)
    agent = bench.agent(agentCapabilities={"promptCapabilities": capabilities})
    files = [
        FileAttachment(value="notes.txt", mimetype="text/plain"),
        FileAttachment(value="dot.png", mimetype="image/png"),
    ]
    await bench.ask(bench.persona(agent), "look", files)
    blocks: list[dict[str, Any]] = agent.requests("session/prompt")[0]["prompt"]
    return blocks


async def test_files_are_embedded_where_the_agent_takes_that(bench: Bench, tmp_path: Path) -> None:
    text, notes, dot = await _blocks(bench, tmp_path, image=True, embeddedContext=True)
    assert text == {"type": "text", "text": "look"}
    assert notes["resource"]["text"] == "remember"
    assert notes["resource"]["uri"] == (tmp_path / "notes.txt").as_uri()
    assert dot["type"] == "image" and base64.b64decode(dot["data"]) == PNG


async def test_files_are_linked_where_the_agent_takes_no_more(bench: Bench, tmp_path: Path) -> None:
    _, *links = await _blocks(bench, tmp_path)
    assert [link["type"] for link in links] == ["resource_link", "resource_link"]
    assert [link["uri"] for link in links] == [
        (tmp_path / name).as_uri() for name in ("notes.txt", "dot.png")
    ]


async def test_file_out_of_the_root_is_not_sent_and_told(bench: Bench, tmp_path: Path) -> None:
    agent = bench.agent()
    files = [FileAttachment(value="../../etc/passwd", mimetype="text/plain")]
    await bench.ask(bench.persona(agent), "look", files)
    assert len(agent.requests("session/prompt")[0]["prompt"]) == 1
    assert any("outside" in body for body in bench.chat.bodies)


async def test_stop_ends_the_turn_and_keeps_the_text(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("long", {"text": "so far"}, {"hang": True})
    persona = bench.persona(agent)
    turn = asyncio.create_task(bench.ask(persona, "long"))
    await until(lambda: "so far" in bench.chat.bodies)
    begun = time.monotonic()
    await persona.stop()
    assert time.monotonic() - begun < 1.0
    assert (await turn).startswith("so far\n\n*Stopped")
    assert len(agent.requests("session/cancel")) == 1
    assert await bench.ask(persona, "next") == "You said: next"
    assert len(agent.starts) == 1


async def test_stop_of_an_agent_that_is_deaf_takes_a_second(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("long", {"text": "so far"}, {"stubborn": True})
    persona = bench.persona(agent)
    turn = asyncio.create_task(bench.ask(persona, "long"))
    await until(lambda: "so far" in bench.chat.bodies)
    begun = time.monotonic()
    await persona.stop()
    assert time.monotonic() - begun < 1.2
    await turn
    assert (await bench.ask(persona, "next")).endswith("You said: next")
    assert len(agent.starts) == 2
    await until(lambda: len(agent.alive) == 1)


async def test_deaf_turn_of_one_persona_leaves_the_other_ones_turn_alone(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("deaf", {"text": "so far"}, {"stubborn": True})
    agent.on("slow", {"text": "begin "}, {"sleep": 2.5}, {"text": "end"})
    deaf = bench.persona(agent, name="Deaf")
    slow = bench.persona(agent, name="Slow", chat=MemoryChat("other.chat"))
    turns = [
        asyncio.create_task(bench.ask(deaf, "deaf")),
        asyncio.create_task(bench.ask(slow, "slow")),
    ]
    await until(lambda: "so far" in bench.chat.bodies)
    await until(lambda: len(agent.requests("session/prompt")) == 2)
    await deaf.stop()
    assert await turns[1] == "begin end"
    await turns[0]
    assert len(agent.starts) == 1


async def test_prompts_of_one_session_come_one_after_the_other(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("", {"text": "a"}, {"sleep": 0.2}, {"text": "b"})
    persona = bench.persona(agent)
    await persona.prepare()
    turns = [persona.new_turn(bench.chat.say(text)) for text in ("one", "two")]

    async def run(turn: Any) -> str:
        return "".join([e.text async for e in persona.engine.reply(turn) if isinstance(e, Text)])

    assert await asyncio.gather(*map(run, turns)) == ["ab", "ab"]
    assert len(agent.requests("session/prompt")) == 2


async def test_noise_is_a_notice_and_is_told_once(bench: Bench) -> None:
    from dataclasses import replace

    from persona.engines.acp import AcpEngine

    class Noisy(AcpEngine):
        id = "noisy"
        row = replace(AcpEngine.row, noise=(r"Warning: .*",))
        options_model = AcpEngine.options_model

    agent = bench.agent()
    agent.on("", {"text": "Warning: no metadata.\n\n"}, {"text": "Hello "}, {"text": "Warning: x"})
    persona = bench.persona(agent, engine=Noisy())
    seen = await events(bench, persona)
    assert [e.text for e in seen if isinstance(e, Notice)] == ["Warning: no metadata."]
    assert "".join(e.text for e in seen if isinstance(e, Text)) == "Hello Warning: x"
    again = await events(bench, persona)
    assert not [e for e in again if isinstance(e, Notice)]
    assert not [e for e in again if isinstance(e, ConfigChange)]


async def test_finished_tool_call_is_not_begun_again_below_the_text(bench: Bench) -> None:
    agent = bench.agent()
    call = {"sessionUpdate": "tool_call_update", "toolCallId": "t"}
    agent.on(
        "go",
        {"update": {**call, "sessionUpdate": "tool_call", "title": "echo"}},
        {"update": {**call, "status": "completed"}},
        {"text": "Done."},
        {"update": {**call, "title": "A summary"}},
    )
    persona = bench.persona(agent)
    await bench.ask(persona, "go")
    assert bench.kinds() == ["tools", "reply"]
