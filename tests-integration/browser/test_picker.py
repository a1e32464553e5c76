"""A person sees who will answer, and chooses another persona, engine or model in the input."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from persona.testing import ScriptedAgent, ScriptedLLM

from .axe import see
from .chat import ChatPage
from .lab import NO_RTC, Lab, poll
from .project import Project

in_one_mode = pytest.mark.parametrize("mode", ["websocket"], indirect=True, scope="session")


def button(chat: ChatPage) -> Locator:
    """Return the picker in the input's toolbar."""
    return chat.page.locator(
        ".jp-MainAreaWidget:not(.lm-mod-hidden) .persona-Picker-button:visible"
    ).last


def menu(chat: ChatPage) -> Locator:
    """Return its open menu."""
    return chat.page.get_by_role("dialog", name="Who answers")


def row(chat: ChatPage, name: str) -> Locator:
    """Return a row of the menu."""
    return menu(chat).get_by_role("radio").filter(has_text=name)


def picks(chat: ChatPage) -> list[list[str]]:
    """Return what the browser remembers of picks."""
    kept = chat.page.evaluate("localStorage.getItem('persona-jupyter:picks')")
    return json.loads(kept or "[]")


def test_picker_says_who_answers_and_the_chosen_one_does(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    llm.on("first").reply("One.")
    llm.on("second").reply("Two.")
    llm.on("third").reply("Three.")
    project.persona("Ada", "You are Ada.", avatar="🔬")
    project.persona("Bob", "You are Bob.", avatar="🪵")
    project.persona("Dora", engine="no-such-engine")
    (project.personas / "bad.persona.md").write_text("---\nnonsense: 1\n---\n", encoding="utf-8")
    chat.open(project.chat_path)
    chat.page.evaluate("localStorage.removeItem('persona-jupyter:picks')")  # of other tests
    expect(button(chat)).to_contain_text("Who answers?")
    chat.type("and you, @bob?")
    expect(button(chat)).to_have_text("Bob")
    expect(button(chat)).to_have_attribute("title", "Bob answers: mentioned in the message.")
    chat.input.fill("")

    button(chat).click()
    expect(menu(chat).get_by_role("radio")).to_have_count(5)
    expect(row(chat, "Ada")).to_be_focused()
    expect(row(chat, "bad")).to_have_attribute("aria-disabled", "true")
    expect(row(chat, "bad")).to_contain_text("nonsense")
    expect(row(chat, "Dora")).to_contain_text("no-such-engine")
    row(chat, "bad").click(force=True)
    expect(row(chat, "bad")).to_have_attribute("aria-checked", "false")
    row(chat, "Ada").click()
    expect(row(chat, "Ada")).to_have_attribute("aria-checked", "true")
    expect(menu(chat).get_by_label("Engine")).to_have_value("litellm")
    see(chat, "menu", ".persona-Picker-settings")
    expect(row(chat, "Ada")).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(menu(chat)).to_have_count(0)
    expect(chat.input).to_be_focused()
    expect(button(chat)).to_have_text("Ada")
    chat.send("first")
    expect(chat.body("One.")).to_have_count(1)
    assert project.wait_saved("One.")["sender"] == "persona::ada"
    assert project.wait_saved("first")["metadata"]["to"] == "ada"

    button(chat).click()
    row(chat, "Bob").click()
    chat.input.click(position={"x": 8, "y": 8})  # beside the menu
    expect(menu(chat)).to_have_count(0)
    chat.send("second")
    expect(chat.body("Two.")).to_have_count(1)
    assert project.wait_saved("Two.")["sender"] == "persona::bob"

    # A pick is kept when the page is loaded again.
    chat.reload()
    expect(button(chat)).to_have_text("Bob")
    expect(button(chat)).to_have_attribute("title", "Bob answers: chosen here.")

    button(chat).click()
    row(chat, "No one").click()
    chat.page.keyboard.press("Escape")
    expect(button(chat)).to_contain_text("No one")
    chat.reload()
    expect(button(chat)).to_contain_text("No one")
    chat.send("a note to myself")
    chat.send("@Ada third")
    expect(chat.body("Three.")).to_have_count(1)
    assert len(llm.requests) == 3
    chat.picture("no-one")

    # One that is not here any more is forgotten, and nothing is said of it.
    button(chat).click()
    row(chat, "Ada").click()
    chat.page.keyboard.press("Escape")
    expect(button(chat)).to_have_text("Ada")
    (project.personas / "ada.persona.md").unlink()
    expect(button(chat)).to_contain_text("Who answers?")
    chat.reload()
    expect(button(chat)).to_contain_text("Who answers?")
    poll(lambda: picks(chat) == [], "the pick to be forgotten")


def test_picker_changes_engine_model_and_options_and_takes_them_back(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    llm.on("which model").reply("The other.")
    project.persona("Ada", model="openai/scripted")
    project.persona("Bob", model="openai/scripted-too")
    chat.open(project.chat_path)
    button(chat).click()
    row(chat, "Ada").click()
    model = menu(chat).get_by_label("Model", exact=True)
    expect(model).to_have_value("openai/scripted")
    model.fill("too")
    expect(menu(chat).get_by_role("option", name="openai/scripted-too")).to_be_visible()
    chat.picture("models")
    chat.page.keyboard.press("ArrowDown")
    chat.page.keyboard.press("Enter")
    expect(row(chat, "Ada")).to_contain_text("openai/scripted-too")
    expect(menu(chat)).to_contain_text("changed here")
    expect(model).to_be_focused()
    model.fill("openai/free-text")
    chat.page.keyboard.press("Enter")
    expect(row(chat, "Ada")).to_contain_text("openai/free-text")
    chat.page.keyboard.press("Escape")
    chat.send("which model is it?")
    expect(chat.body("The other.")).to_have_count(1)
    (request,) = llm.wait_received(1, outcome="answered")
    assert request.body["model"] == "free-text"

    # What is changed by a command is seen at once, also while the menu is open.
    button(chat).click()
    expect(row(chat, "Ada")).to_be_focused()
    expect(menu(chat).get_by_label("Used in this chat")).to_contain_text("tokens in")
    engine = menu(chat).get_by_label("Engine")
    engine.select_option("recall")
    expect(row(chat, "Ada")).to_contain_text("recall")
    expect(engine).to_have_value("recall")
    chat.picture("changed")
    chat.picture("changed-dark", dark=True)
    menu(chat).get_by_role("button", name="Reset changes").click()
    expect(row(chat, "Ada")).to_contain_text("litellm · openai/scripted")
    expect(menu(chat).get_by_role("button", name="Reset changes")).to_have_count(0)
    expect(engine).to_be_focused()


def test_picker_offers_the_modes_of_an_agent_before_it_is_asked_anything(
    chat: ChatPage, project: Project, tmp_path: Path
) -> None:
    modes = [{"value": "auto", "name": "Auto"}, {"value": "ask", "name": "Ask me first"}]
    mode = {"id": "mode", "name": "Mode", "category": "mode", "type": "select"}
    agent = ScriptedAgent(
        tmp_path / "agent",
        session={"configOptions": [{**mode, "currentValue": "auto", "options": modes}]},
    )
    agent.on("go", {"text": "I go."})
    options = {"command": agent.command, "args": agent.args}
    project.persona("Heron", engine="acp", options=options, model=None)
    project.persona("Ada")
    chat.open(project.chat_path)
    button(chat).click()
    row(chat, "Heron").click()
    choice = menu(chat).get_by_label("Mode", exact=True)
    expect(choice).to_have_value("auto")
    chat.picture("modes")
    choice.select_option("Ask me first")
    expect(menu(chat).get_by_role("button", name="Reset changes")).to_be_visible()
    expect(menu(chat).get_by_text("changed here")).to_have_count(1)
    chat.page.keyboard.press("Escape")
    chat.send("go")
    expect(chat.body("I go.")).to_have_count(1)
    (set_to,) = agent.requests("session/set_config_option")
    assert (set_to["configId"], set_to["value"]) == ("mode", "ask")


def test_picker_tells_why_something_is_refused_and_loses_nothing(
    chat: ChatPage, project: Project
) -> None:
    project.persona("Ada", model="openai/scripted")
    chat.open(project.chat_path)
    chat.type("half a sentence")
    button(chat).click()
    engine = menu(chat).get_by_label("Engine")
    expect(engine).to_have_value("litellm")
    refused = engine.locator("option", has_text=re.compile("^acp$"))
    expect(refused).to_have_count(1)
    engine.select_option("acp")
    alert = menu(chat).get_by_role("alert")
    expect(alert).to_contain_text("command")
    expect(engine).to_have_value("litellm")
    chat.picture("refused")
    chat.picture("refused-dark", dark=True)
    chat.page.keyboard.press("Escape")
    expect(chat.input).to_have_value("half a sentence")
    # The browser itself notes the refusal.
    chat.complaints[:] = [said for said in chat.complaints if "400" not in said]


def test_picker_is_worked_with_the_keyboard_alone(chat: ChatPage, project: Project) -> None:
    project.persona("Ada")
    project.persona("Bob")
    chat.open(project.chat_path)
    button(chat).focus()
    chat.page.keyboard.press("Enter")
    expect(row(chat, "Ada")).to_be_focused()
    chat.page.keyboard.press("ArrowDown")
    expect(row(chat, "Bob")).to_be_focused()
    chat.page.keyboard.press(" ")
    expect(row(chat, "Bob")).to_have_attribute("aria-checked", "true")
    expect(row(chat, "Bob")).to_be_focused()
    expect(menu(chat).get_by_label("Engine")).to_be_visible()
    chat.page.keyboard.press("Tab")
    expect(menu(chat).get_by_label("Engine")).to_be_focused()
    chat.page.keyboard.press("Shift+Tab")
    chat.page.keyboard.press("End")
    expect(row(chat, "No one")).to_be_focused()
    chat.page.keyboard.press("Home")
    chat.page.keyboard.press("ArrowDown")
    chat.page.keyboard.press("Enter")
    expect(menu(chat)).to_have_count(0)
    expect(chat.input).to_be_focused()
    expect(button(chat)).to_have_text("Bob")


def test_changes_made_elsewhere_are_seen_without_a_reload(
    chat: ChatPage, project: Project, browser: Browser, lab: Lab
) -> None:
    project.persona("Ada", model="openai/scripted")
    chat.open(project.chat_path)
    expect(button(chat)).to_have_text("Ada")
    button(chat).click()
    expect(menu(chat).get_by_label("Engine")).to_have_value("litellm")
    context = browser.new_context(viewport={"width": 1100, "height": 760}, locale="en-US")
    other = ChatPage(context.new_page(), lab, chat._pictures)
    try:
        other.open(project.chat_path)
        button(other).click()
        menu(other).get_by_label("Engine").select_option("recall")
        expect(row(other, "Ada")).to_contain_text("recall")
        # This one is told by the chat's metadata: nobody wrote anything.
        expect(row(chat, "Ada")).to_contain_text("recall")
        expect(menu(chat).get_by_label("Engine")).to_have_value("recall")
        other.page.keyboard.press("Escape")
        other.send("/model @Ada openai/by-command")
        expect(row(chat, "Ada")).to_contain_text("openai/by-command")
        # Two people by now: only who is mentioned answers.
        expect(button(chat)).to_contain_text("Who is mentioned")
        row(chat, "Ada").click()
        expect(chat.input).to_have_value("@Ada ")
        expect(row(chat, "Ada")).to_have_attribute("aria-checked", "true")
    finally:
        context.close()
    assert other.complaints == []


@in_one_mode
def test_picker_without_personas_lets_the_chat_explain(
    browser: Browser, pictures: Path, tmp_path: Path, mode: str
) -> None:
    with Lab(tmp_path, tmp_path / "root", extra=[NO_RTC]) as lab:
        project = Project(lab, "empty", "http://127.0.0.1:1")
        page = browser.new_page(viewport={"width": 1100, "height": 760}, locale="en-US")
        chat = ChatPage(page, lab, pictures / f"picker-without-personas-{mode}")
        chat.open(project.chat_path)
        expect(button(chat)).to_contain_text("No persona")
        chat.type("draft")
        button(chat).click()
        expect(menu(chat)).to_contain_text("There is no persona here yet.")
        chat.picture("menu")
        explain = menu(chat).get_by_role("button", name="Show in the chat how to make one")
        expect(explain).to_be_focused()
        explain.click()
        expect(chat.body("helper.persona.md")).to_have_count(1)
        expect(chat.input).to_have_value("draft")
        page.close()
    assert chat.complaints == []


@in_one_mode
def test_long_answer_asks_the_server_for_the_catalog_only_a_few_times(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    llm.on("long").reply(" ".join(f"word{n}" for n in range(400)))
    project.persona("Ada")
    chat.open(project.chat_path)
    expect(button(chat)).to_have_text("Ada")
    asked: list[str] = []
    chat.page.on(
        "request", lambda sent: asked.append(sent.url) if "/api/personas?" in sent.url else None
    )
    chat.send("long")
    expect(chat.body("word399")).to_have_count(1)
    poll(lambda: json.dumps(project.saved()).count("word399"), "the answer")
    assert 0 < len(asked) < 12
