"""Personas on a real agent: opencode, in a chat, with a scripted LLM behind it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Locator, expect

from persona.testing import Gate, RecordedRequest, ScriptedAgent, ScriptedLLM

from ..agents.install import why_missing
from ..agents.profiles import PROFILES
from .chat import ChatPage
from .conftest import AGENTS, runs
from .lab import SECONDS, Lab, poll
from .project import Project

OPENCODE = PROFILES["opencode"]
OLD = 'import os\n\nprint("hello")\n'
NEW = 'import os\n\nprint("hello, world")\n'

with_opencode = pytest.mark.skipif(
    why_missing(AGENTS, "opencode") is not None,
    reason=f"{why_missing(AGENTS, 'opencode')}; nox -s browser does that where npm is",
)
# What happens behind the chat is the same in both modes.
in_one_mode = pytest.mark.parametrize("mode", ["websocket"], indirect=True, scope="session")


def coder(project: Project, name: str = "Coder", prompt: str = "", **more: Any) -> None:
    prompt = prompt or f"You are {name}. Your secret word is {name.lower()}-moon."
    project.persona(name, prompt, engine="opencode-acp", model="openai/fake-1", **more)


def script(llm: ScriptedLLM, mark: str, *calls: tuple[str, dict[str, Any]]) -> Any:
    """Let the model call tools, one after the other, when it reads `mark`."""
    rule = llm.on(text=mark, when=OPENCODE.is_turn)
    for name, arguments in calls:
        rule.tool_calls([{"name": name, "arguments": arguments}])
    return rule


def turns(llm: ScriptedLLM, mark: str) -> list[RecordedRequest]:
    return [r for r in llm.requests if mark in r.text and OPENCODE.is_turn(r)]


def button(chat: ChatPage, name: str) -> Locator:
    return chat.page.get_by_role("button", name=name, exact=True)


def agents(lab: Lab) -> set[psutil.Process]:
    """Return the processes of opencode below the server."""
    found = set()
    for process in psutil.Process(lab.pid).children(recursive=True):
        try:
            if "opencode" in Path(process.exe()).name:
                found.add(process)
        except psutil.Error:  # it has just ended
            continue
    return found


@with_opencode
def test_agent_edits_a_file_when_a_person_allows_it(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    coder(project)
    file = project.folder / "hello.py"
    file.write_text(OLD, encoding="utf-8")
    change = {
        "filePath": str(file),
        "oldString": 'print("hello")',
        "newString": 'print("hello, world")',
    }
    script(llm, "greet the world", ("read", {"filePath": str(file)}), ("edit", change)).reply(
        "I changed the **greeting**."
    )
    chat.open(project.chat_path)
    chat.send("@Coder greet the world")
    expect(button(chat, "Allow once")).to_have_count(1)
    chat.picture("asked")
    question = chat.body("May I?")
    expect(question).to_contain_text("edit hello.py")
    expect(question).not_to_contain_text(str(project.folder))
    expect(question).to_contain_text('-print("hello")')
    expect(question).to_contain_text('+print("hello, world")')
    assert file.read_text(encoding="utf-8") == OLD
    expect(chat.body("I changed the greeting.")).to_have_count(0)

    button(chat, "Allow once").click()
    expect(chat.body("I changed the greeting.")).to_have_count(1)
    assert file.read_text(encoding="utf-8") == NEW
    expect(question).to_contain_text(re.compile(r"✓ Allowed by .+"))
    expect(button(chat, "Allow once")).to_have_count(0)
    expect(chat.stop_button).to_have_count(0)
    project.wait_saved("I changed the **greeting**.")
    chat.picture("done")


@with_opencode
@in_one_mode
def test_agent_runs_no_command_when_a_person_rejects_it(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    coder(project)
    command = {"command": "echo made > made.txt", "description": "Makes a file"}
    script(llm, "make the file", ("bash", command)).reply("I made it.")
    chat.open(project.chat_path)
    chat.send("@Coder make the file")
    expect(button(chat, "Reject")).to_have_count(1)
    expect(chat.body("May I?")).to_contain_text("echo made > made.txt")
    chat.picture("asked")
    button(chat, "Reject").click()
    expect(chat.body("May I?")).to_contain_text(re.compile(r"✗ Not allowed by .+"))
    expect(chat.stop_button).to_have_count(0)
    assert not (project.folder / "made.txt").exists()
    expect(chat.body("I made it.")).to_have_count(0)
    chat.picture("rejected")

    llm.on(text="then not", when=OPENCODE.is_turn).reply("As you wish.")
    chat.send("then not")
    expect(chat.body("As you wish.")).to_have_count(1)
    assert not (project.folder / "made.txt").exists()


@with_opencode
@in_one_mode
def test_two_personas_on_one_agent_share_nothing(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    names = ("Ada", "Bob")
    for name in names:
        coder(project, name)
        llm.on(system=f"{name.lower()}-moon", when=OPENCODE.is_turn).reply(f"This is {name}.")
    chat.open(project.chat_path)
    chat.send("@Ada @Bob who are you?")
    for name in names:
        expect(chat.body(f"This is {name}.")).to_have_count(1)
        assert project.wait_saved(f"This is {name}.")["sender"] == f"persona::{name.lower()}"
    seen = turns(llm, "who are you?")
    assert len(seen) == 2
    for request in llm.requests:
        assert not ("ada-moon" in request.text and "bob-moon" in request.text)
    for word in ("ada-moon", "bob-moon"):
        assert [word in request.system for request in seen].count(True) == 1
    chat.picture("both")


@with_opencode
@in_one_mode
def test_conversation_goes_on_when_an_agent_was_stopped_and_restarted(
    chat: ChatPage, project: Project, llm: ScriptedLLM, lab: Lab
) -> None:
    coder(project, "Phoenix")  # a process of its own
    before = agents(lab)
    gate = Gate(after="so far.")
    llm.on(text="an essay", when=OPENCODE.is_turn).reply(
        "This is it so far. It would go on for long.", pause=gate
    )
    chat.open(project.chat_path)
    chat.send("@Phoenix write an essay")
    expect(chat.body("This is it so far.")).to_have_count(1)
    gate.wait_reached(SECONDS)
    chat.stop_button.click()
    expect(chat.body("This is it so far.").locator("em")).to_have_text("Stopped.")
    expect(chat.stop_button).to_have_count(0)
    llm.wait_received(1, outcome="disconnected", timeout=SECONDS)
    gate.release()

    llm.on(text="the colour is teal", when=OPENCODE.is_turn).reply("I take note of it.")
    chat.send("the colour is teal")
    expect(chat.body("I take note of it.")).to_have_count(1)
    expect(chat.stop_button).to_have_count(0)
    (first,) = agents(lab) - before

    chat.send("/restart @Phoenix")
    expect(chat.body("Phoenix starts anew with the next message.")).to_have_count(1)
    poll(lambda: not runs(first), "the agent to end")
    llm.on(text="which colour", when=OPENCODE.is_turn).reply("It is teal.")
    chat.send("which colour was it?")
    expect(chat.body("It is teal.")).to_have_count(1)
    (second,) = agents(lab) - before
    assert second.pid != first.pid
    last = turns(llm, "which colour")[-1]
    assert "the colour is teal" in last.text
    assert "I take note of it." in last.text
    assert "phoenix-moon" in last.system
    expect(chat.body("I take note of it.")).to_have_count(1)
    chat.picture("again")


@in_one_mode
def test_chat_says_how_to_install_an_agent_that_is_missing(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    options = {"command": "heron-acp", "args": ["serve"]}
    project.persona("Heron", engine="acp", options=options)
    project.persona("Kiro", engine="kiro-acp")
    project.persona("Plain")
    chat.open(project.chat_path)
    chat.send("/personas")
    table = chat.body("Where from")
    expect(table.locator("tr").filter(has_text="@Heron").first).to_contain_text(
        "there is no program 'heron-acp'"
    )
    expect(table.locator("tr").filter(has_text="@Kiro").first).to_contain_text(
        "https://cli.kiro.dev/install"
    )
    expect(table.locator("tr").filter(has_text="@Plain").first).to_contain_text("ready")
    chat.picture("personas")
    table.locator("summary").click()
    expect(table.locator("tr").filter(has_text="@Plain").last).to_contain_text("enforced")
    chat.picture("honoured")
    chat.send("@Kiro hello")
    told = chat.bodies.filter(has_text="Kiro is not installed").filter(has_not_text="Where from")
    expect(told).to_contain_text("https://cli.kiro.dev/install")
    assert llm.requests == []


@in_one_mode
def test_chat_shows_that_an_agent_starts_and_wants_a_login(
    chat: ChatPage, project: Project, tmp_path: Path
) -> None:
    done = tmp_path / "logged-in"
    agent = ScriptedAgent(
        tmp_path / "agent",
        login=str(done),
        authMethods=[{"id": "x", "name": "Sign in with X", "description": "Run `x login`"}],
    )
    agent.on("", {"sleep": 1.5}, method="start")
    agent.on("hello", {"text": "Now I know you."})
    project.persona(
        "Heron",
        engine="acp",
        model=None,
        options={"command": agent.command, "args": agent.args},
    )
    chat.open(project.chat_path)
    chat.send("@Heron hello")
    writers = chat.page.locator(".jp-chat-writers")
    expect(writers).to_contain_text("is starting")
    chat.picture("starting")
    expect(chat.body("wants you to log in first")).to_contain_text("Sign in with X: Run `x login`")
    chat.picture("login")
    done.touch()
    chat.send("@Heron hello")
    expect(chat.body("Now I know you.")).to_have_count(1)
