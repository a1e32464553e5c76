"""Sessions: kept in the chat, resumed, set, and opened anew when the blocks change."""

from __future__ import annotations

import asyncio
import copy
import logging
from pathlib import Path
from typing import Any

import pytest
from jupyterlab_chat.models import NewMessage
from jupyterlab_chat.websocket_model import WsChatModel
from jupyterlab_chat.ychat import YChat
from pycrdt import Doc

from persona.core import (
    META,
    BasePersona,
    ConfigChange,
    ModeChange,
    PersonaContext,
    PersonaModel,
    TurnError,
)
from persona.engines.acp._memory import KEY, Remembered, recall, remember
from persona.engines.acp._opening import open_session
from persona.testing import ScriptedAgent, mcp_server_command
from persona.testing.chat import MemoryChat

from .conftest import Bench, until


async def again(tmp_path: Path, chat: MemoryChat) -> Bench:
    """What a new server makes of the same chat."""
    bench = Bench(tmp_path)
    bench.chat = chat
    return bench


async def restarted(bench: Bench, agent: ScriptedAgent, text: str, **kwargs: Any) -> str:
    await bench.close()
    other = await again(bench.root, bench.chat)
    try:
        return await other.ask(other.persona(agent, **kwargs), text)
    finally:
        await other.close()


@pytest.mark.parametrize("way", ["resume", "load"])
async def test_session_goes_on_after_a_restart_of_the_server(bench: Bench, way: str) -> None:
    abilities: dict[str, Any] = {"sessionCapabilities": {"resume": {}}}
    agent = bench.agent(agentCapabilities=abilities if way == "resume" else {"loadSession": True})
    agent.on("what", {"recite": True})
    await bench.ask(bench.persona(agent), "first")
    before = len(bench.chat.bodies)
    said = await restarted(bench, agent, "what?")
    assert said.startswith("first\n---\n") and "(before)" not in said
    assert len(bench.chat.bodies) == before + 2, "nothing is replayed into the chat"
    assert len(agent.requests(f"session/{way}")) == 1
    assert len(agent.requests("session/new")) == 1
    assert agent.prompts[-1] == "what?", "the agent knows what was said"


async def test_what_was_said_while_the_server_was_down_is_handed_over(bench: Bench) -> None:
    agent = bench.agent()
    await bench.ask(bench.persona(agent), "first")
    bench.chat.say("I was here.", sender="bob", name="Bob")
    await restarted(bench, agent, "now?")
    assert "Bob: I was here." in agent.prompts[-1] and "first" not in agent.prompts[-1]


async def test_resume_that_is_only_advertised_is_no_problem(bench: Bench) -> None:
    agent = bench.agent()
    missing = {"code": -32601, "message": "Method not found"}
    agent.on("", {"error": missing}, method="session/resume")
    agent.on("what", {"recite": True})
    await bench.ask(bench.persona(agent), "first")
    assert (await restarted(bench, agent, "what?")).startswith("first\n---\n")
    assert len(agent.requests("session/load")) == 1


async def test_conversation_is_handed_over_if_the_session_is_gone(bench: Bench) -> None:
    agent = bench.agent()
    await bench.ask(bench.persona(agent), "first")
    for file in agent.folder.glob("session-*.json"):
        file.unlink()
    await restarted(bench, agent, "now?")
    assert "Ada: first" in agent.prompts[-1] and "You: You said: first" in agent.prompts[-1]


async def test_session_of_other_settings_is_not_resumed(bench: Bench) -> None:
    agent = bench.agent()
    await bench.ask(bench.persona(agent), "first")
    await restarted(bench, agent, "now?", context={"system_prompt": "Be brief."})
    assert len(agent.requests("session/new")) == 2
    assert agent.requests("session/resume") == []


@pytest.mark.parametrize(
    "junk",
    [5, "x", [], {"probe": 5}, {"probe": {"session": 5}},
     {"probe": {"agent": "acp", "session": "nope", "settings": "x", "seen": "x"}}],
)  # fmt: skip
async def test_chat_may_hold_anything(bench: Bench, junk: object) -> None:
    bench.chat.set_metadata(KEY, junk)
    assert await bench.ask(bench.persona(bench.agent())) == "You said: hello"


