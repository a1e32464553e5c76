"""Permissions: the persona's policy, or the people in the chat."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import Any

import pytest

from persona.core import BasePersona, Diff, FilePosition, PermissionRequest
from persona.testing import ScriptedAgent
from persona.testing.chat import MemoryChat

from .conftest import Bench, until

OPTIONS = [
    {"optionId": "always", "name": "Always", "kind": "allow_always"},
    {"optionId": "yes", "name": "Yes", "kind": "allow_once"},
    {"optionId": "never", "name": "Never", "kind": "reject_always"},
    {"optionId": "no", "name": "No", "kind": "reject_once"},
    {"optionId": "odd", "name": "Odd", "kind": "of_the_future"},
]


def edit(bench: Bench, kind: str | None = "edit", **call: Any) -> ScriptedAgent:
    """An agent that asks before it writes a file."""
    agent = bench.agent()
    agent.on(
        "write",
        {"permission": {"toolCall": {"toolCallId": "t", "kind": kind, **call},
                        "options": OPTIONS},
         "allowed": [{"write": [str(bench.root / "out.txt"), "new"]}, {"text": "Written."}],
         "rejected": [{"text": "Then not."}]},
    )  # fmt: skip
    return agent


def outcome(agent: ScriptedAgent) -> Any:
    (answer,) = agent.answers()
    return answer["result"]["outcome"]


async def open_request(persona: BasePersona) -> PermissionRequest:
    await until(lambda: persona.permissions)
    (request,) = persona.permissions
    return request


@pytest.mark.parametrize(("option", "done"), [("yes", True), ("always", True), ("no", False)])
async def test_people_decide(bench: Bench, option: str, done: bool) -> None:
    agent = edit(bench)
    persona = bench.persona(agent)
    turn = asyncio.create_task(bench.ask(persona, "write"))
    request = await open_request(persona)
    assert not (bench.root / "out.txt").exists()
    assert [o.id for o in request.options] == ["always", "yes", "never", "no"]
    assert request.decide(option, by="ada")
    await turn
    assert outcome(agent) == {"outcome": "selected", "optionId": option}
    assert (bench.root / "out.txt").exists() is done
    assert bench.chat.bodies[-1] == ("Written." if done else "Then not.")


async def test_question_shows_what_would_be_done(bench: Bench) -> None:
    agent = edit(
        bench,
        title="Edit a.py",
        rawInput={"command": ["ls", "-l"]},
        locations=[{"path": "/p/a.py", "line": 2}],
        content=[{"type": "diff", "path": "/p/a.py", "oldText": None, "newText": "x"},
                 {"type": "content", "content": {"type": "text", "text": "why"}}],
    )  # fmt: skip
    persona = bench.persona(agent)
    turn = asyncio.create_task(bench.ask(persona, "write"))
    request = await open_request(persona)
    assert (request.title, request.kind, request.command) == ("Edit a.py", "edit", "ls -l")
    assert request.diffs == (Diff("/p/a.py", None, "x"),)
    assert request.locations == (FilePosition("/p/a.py", 2),)
    assert (request.details, request.tool_call) == ("why", "t")
    request.decide("no")
    await turn


async def test_question_knows_what_was_said_of_the_tool_before(bench: Bench) -> None:
    agent = bench.agent()
    agent.on(
        "go",
        {"update": {"sessionUpdate": "tool_call", "toolCallId": "t", "title": "Remove it",
                    "kind": "execute", "rawInput": {"command": "rm x"}}},
        {"permission": {"toolCall": {"toolCallId": "t", "title": None}, "options": OPTIONS},
         "rejected": [{"text": "Fine."}]},
    )  # fmt: skip
    persona = bench.persona(agent)
    turn = asyncio.create_task(bench.ask(persona, "go"))
    request = await open_request(persona)
    assert (request.title, request.kind, request.command) == ("Remove it", "execute", "rm x")
    request.decide("no")
    await turn


@pytest.mark.parametrize(
    ("policy", "kind", "option"),
    [
        ("allow-all", "execute", "yes"),
        ("allow-all", None, "yes"),
        ("allow-reads", "read", "yes"),
        ("allow-reads", "search", "yes"),
        ("deny", "read", "no"),
        ("deny", "execute", "no"),
    ],
)
async def test_policy_decides_without_asking(
    bench: Bench, policy: str, kind: str | None, option: str
) -> None:
    agent = edit(bench, kind=kind)
    persona = bench.persona(agent, permissions=policy)
    await bench.ask(persona, "write")
    assert outcome(agent) == {"outcome": "selected", "optionId": option}
    assert (bench.root / "out.txt").exists() is (option == "yes")


@pytest.mark.parametrize("kind", ["edit", "execute", "fetch", "other", None])
async def test_allow_reads_asks_for_the_rest(bench: Bench, kind: str | None) -> None:
    persona = bench.persona(edit(bench, kind=kind), permissions="allow-reads")
    turn = asyncio.create_task(bench.ask(persona, "write"))
    (await open_request(persona)).decide("no")
    await turn


@pytest.mark.parametrize("policy", ["ask", "deny"])
async def test_question_without_a_usable_answer_is_cancelled(bench: Bench, policy: str) -> None:
    agent = bench.agent()
    options = [{"optionId": "yes", "name": "Yes", "kind": "allow_once"}] if policy == "deny" else []
    agent.on("go", {"permission": {"toolCall": {"toolCallId": "t"}, "options": options},
                    "cancelled": [{"text": "Well."}]})  # fmt: skip
    assert await bench.ask(bench.persona(agent, permissions=policy), "go") == "Well."


@pytest.mark.parametrize("kind", ["of_the_future", ["allow_once"], None])
async def test_question_without_a_known_answer_is_told(bench: Bench, kind: object) -> None:
    agent = bench.agent()
    agent.on("go", {"permission": {"toolCall": {"toolCallId": "t", "title": "Fly"},
                                   "options": [{"optionId": "y", "name": "Yes", "kind": kind}]},
                    "cancelled": [{"text": "Well."}]})  # fmt: skip
    persona = bench.persona(agent)
    assert await bench.ask(persona, "go") == "Well."
    assert outcome(agent) == {"outcome": "cancelled"}
    (notice,) = [body for body in bench.chat.bodies if "no answer that is known" in body]
    assert "Fly" in notice


async def test_stop_answers_the_question_and_the_next_turn_works(bench: Bench) -> None:
    agent = edit(bench)
    persona = bench.persona(agent)
    turn = asyncio.create_task(bench.ask(persona, "write"))
    request = await open_request(persona)
    begun = time.monotonic()
    await persona.stop()
    assert time.monotonic() - begun < 1
    await turn
    assert outcome(agent) == {"outcome": "cancelled"}
    assert request.decided is not None and not request.decided.allowed
    assert await bench.ask(persona, "next") == "You said: next"
    assert len(agent.starts) == 1


async def test_crash_while_a_question_is_open_withdraws_it(bench: Bench) -> None:
    agent = edit(bench)
    persona = bench.persona(agent)
    turn = asyncio.create_task(bench.ask(persona, "write"))
    request = await open_request(persona)
    os.kill(agent.pids[0], signal.SIGKILL)
    assert "ended unexpectedly" in await turn
    assert request.decided is not None and not request.decided.allowed
    assert not persona.permissions


async def test_shutdown_withdraws_an_open_question(bench: Bench) -> None:
    agent = edit(bench)
    persona = bench.persona(agent)
    turn = asyncio.create_task(bench.ask(persona, "write"))
    request = await open_request(persona)
    await persona.shutdown()
    await turn
    assert request.decided is not None and not request.decided.allowed
    assert not (bench.root / "out.txt").exists()


async def test_questions_of_two_personas_do_not_mix(bench: Bench) -> None:
    agent = edit(bench)
    one = bench.persona(agent, name="One")
    two = bench.persona(agent, name="Two", chat=MemoryChat("two.chat"))
    turns = [asyncio.create_task(bench.ask(p, "write")) for p in (one, two)]
    first, second = await open_request(one), await open_request(two)
    first.decide("no")
    assert await turns[0] == "Then not."
    assert not turns[1].done()
    second.decide("yes")
    assert await turns[1] == "Written."
    assert len(agent.starts) == 1
