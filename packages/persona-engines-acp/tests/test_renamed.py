"""A persona that is renamed keeps its agent's session."""

from __future__ import annotations

from persona.engines.acp._memory import KEY, recall

from .conftest import Bench


async def test_session_goes_on_under_the_new_name(bench: Bench) -> None:
    agent = bench.agent()
    persona = bench.persona(agent)
    await bench.ask(persona, "first")
    known = recall(bench.chat, "probe")
    assert known is not None
    persona.rename("grace", ["probe"])
    await bench.ask(persona, "second")
    assert len(agent.requests("session/new")) == 1
    assert agent.prompts[-1] == "second", "its own answer is not handed over to it"
    renamed = recall(bench.chat, "grace")
    assert renamed is not None
    assert renamed.session == known.session


async def test_session_goes_on_after_a_restart_under_the_new_name(bench: Bench) -> None:
    agent = bench.agent(agentCapabilities={"loadSession": True})
    await bench.ask(bench.persona(agent), "first")
    await bench.close()
    sessions = dict(bench.chat.get_metadata()[KEY])
    bench.chat.set_metadata(KEY, {"grace": sessions["probe"]})
    other = Bench(bench.root)
    other.chat = bench.chat
    persona = other.persona(agent)
    persona.rename("grace", ["probe"])
    try:
        await other.ask(persona, "second")
    finally:
        await other.close()
    assert len(agent.requests("session/load")) == 1
    assert len(agent.requests("session/new")) == 1
    assert agent.prompts[-1] == "second"
