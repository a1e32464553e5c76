"""Every agent that can be installed, driven through its engine: what reaches the LLM, and back."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from persona.core import ConfigValue, EngineRegistry
from persona.testing import Gate, RecordedRequest
from persona.testing.chat import MemoryChat

from . import table
from .bench import Bench, until_gone
from .homes import KEY, make_home
from .profiles import Profile


async def test_persona_answers_with_its_own_prompt_model_tool_and_skill(
    bench: Bench, profile: Profile, observed: dict[str, str]
) -> None:
    skills = bench.skill("weighing", "WEIGHING-SKILL for heavy things")
    persona = bench.persona(
        prompt="ADA-PROMPT: you are Ada.",
        model=profile.models[1],
        server="alpha",
        skills=skills,
        options={"permissions": "allow-all"},
    )
    profile.script_echo(bench.llm, "MARK-ONE", "alpha", "It said pong.")
    said = await bench.ask(persona, "MARK-ONE please use the tool")
    assert said.strip().endswith("It said pong.")
    turns = [r for r in bench.sent("MARK-ONE") if profile.is_turn(r)]
    observed["model"] = "enforced" if _models(turns) == {profile.models[1]} else "ignored"
    observed["system_prompt"] = _where(turns[0], "ADA-PROMPT")
    observed["skills"] = _where(turns[0], "WEIGHING-SKILL")
    results = [text for r in turns for text in r.tool_results]
    called = any("alpha: pong-alpha" in text for text in results)
    observed["mcp_servers"] = "enforced" if called else "ignored"
    support = persona.engine.support()
    assert support.missing == ()
    levels = support.as_dict()
    for block in ("model", "system_prompt", "mcp_servers", "skills"):
        assert (block, levels[block]) == (block, observed[block])


def _models(requests: list[RecordedRequest]) -> set[str]:
    return {request.model for request in requests}


def _where(request: RecordedRequest, mark: str) -> str:
    """Tell how a text reached the model: as an instruction or a tool, in the prompt, not at all."""
    if mark not in request.text:
        return "ignored"
    in_user = any(mark in said.text for said in request.said if said.role == "user")
    return "requested" if in_user else "enforced"


async def test_two_personas_on_one_engine_share_nothing(bench: Bench, profile: Profile) -> None:
    made = {}
    for name, server, model in (
        ("Ada", "alpha", profile.models[0]),
        ("Bob", "beta", profile.models[1]),
    ):
        made[name] = bench.persona(
            name,
            prompt=f"{name.upper()}-PROMPT",
            model=model,
            server=server,
            skills=bench.skill(f"skill-{server}", f"{server.upper()}-SKILL is good"),
            options={"permissions": "allow-all"},
        )
        profile.script_echo(bench.llm, f"MARK-{name}", server, f"Done by {name}.")
    asked = [
        asyncio.create_task(bench.ask(persona, f"MARK-{name} go")) for name, persona in made.items()
    ]
    said = await asyncio.gather(*asked)
    assert "Done by Ada." in said[0] and "Done by Bob." in said[1]
    for mine, other, server, others in (
        ("Ada", "Bob", "alpha", "beta"),
        ("Bob", "Ada", "beta", "alpha"),
    ):
        turns = [r for r in bench.sent(f"MARK-{mine}") if profile.is_turn(r)]
        own = "\n".join(r.text for r in turns)
        assert f"{mine.upper()}-PROMPT" in own
        assert f"{server.upper()}-SKILL" in own
        assert f"{server}: pong-{server}" in own
        # The chat itself is the same for both: what was said in it may be handed over.
        for request in bench.sent(f"{mine.upper()}-PROMPT"):
            for secret in (f"{other.upper()}-PROMPT", f"{others.upper()}-SKILL", f"echo_{others}"):
                assert secret not in request.text
    assert _models(bench.sent("ADA-PROMPT")) <= {profile.models[0]}


async def test_asking_writes_after_allow_and_not_after_reject(
    bench: Bench, profile: Profile, observed: dict[str, str]
) -> None:
    persona = bench.persona(prompt="ADA-PROMPT")
    allowed, refused = bench.root / "allowed.txt", bench.root / "refused.txt"
    profile.script_write(bench.llm, "MARK-ALLOW", allowed, "I wrote it.")
    profile.script_write(bench.llm, "MARK-REFUSE", refused, "I did not.")
    assert "I wrote it." in await bench.ask(persona, "MARK-ALLOW", choose="allow_once")
    assert allowed.read_text() == "MARK-ALLOW"
    said = await bench.ask(persona, "MARK-REFUSE", choose="reject_once")
    assert not refused.exists()
    if profile.rejected:
        assert "I did not." in said
    assert "allowed.txt" in "\n".join(bench.chat.bodies)
    observed["options"] = "enforced"
    assert persona.engine.support().options == "enforced"


async def test_deny_writes_nothing_and_asks_nobody(bench: Bench, profile: Profile) -> None:
    persona = bench.persona(options={"permissions": "deny"})
    file = bench.root / "denied.txt"
    profile.script_write(bench.llm, "MARK-DENY", file, "I could not.")
    await bench.ask(persona, "MARK-DENY")
    assert not file.exists()


async def test_allow_reads_asks_before_a_write(bench: Bench, profile: Profile) -> None:
    persona = bench.persona(options={"permissions": "allow-reads"})
    file = bench.root / "asked.txt"
    profile.script_write(bench.llm, "MARK-READS", file, "Written.")
    assert "Written." in await bench.ask(persona, "MARK-READS", choose="allow_once")
    assert file.read_text() == "MARK-READS"


async def test_stop_ends_the_turn_in_a_second_and_keeps_the_text(
    bench: Bench, profile: Profile
) -> None:
    persona = bench.persona()
    gate = Gate(after="half of it, ")
    bench.llm.on(text="MARK-STOP", when=profile.is_turn).reply(
        "This is half of it, and this the rest.", pause=gate
    )
    turn = asyncio.create_task(persona.process_message(bench.chat.say("MARK-STOP")))
    await gate.reached(60)
    await _until(lambda: "half of it," in bench.said(persona))
    started = time.monotonic()
    await persona.stop()
    assert time.monotonic() - started < 1.0
    await asyncio.wait_for(turn, 5)
    assert "half of it," in bench.said(persona)
    assert "the rest" not in bench.said(persona)
    gate.release()
    bench.llm.on(text="MARK-AFTER", when=profile.is_turn).reply("Here I am.")
    assert "Here I am." in await bench.ask(persona, "MARK-AFTER")


async def test_killed_agent_is_told_and_the_next_turn_works(bench: Bench, profile: Profile) -> None:
    persona = bench.persona(prompt="ADA-PROMPT")
    gate = Gate(after="half of it, ")
    bench.llm.on(text="MARK-KILL", when=profile.is_turn).reply(
        "This is half of it, and this the rest.", pause=gate
    )
    turn = asyncio.create_task(persona.process_message(bench.chat.say("MARK-KILL")))
    await gate.reached(60)
    await _until(lambda: "half of it," in bench.said(persona))
    for process in bench.look():
        # One that ends with its parent may be gone already.
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    await asyncio.wait_for(turn, 20)
    gate.release()
    note = (bench.chat.get_messages()[-1].metadata or {}).get("persona", {})
    assert note.get("state") == "failed", bench.chat.bodies
    bench.llm.on(text="MARK-AGAIN", when=profile.is_turn).reply("Back again.")
    assert "Back again." in await bench.ask(persona, "MARK-AGAIN")
    last = [r for r in bench.sent("MARK-AGAIN") if profile.is_turn(r)][-1]
    assert "MARK-KILL" in last.text
    assert "ADA-PROMPT" in last.text


async def test_session_goes_on_after_a_restart_of_the_server(
    bench: Bench, profile: Profile, observed: dict[str, str]
) -> None:
    persona = bench.persona(prompt="ADA-PROMPT")
    bench.llm.on(text="MARK-FIRST", when=profile.is_turn).reply("First answer.")
    assert "First answer." in await bench.ask(persona, "MARK-FIRST")
    bench.look()
    await bench.close()
    await until_gone(bench.children)
    before = list(bench.chat.bodies)
    bench.registry = EngineRegistry()
    persona = bench.persona(prompt="ADA-PROMPT")
    bench.llm.on(text="MARK-SECOND", when=profile.is_turn).reply("Second answer.")
    assert "Second answer." in await bench.ask(persona, "MARK-SECOND")
    last = [r for r in bench.sent("MARK-SECOND") if profile.is_turn(r)][-1]
    assert "MARK-FIRST" in last.text and "First answer." in last.text
    assert "ADA-PROMPT" in last.text
    # A session that goes on has the answer as the model's own; else it is told in the prompt.
    own = any("First answer." in said.text for said in last.said if said.role == "assistant")
    observed["restart"] = "resumed" if own else "handed over"
    # What was said before is not said again.
    assert bench.chat.bodies[: len(before)] == before
    assert "".join(bench.chat.bodies).count("First answer.") == 1


async def test_settings_of_the_user_are_used_when_no_model_is_named(
    bench: Bench, profile: Profile, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in make_home(profile.name, home, bench.llm.root_url).items():
        monkeypatch.setenv(name, value)
    persona = bench.persona(prompt="ADA-PROMPT", model=None, skills=bench.skill("s", "A-SKILL"))
    bench.llm.on(text="MARK-OWN", when=profile.is_turn).reply("As you set it.")
    assert "As you set it." in await bench.ask(persona, "MARK-OWN")
    turns = [r for r in bench.sent("MARK-OWN") if profile.is_turn(r)]
    assert {request.api_key for request in turns} == {KEY}
    assert _models(turns) == {profile.models[0]}
    assert "ADA-PROMPT" in turns[0].text and "A-SKILL" in turns[0].text


async def test_settings_that_the_agent_offers_are_known_without_a_turn_and_can_be_set(
    bench: Bench, profile: Profile
) -> None:
    persona = bench.persona(prompt="ADA-PROMPT")
    await persona.prepare()
    assert bench.llm.requests == []
    offered = {value.id: value for value in persona.session_info.config}
    assert offered["mode"].choices
    assert persona.session_info.mode is not None
    # The model and where it is are another block's.
    wanted = {
        name: _other(value)
        for name, value in offered.items()
        if len(value.choices) > 1 and name not in ("model", "provider")
    }
    mode = wanted.pop("mode")
    options = {"mode": mode, "config": dict(wanted)}
    for name in {"effort", "thinking"} & wanted.keys():
        options["effort"] = options["config"].pop(name)
    persona.update_options(options)
    bench.llm.on(text="MARK-SET", when=profile.is_turn).reply("As you like.")
    assert "As you like." in await bench.ask(persona, "MARK-SET", choose="reject_once")
    now = {value.id: value.value for value in persona.session_info.config}
    assert {name: now[name] for name in wanted} == wanted and now["mode"] == mode
    assert persona.session_info.mode.mode == mode
    persona.update_options({"mode": "no-such-mode"})
    said = await bench.ask(persona, "MARK-SET")
    assert "no-such-mode" in said
    assert all(id_ in said.replace("\\", "") for id_, _ in offered["mode"].choices)
    persona.update_options({"config": {"no-such-setting": "x"}})
    said = await bench.ask(persona, "MARK-SET")
    assert "no-such-setting" in said and all(name in said.replace("\\", "") for name in offered)


async def test_nothing_is_started_before_the_first_message(bench: Bench) -> None:
    bench.look()
    known = set(bench.children)
    persona = bench.persona(server="alpha")
    assert persona.engine.support().missing == ()
    bench.look()
    assert bench.children == known


async def test_equal_personas_of_two_chats_share_one_process(
    bench: Bench, profile: Profile
) -> None:
    talks = []
    for number in range(2):
        bench.chat = MemoryChat(f"talk{number}.chat")
        persona = bench.persona(prompt="ADA-PROMPT")
        talks.append((bench.chat, persona))
    for number, (chat, persona) in enumerate(talks):
        bench.chat = chat
        bench.llm.on(text=f"MARK-{number}", when=profile.is_turn).reply(f"Answer {number}.")
        assert f"Answer {number}." in await bench.ask(persona, f"MARK-{number} hello")
        if number == 0:
            first = len(_agents(bench))
    assert len(_agents(bench)) == first
    texts = [r.text for r in bench.sent("MARK-1")]
    assert texts and not any("MARK-0" in text for text in texts)


def test_documentation_shows_what_was_seen(observed: dict[str, str], profile: Profile) -> None:
    if not {*table.BLOCKS, *table.MORE} <= observed.keys():
        pytest.skip("It needs what the tests above saw")
    if "PERSONA_OBSERVED" in os.environ:
        pytest.skip("What was seen is written down now")
    assert table.seen()[profile.engine] == observed


def _other(value: ConfigValue) -> str:
    """Return another choice: one to plan is taken everywhere, those that dare more are not."""
    others = [id_ for id_, _ in value.choices if id_ != value.value]
    return next((id_ for id_ in others if id_.endswith("plan")), others[0])


def _agents(bench: Bench) -> set[int]:
    """Return the processes that are directly ours: one for each agent."""
    found = set()
    for process in bench.look():
        # One that has only looked something up may be gone already.
        with suppress(psutil.NoSuchProcess):
            if process.ppid() == os.getpid():
                found.add(process.pid)
    return found


async def _until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