async def test_nothing_secret_is_in_the_chat(bench: Bench) -> None:
    agent = bench.agent()
    server = {"name": "s", "url": "http://127.0.0.1:9/mcp", "headers": {"X-Key": "sk-hidden"}}
    context = {"mcp_servers": [server]}
    await bench.ask(bench.persona(agent, env={"THE_API_KEY": "sk-hidden"}, context=context))
    assert "sk-hidden" not in str(bench.chat.get_metadata())
    assert "sk-hidden" not in str([m.metadata for m in bench.chat.get_messages()])
    assert "sk-hidden" in str(agent.requests("session/new"))


async def test_change_of_the_prompt_opens_another_session(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("", {"text": "ok"})
    persona = bench.persona(agent, context={"system_prompt": "You are a pirate."})
    await bench.ask(persona, "first")
    persona.update_context(PersonaContext(system_prompt="You are a poet."))
    await bench.ask(persona, "second")
    one, two = agent.prompts
    assert one.startswith("You are a pirate.") and "poet" not in one
    assert "You are a poet." in two and "pirate" not in two
    assert "Ada: first" in two and two.endswith("second")
    assert len(agent.starts) == 1
    assert len(agent.requests("session/close")) == 1


async def test_change_that_changes_nothing_keeps_the_session(bench: Bench) -> None:
    agent = bench.agent()
    persona = bench.persona(agent)
    await bench.ask(persona)
    persona.update_context(persona.context.model_copy())
    persona.update_options(dict(persona.options))
    persona.update_model(None)
    await bench.ask(persona)
    assert len(agent.requests("session/new")) == 1


async def test_instructions_come_once(bench: Bench) -> None:
    agent = bench.agent()
    persona = bench.persona(agent, context={"system_prompt": "You are a pirate."})
    await bench.ask(persona, "first")
    await bench.ask(persona, "second")
    await persona.restart()
    await bench.ask(persona, "third")
    assert ["pirate" in prompt for prompt in agent.prompts] == [True, False, False]


CONFIG = [
    {"id": "model", "name": "Model", "category": "model", "type": "select",
     "currentValue": "m1", "options": [
         {"group": "a", "name": "A", "options": [{"value": "m1", "name": "Model One"}]},
         {"group": "b", "name": "B", "options": [{"value": "m2", "name": "Model Two"}]}]},
    {"id": "permission-mode", "name": "Mode", "category": "mode", "type": "select",
     "currentValue": "auto", "options": [{"value": "auto", "name": "Auto"},
                                         {"value": "ask", "name": "Ask Me"}]},
    {"id": "think", "name": "Thinking", "category": "thought_level", "type": "select",
     "currentValue": "low", "options": [{"value": "low", "name": "Low"},
                                        {"value": "high", "name": "High"}]},
    {"id": "fast", "name": "Fast", "type": "boolean", "currentValue": False},
]  # fmt: skip


def settings(agent: ScriptedAgent) -> list[tuple[str, Any]]:
    return [(p["configId"], p["value"]) for p in agent.requests("session/set_config_option")]


async def test_options_are_set_by_id_category_or_name(bench: Bench) -> None:
    agent = bench.agent(session={"configOptions": CONFIG})
    persona = bench.persona(agent, model="m2", mode="Ask Me", effort="HIGH", config={"Fast": True})
    await bench.ask(persona)
    await bench.ask(persona)
    assert sorted(settings(agent), key=str) == [
        ("fast", True), ("model", "m2"), ("permission-mode", "ask"), ("think", "high"),
    ]  # fmt: skip
    persona.update_options({**persona.options, "effort": "low"})
    await bench.ask(persona)
    assert settings(agent)[-1] == ("think", "low") and len(settings(agent)) == 5
    assert len(agent.requests("session/new")) == 1, "a setting needs no new session"


async def test_value_that_is_not_listed_is_tried(bench: Bench) -> None:
    agent = bench.agent(session={"configOptions": CONFIG})
    await bench.ask(bench.persona(agent, model="other/m9"))
    assert settings(agent)[0] == ("model", "other/m9")


async def test_value_of_another_setting_that_is_not_listed_is_told(bench: Bench) -> None:
    agent = bench.agent(session={"configOptions": CONFIG})
    said = await bench.ask(bench.persona(agent, mode="careful"))
    assert "careful" in said and "auto, ask" in said and bench.error() == "setting"
    assert settings(agent) == [] and agent.prompts == []


async def test_setting_that_is_not_offered_is_told(bench: Bench) -> None:
    agent = bench.agent(session={"configOptions": CONFIG})
    refused = {"code": -32602, "message": "no"}
    agent.on("", {"error": refused}, method="session/set_config_option")
    said = await bench.ask(bench.persona(agent, config={"model": "m7"}))
    assert "model = 'm7'" in said and "m1, m2" in said and bench.error() == "setting"
    said = await bench.ask(bench.persona(agent, name="Other", config={"colour": "red"}))
    assert "colour" in said and "permission-mode" in said


async def test_model_that_is_not_offered_is_a_notice(bench: Bench) -> None:
    agent = bench.agent()
    persona = bench.persona(agent, model="m7")
    assert await bench.ask(persona) == "You said: hello"
    assert await bench.ask(persona, "more") == "You said: more"
    assert bench.kinds() == ["notice", "reply", "reply"], "it is told once"
    assert "m7" in bench.chat.bodies[1]


MODES = {"currentModeId": "code", "availableModes": [
    {"id": "code", "name": "Code"}, {"id": "plan", "name": "Plan First"}]}  # fmt: skip


async def test_mode_of_the_older_kind_is_set(bench: Bench) -> None:
    agent = bench.agent(session={"modes": MODES})
    persona = bench.persona(agent, mode="plan first")
    await bench.ask(persona)
    await bench.ask(persona)
    assert [p["modeId"] for p in agent.requests("session/set_mode")] == ["plan"]


async def test_mode_that_is_not_there_fails_the_turn(bench: Bench) -> None:
    agent = bench.agent(session={"modes": MODES})
    said = await bench.ask(bench.persona(agent, mode="careful"))
    assert "code, plan" in said and agent.prompts == []


async def test_state_of_the_session_becomes_events(bench: Bench) -> None:
    agent = bench.agent(session={"modes": MODES, "configOptions": copy.deepcopy(CONFIG)})
    agent.on("go", {"update": {"sessionUpdate": "current_mode_update", "currentModeId": "plan"}},
             {"set": ["fast", True]}, {"text": "ok"})  # fmt: skip
    persona = bench.persona(agent)
    await persona.prepare()
    turn = persona.new_turn(bench.chat.say("go"))
    seen = [event async for event in persona.engine.reply(turn)]
    modes = [e for e in seen if isinstance(e, ModeChange)]
    assert [(m.mode, m.name) for m in modes] == [("code", "Code"), ("plan", "Plan First")]
    first, last = [e for e in seen if isinstance(e, ConfigChange)]
    assert [v.value for v in first.values] == ["m1", "auto", "low", False]
    assert first.values[0].choices == (("m1", "Model One"), ("m2", "Model Two"))
    assert last.values[3].value is True


async def test_servers_are_given_to_the_session(bench: Bench) -> None:
    agent = bench.agent()
    command, *args = mcp_server_command("alpha")
    servers = [
        {"name": "alpha", "command": command, "args": args, "env": {"A": "1"}},
        {"name": "web", "url": "http://127.0.0.1:9/mcp", "headers": {"H": "2"}},
        {"name": "old", "type": "sse", "url": "http://127.0.0.1:9/sse"},
    ]
    await bench.ask(bench.persona(agent, context={"mcp_servers": servers}))
    assert agent.requests("session/new")[0]["mcpServers"] == [
        {"name": "alpha", "command": command, "args": args,
         "env": [{"name": "A", "value": "1"}]},
        {"type": "http", "name": "web", "url": "http://127.0.0.1:9/mcp",
         "headers": [{"name": "H", "value": "2"}]},
        {"type": "sse", "name": "old", "url": "http://127.0.0.1:9/sse", "headers": []},
    ]  # fmt: skip


async def test_server_that_the_agent_cannot_reach_is_told(bench: Bench) -> None:
    agent = bench.agent(agentCapabilities={"mcpCapabilities": {"http": False}})
    servers = [{"name": "web", "url": "http://127.0.0.1:9/mcp"}]
    assert await bench.ask(bench.persona(agent, context={"mcp_servers": servers})) == (
        "You said: hello"
    )
    assert agent.requests("session/new")[0]["mcpServers"] == []
    assert any("web is not used" in body for body in bench.chat.bodies)


async def test_session_is_loaded_with_the_same_parameters(bench: Bench) -> None:
    agent = bench.agent()
    servers = [{"name": "web", "url": "http://127.0.0.1:9/mcp"}]
    context = {"mcp_servers": servers}
    await bench.ask(bench.persona(agent, context=context), "first")
    await restarted(bench, agent, "more", context=context)
    (opened,), (resumed,) = agent.requests("session/new"), agent.requests("session/resume")
    assert {k: v for k, v in resumed.items() if k != "sessionId"} == opened


async def test_note_of_the_reply_names_the_model(bench: Bench) -> None:
    agent = bench.agent(session={"configOptions": CONFIG})
    persona = bench.persona(agent)
    persona.update_model(PersonaModel(model_id="m2"))
    await bench.ask(persona)
    note = (bench.chat.get_messages()[-1].metadata or {})[META]
    assert note["model"] == "m2"


async def test_session_is_kept_in_a_chat_of_both_transports(tmp_path: Path) -> None:
    session = Remembered("acp", "s-1", "print", "m-1")
    doc: Doc[Any] = Doc()
    websocket = WsChatModel("a.chat", tmp_path)
    for chat in (YChat(doc), websocket):
        assert recall(chat, "probe") is None
        remember(chat, "probe", session)
        remember(chat, "other", session)
        assert recall(chat, "probe") == session
        remember(chat, "probe", None)
        assert recall(chat, "probe") is None and recall(chat, "other") == session
        remember(chat, "probe", session)
    websocket.add_message(NewMessage(body="x", sender="ada"))
    again = WsChatModel("a.chat", tmp_path)
    again.load_from_file()
    assert recall(again, "probe") == session


async def test_session_whose_resuming_was_broken_off_is_not_in_use(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("", {"sleep": 5.0}, times=1, method="session/resume")
    persona = bench.persona(agent)
    await bench.ask(persona)
    stored = agent.requests("session/prompt")[0]["sessionId"]
    await persona.shutdown()
    (running,) = bench.pool.agents
    params = {"cwd": str(bench.root), "mcpServers": []}
    opening = asyncio.create_task(open_session(running, params, stored, logging.getLogger()))
    await until(lambda: agent.requests("session/resume"))
    assert running.serves(stored)
    opening.cancel()
    await asyncio.wait({opening})
    assert opening.cancelled() and not running.serves(stored)


@pytest.mark.parametrize("new_server", [False, True])
async def test_message_that_the_agent_never_had_is_told_after_a_crash(
    bench: Bench, new_server: bool
) -> None:
    agent = bench.agent()
    agent.on("second", {"kill": True}, times=1)
    persona = bench.persona(agent)
    await bench.ask(persona, "first")
    await bench.ask(persona, "second")
    assert bench.error() == "crash"
    if new_server:
        await restarted(bench, agent, "third")
    else:
        await bench.ask(persona, "third")
    assert len(agent.requests("session/new")) == 1 and agent.requests("session/resume")
    told = agent.prompts[-1]
    assert told.count("Ada: second") == 1 and told.endswith("third")
    assert "first" not in told, "that was answered"


async def test_first_message_that_the_agent_never_had_is_told_with_the_instructions(
    bench: Bench,
) -> None:
    agent = bench.agent()
    agent.on("first", {"kill": True}, times=1)
    persona = bench.persona(agent, context={"system_prompt": "You are a pirate."})
    await bench.ask(persona, "first")
    await bench.ask(persona, "second")
    assert agent.prompts[-1].startswith("You are a pirate.")
    assert "Ada: first" in agent.prompts[-1]
    await bench.ask(persona, "third")
    assert agent.prompts[-1] == "third"


async def test_instructions_that_the_agent_refused_are_told_again(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("first", {"error": {"code": -32603, "message": "Rate limit"}}, times=1)
    persona = bench.persona(agent, context={"system_prompt": "You are a pirate."})
    await bench.ask(persona, "first")
    await bench.ask(persona, "second")
    assert agent.prompts[-1].startswith("You are a pirate.")
    await bench.ask(persona, "third")
    assert agent.prompts[-1] == "third" and len(agent.requests("session/new")) == 1


USAGE = {"sessionUpdate": "usage_update", "used": 1, "size": 9}


@pytest.mark.parametrize(
    ("step", "had"),
    [
        ({"text": "half"}, True),
        ({"thought": "hm"}, True),
        ({"update": {"sessionUpdate": "user_message_chunk",
                     "content": {"type": "text", "text": "second"}}}, True),
        ({"update": {"sessionUpdate": "tool_call", "toolCallId": "c", "title": "Look"}}, True),
        ({"update": USAGE}, False),
        ({"update": {"sessionUpdate": "available_commands_update",
                     "availableCommands": [{"name": "plan"}]}}, False),
    ],
    ids=["text", "thought", "echo", "tool", "usage", "commands"],
)  # fmt: skip
async def test_message_that_the_agent_had_before_a_crash_is_not_told_again(
    bench: Bench, step: dict[str, Any], had: bool
) -> None:
    agent = bench.agent()
    agent.on("second", step, {"kill": True}, times=1)
    persona = bench.persona(agent)
    await bench.ask(persona, "first")
    await bench.ask(persona, "second")
    assert bench.error() == "crash"
    await bench.ask(persona, "third")
    assert ("Ada: second" in agent.prompts[-1]) is not had
    await restarted(bench, agent, "fourth")
    assert "second" not in agent.prompts[-1] and "third" not in agent.prompts[-1]


async def test_message_is_told_once_when_the_agent_asked_before_its_crash(bench: Bench) -> None:
    agent = bench.agent()
    options = [{"optionId": "a", "name": "Allow", "kind": "allow_once"}]
    asking = {"toolCall": {"toolCallId": "c", "title": "Write"}, "options": options}
    agent.on("second", {"permission": asking, "allowed": [{"kill": True}]}, times=1)
    persona = bench.persona(agent, permissions="allow-all")
    await bench.ask(persona, "first")
    await bench.ask(persona, "second")
    assert bench.error() == "crash"
    await bench.ask(persona, "third")
    assert agent.prompts[-1] == "third"


async def test_message_of_a_turn_that_was_stopped_at_once_is_not_told_again(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("second", {"hang": True}, times=1)
    persona = bench.persona(agent)
    await bench.ask(persona, "first")
    turn = asyncio.create_task(bench.ask(persona, "second"))
    await until(lambda: len(agent.prompts) == 2)
    await persona.stop()
    await turn
    await bench.ask(persona, "third")
    assert agent.prompts[-1] == "third", "it has answered that it stopped"


async def test_what_a_command_left_out_is_told_next_time(bench: Bench) -> None:
    agent = bench.agent()
    commands = {"sessionUpdate": "available_commands_update", "availableCommands": [
        {"name": "plan", "description": "Plan"}]}  # fmt: skip
    agent.on("", {"update": commands}, {"text": "ok"}, times=1)
    persona = bench.persona(agent)
    await bench.ask(persona, "first")
    bench.chat.say("I was here.", sender="bob", name="Bob")
    await bench.ask(persona, "/plan it")
    assert agent.prompts[-1] == "/plan it", "a command must come first"
    await restarted(bench, agent, "third")
    assert "Bob: I was here." in agent.prompts[-1]


async def test_command_as_the_first_message_comes_before_the_instructions(bench: Bench) -> None:
    agent = bench.agent()
    commands = {"sessionUpdate": "available_commands_update", "availableCommands": [
        {"name": "plan", "description": "Plan"}]}  # fmt: skip
    agent.on("", {"after": [{"update": commands}]}, times=1, method="session/new")
    persona = bench.persona(agent, context={"system_prompt": "You are a pirate."})
    await persona.prepare()
    await until(lambda: persona.session_info.commands)
    await bench.ask(persona, "/plan it")
    assert agent.prompts[-1] == "/plan it"
    await restarted(bench, agent, "second", context={"system_prompt": "You are a pirate."})
    assert len(agent.requests("session/new")) == 1
    assert agent.prompts[-1].startswith("You are a pirate.")


# -- what is known of the session --------------------------------------------------------


def info(persona: BasePersona) -> dict[str, tuple[Any, list[str]]]:
    """Value and choices of each setting."""
    return {
        value.id: (value.value, [id_ for id_, _ in value.choices])
        for value in persona.session_info.config
    }


async def test_settings_are_known_without_a_turn(bench: Bench) -> None:
    agent = bench.agent(session={"configOptions": CONFIG})
    persona = bench.persona(agent, mode="ask", effort="high")
    await persona.prepare()
    assert info(persona) == {
        "model": ("m1", ["m1", "m2"]),
        "permission-mode": ("ask", ["auto", "ask"]),
        "think": ("high", ["low", "high"]),
        "fast": (False, []),
    }
    assert persona.session_info.mode == ModeChange("ask", "Ask Me")
    assert agent.prompts == []


async def test_modes_and_models_of_the_older_kind_are_settings(bench: Bench) -> None:
    models = {"currentModelId": "m1", "availableModels": [
        {"modelId": "m1", "name": "One"}, {"modelId": "m2", "name": "Two"}]}  # fmt: skip
    agent = bench.agent(session={"modes": MODES, "models": models})
    persona = bench.persona(agent)
    await persona.prepare()
    assert info(persona) == {"mode": ("code", ["code", "plan"]), "model": ("m1", ["m1", "m2"])}
    persona.update_options({**persona.options, "config": {"mode": "plan", "model": "Two"}})
    await bench.ask(persona)
    assert [p["modeId"] for p in agent.requests("session/set_mode")] == ["plan"]
    assert [p["modelId"] for p in agent.requests("session/set_model")] == ["m2"]
    assert info(persona)["mode"][0] == "plan" and info(persona)["model"][0] == "m2"
    assert persona.session_info.mode == ModeChange("plan", "Plan First")
    refusing = bench.agent("refusing", session={"modes": MODES, "models": models})
    error = {"code": -32602, "message": "no"}
    refusing.on("", {"error": error}, method="session/set_model")
    said = await bench.ask(bench.persona(refusing, name="Other", config={"model": "m9"}))
    assert "'m9'" in said and "m1, m2" in said and bench.error() == "setting"


async def test_mode_that_the_persona_asks_for_is_no_news_but_a_later_one_is(bench: Bench) -> None:
    agent = bench.agent(session={"modes": MODES})
    persona = bench.persona(agent, mode="plan")
    await bench.ask(persona)
    assert bench.kinds() == ["reply"]
    persona.update_options({**persona.options, "mode": "code"})
    await bench.ask(persona)
    assert bench.kinds() == ["reply", "notice", "reply"]
    assert "Code" in bench.chat.bodies[-2]


async def test_change_between_turns_is_known_at_once_and_told_in_the_next(bench: Bench) -> None:
    agent = bench.agent(session={"modes": MODES})
    change = {"sessionUpdate": "current_mode_update", "currentModeId": "plan"}
    agent.on("go", {"text": "ok"}, {"after": [{"sleep": 0.3}, {"update": change}]}, times=1)
    persona = bench.persona(agent)
    await bench.ask(persona, "go")
    assert persona.session_info.mode == ModeChange("code", "Code")
    await until(lambda: persona.session_info.mode == ModeChange("plan", "Plan First"))
    await bench.ask(persona, "more")
    assert "Plan First" in bench.chat.bodies[-2]


async def test_mode_that_is_not_there_fails_already_when_it_is_prepared(bench: Bench) -> None:
    agent = bench.agent(session={"modes": MODES})
    persona = bench.persona(agent, mode="careful")
    with pytest.raises(TurnError, match="careful") as failed:
        await persona.prepare()
    assert "code, plan" in failed.value.fix


async def test_settings_are_those_of_the_engine_that_took_over(bench: Bench) -> None:
    first = bench.agent("first", session={"modes": MODES})
    other = bench.agent("other", session={"configOptions": CONFIG})
    persona = bench.persona(first)
    await persona.prepare()
    assert "mode" in info(persona)
    persona.update_options({"command": other.command, "args": other.args})
    persona.update_engine(bench.registry.create("acp"))
    await until(lambda: "think" in info(persona))
    assert persona.session_info.mode == ModeChange("auto", "Auto")
    persona.update_options({"command": "no-such-agent"})
    persona.update_engine(bench.registry.create("acp"))
    await until(lambda: bench.chat.bodies and bench.error() == "not-installed")
    assert "think" in info(persona), "the old one goes on"
