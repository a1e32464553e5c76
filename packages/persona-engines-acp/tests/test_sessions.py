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

from persona.core import META, ConfigChange, ModeChange, PersonaContext, PersonaModel
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
