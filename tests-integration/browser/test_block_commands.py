"""A person changes a persona's engine, prompt and options from the chat, with the menu's help."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request, expect

from persona.testing import ScriptedAgent, ScriptedLLM

from .chat import ChatPage
from .lab import Lab, poll
from .project import Project

# The menu does not know how chats are kept.
in_one_mode = pytest.mark.parametrize("mode", ["websocket"], indirect=True, scope="session")

FIRST = "which of the stations is the coldest?"


PRESS = """at => setTimeout(() => document.querySelector(
    '.jp-MainAreaWidget:not(.lm-mod-hidden) .jp-chat-send-button').click(), at - Date.now())"""


@pytest.fixture
def other(chat: ChatPage, browser: Browser, lab: Lab, pictures: Path) -> Iterator[ChatPage]:
    """Give the tab of another person, in a browser profile of their own."""
    context = browser.new_context(viewport={"width": 1100, "height": 760}, locale="en-US")
    page = ChatPage(context.new_page(), lab, pictures / "other")
    yield page
    context.close()
    assert page.complaints == []


def send_together(*written: tuple[ChatPage, str]) -> None:
    """Send one message from each tab at the same moment."""
    for chat, text in written:
        chat.input.fill(text)
    at = time.time() * 1000 + 500
    for chat, _ in written:
        chat.page.evaluate(PRESS, at)
    for chat, _ in written:
        expect(chat.input).to_have_value("")


def asked(chat: ChatPage) -> list[str]:
    """Return a list that grows with what the menu asks the server."""
    found: list[str] = []

    def note(request: Request) -> None:
        if "/api/personas/completions" in request.url:
            found.append(request.url)

    chat.page.on("request", note)
    return found


def test_persona_knows_what_was_said_when_it_is_moved_to_another_engine(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Ada", engine="recall")
    chat.open(project.chat_path)
    chat.send(f"@Ada {FIRST}")
    expect(chat.body("I am no language model")).to_have_count(1)
    assert llm.requests == []

    chat.type("/eng")
    expect(chat.options.filter(has_text="/engine")).to_have_count(1)
    chat.page.keyboard.press("Enter")
    expect(chat.input).to_have_value("/engine ")
    chat.type("@ad")
    expect(chat.options).to_have_count(1)
    chat.page.keyboard.press("Enter")
    expect(chat.input).to_have_value("/engine @Ada ")
    chat.type("l")
    expect(chat.options.first).to_have_text(re.compile("^litellm"))
    chat.picture("engines")
    chat.picture("engines-dark", dark=True)
    chat.type("it")
    expect(chat.options).to_have_count(1)
    chat.page.keyboard.press("Enter")
    expect(chat.input).to_have_value("/engine @Ada litellm ")
    expect(chat.options).to_have_count(0)
    chat.page.keyboard.press("Enter")
    expect(chat.input).to_have_value("")
    moved = chat.body("Kept in this chat")
    expect(moved).to_contain_text("recall → litellm")

    llm.on("what did I ask first?").reply("You asked for the coldest station.")
    chat.send("@Ada what did I ask first?")
    expect(chat.body("You asked for the coldest station.")).to_have_count(1)
    (request,) = llm.wait_received(1, outcome="answered")
    assert FIRST in request.text
    assert "I am no language model" in request.text
    chat.picture("moved")

    chat.send("/engine @Ada recall")
    expect(chat.body("litellm → recall")).to_have_count(1)
    chat.send("@Ada and what did I ask last?")
    expect(chat.body("Your last message before this one was")).to_contain_text(
        "what did I ask first?"
    )
    assert len(llm.requests) == 1
    saved = project.wait_saved("You asked for the coldest station.")
    assert saved["sender"] == "persona::ada"


@in_one_mode
def test_persona_knows_what_was_said_when_it_is_moved_from_an_agent_and_back(
    chat: ChatPage, project: Project, llm: ScriptedLLM, tmp_path: Path
) -> None:
    agent = ScriptedAgent(tmp_path / "agent")
    agent.on("and now", {"text": "I am back."})
    agent.on("coldest", {"text": "North is."})
    options = {"command": agent.command, "args": agent.args, "api_key": "test"}
    project.persona("Heron", engine="acp", options=options, model="openai/fake")
    chat.open(project.chat_path)
    chat.send(f"@Heron {FIRST}")
    expect(chat.body("North is.")).to_have_count(1)

    llm.on("what did I ask first?").reply("You asked for the coldest station.")
    chat.send("/engine @Heron litellm")
    expect(chat.body("acp → litellm")).to_have_count(1)
    chat.send("@Heron what did I ask first?")
    expect(chat.body("You asked for the coldest station.")).to_have_count(1)
    (request,) = llm.wait_received(1, outcome="answered")
    assert FIRST in request.text
    assert "North is." in request.text
    # What only the agent's engine knows is not sent to the model.
    assert agent.args[-1] not in str(request.body)
    chat.picture("moved")

    chat.send("/engine @Heron acp")
    expect(chat.body("litellm → acp")).to_have_count(1)
    chat.send("@Heron and now?")
    expect(chat.body("I am back.")).to_have_count(1)
    # It has what came before in its session, and is told what was said meanwhile.
    assert FIRST in agent.prompts[0]
    assert "You asked for the coldest station." in agent.prompts[-1]
    assert len({request["sessionId"] for request in agent.requests("session/prompt")}) == 1


def test_two_people_change_a_persona_at_the_same_moment(
    chat: ChatPage, other: ChatPage, project: Project, llm: ScriptedLLM, mode: str
) -> None:
    project.persona("Ada", "You help.")
    both = (chat, other)
    for page in both:
        page.open(project.chat_path)
    send_together(
        (chat, "/model @Ada openai/one"), (other, "/system-prompt @Ada Your word is lapwing.")
    )
    for page in both:
        expect(page.body("openai/scripted → openai/one")).to_have_count(1)
        expect(page.body("Ada: a new prompt")).to_have_count(1)
    llm.on("go").reply("Gone.")
    chat.send("@Ada go")
    for page in both:
        expect(page.body("Gone.")).to_have_count(1)
    (request,) = llm.wait_received(1, outcome="answered")
    assert request.model == "one"
    assert "lapwing" in request.system

    send_together((chat, "/model @Ada openai/two"), (other, "/model @Ada openai/three"))
    for page in both:
        expect(page.body(re.compile("→ openai/(two|three)"))).to_have_count(2)
        expect(page.body("openai/one → openai/")).to_have_count(1)  # the other came after it
        # With collaboration jupyterlab-chat 0.25 itself loses one of two messages that come at
        # once, when it sets their times; what they ask for is done all the same.
        if mode == "websocket":
            for wanted in ("two", "three"):
                expect(page.body(f"/model @Ada openai/{wanted}")).to_have_count(1)
    told = [page.body(re.compile("→ openai/(two|three)")).all_inner_texts() for page in both]
    assert told[0] == told[1]
    last = re.findall("→ openai/(two|three)", told[0][-1])
    llm.on("once more").reply("Done.")
    other.send("@Ada once more")
    for page in both:
        expect(page.body("Done.")).to_have_count(1)
    request = llm.wait_received(2, outcome="answered")[-1]
    assert [request.model] == last
    assert "lapwing" in request.system
    chat.picture("both")


@in_one_mode
def test_enter_sends_when_the_word_is_complete(chat: ChatPage, project: Project) -> None:
    project.persona("Ada", engine="recall")
    project.persona("Adam", engine="recall")
    chat.open(project.chat_path)
    chat.type("/engine @Ada")
    # The names are there once, though two menus know them.
    expect(chat.options).to_have_text([re.compile("^A?@Ada"), re.compile("^A?@Adam")])
    chat.page.keyboard.press("Enter")
    expect(chat.input).to_have_value("/engine @Ada ")
    chat.page.keyboard.type("litellm", delay=150)
    expect(chat.options).to_have_count(0)
    chat.page.keyboard.press("Enter")
    expect(chat.input).to_have_value("")
    expect(chat.body("recall → litellm")).to_have_count(1)

    # Without any pause too: no menu comes late and catches the key.
    chat.page.keyboard.type("/engine @Adam litellm")
    chat.page.keyboard.press("Enter")
    expect(chat.input).to_have_value("")
    expect(chat.body("recall → litellm")).to_have_count(2)


@in_one_mode
def test_prompt_is_typed_in_peace(chat: ChatPage, project: Project, llm: ScriptedLLM) -> None:
    project.persona("Ada")
    chat.open(project.chat_path)
    requests = asked(chat)
    prompt = "You are a poet of the sea. Write short lines; temperature=0 or lit/erature, no more."
    chat.input.focus()
    chat.page.keyboard.type(f"/system-prompt @Ada {prompt}", delay=25)
    expect(chat.options).to_have_count(0)
    chat.page.keyboard.press("Enter")
    expect(chat.input).to_have_value("")
    expect(chat.body("a new prompt")).to_have_count(1)
    assert len(requests) <= 4, requests
    llm.on("go").reply("Waves.")
    chat.send("@Ada go")
    expect(chat.body("Waves.")).to_have_count(1)
    assert prompt in llm.requests[-1].system

    chat.reload()
    chat.type("/reset @Ada sys")
    expect(chat.options).to_have_count(1)
    chat.page.keyboard.press("Enter")
    chat.page.keyboard.press("Enter")
    expect(chat.input).to_have_value("")
    expect(chat.body("as its file says again")).to_have_count(1)
    llm.on("once more").reply("Yes.")
    chat.send("@Ada once more")
    expect(chat.body("Yes.")).to_have_count(1)
    assert prompt not in llm.requests[-1].system


@in_one_mode
def test_option_is_picked_and_its_value_follows(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Ada", options={"api_key": "test", "timeout": 60})
    chat.open(project.chat_path)
    chat.type("/options @Ada time")
    expect(chat.options.first).to_have_text(re.compile("^timeout=.*Seconds"))
    chat.picture("options")
    chat.page.keyboard.press("Enter")
    expect(chat.input).to_have_value("/options @Ada timeout=")
    chat.type("30")
    expect(chat.options).to_have_count(0)
    chat.page.keyboard.press("Enter")
    expect(chat.input).to_have_value("")
    expect(chat.body("timeout 60 → 30")).to_have_count(1)
    llm.on("still there?").reply("I am.")
    chat.send("@Ada still there?")
    expect(chat.body("I am.")).to_have_count(1)
    poll(lambda: "api_key" not in str(project.saved()), "the chat to be saved without the key")
