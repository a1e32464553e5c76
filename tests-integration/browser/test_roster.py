"""A person sees who takes part in a chat, and removes, adds and chooses personas there."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Browser, Locator, expect

from persona.testing import ScriptedLLM

from .chat import ChatPage
from .lab import Lab, poll
from .project import Project

AT_WORK = re.compile("is (starting|thinking|writing)")
TABLES = """\
[personas.yan]
engine = "litellm"
model.model_id = "openai/scripted"
identity = { name = "Yan" }

[personas.zoe]
engine = "litellm"
model.model_id = "openai/scripted"
identity = { name = "Zoe" }
"""
TALK = ".jp-MainAreaWidget:has(.jp-chat-input-textfield):not(.lm-mod-hidden)"


def button(chat: ChatPage) -> Locator:
    """Return the roster's button in the input's toolbar."""
    return chat.page.locator(f"{TALK} .persona-Roster-button").first


def panel(chat: ChatPage) -> Locator:
    """Return the open roster."""
    return chat.page.locator(".persona-Roster-panel")


def row(chat: ChatPage, name: str) -> Locator:
    """Return the head of a persona's row."""
    return panel(chat).locator(".persona-Roster-row").filter(has_text=name)


def act(chat: ChatPage, what: str, name: str) -> Locator:
    """Return a button of an unfolded row."""
    return panel(chat).get_by_role("button", name=f"{what}: {name}")


def stored(project: Project) -> Any:
    """Return what the chat's file says of who takes part."""
    try:
        chat = json.loads((project.folder / project.chat_name).read_text(encoding="utf-8"))
    except ValueError:  # half written
        return None
    return chat.get("metadata", {}).get("persona_roster")


def test_roster_tells_states_and_makes_default_removes_and_adds(
    chat: ChatPage, project: Project, llm: ScriptedLLM, browser: Browser, lab: Lab, mode: str
) -> None:
    llm.on("who is it").reply("Bob it is.")
    llm.on("take your time").reply("Slowly. " * 40, delay=0.3)
    project.persona("Ada", "You are Ada.", avatar="🔬", model="openai/scripted")
    project.persona("Bob", "You are Bob.", avatar="🪵")
    project.persona("Dora", engine="no-such-engine")
    keyless = "---\nidentity: {name: Kim}\nmodel: anthropic/no-such-model\n---\n"
    (project.personas / "kim.persona.md").write_text(keyless, encoding="utf-8")
    (project.personas / "bad.persona.md").write_text("---\nnonsense: 1\n---\n", encoding="utf-8")
    chat.open(project.chat_path)
    keys = chat.page.keyboard
    expect(button(chat)).to_have_text("5")
    expect(button(chat)).to_have_attribute("title", "5 personas in this chat, 2 cannot answer")

    picker = chat.page.locator(f"{TALK} .persona-Picker > .persona-Picker-button")
    picker.click()
    chat.page.get_by_role("radio").filter(has_text="Ada").click()
    keys.press("Escape")
    expect(picker).to_have_text("Ada")

    # All states, and why; by keyboard alone.
    button(chat).focus()
    keys.press("Enter")
    expect(panel(chat)).to_have_attribute("role", "dialog")
    expect(row(chat, "Ada")).to_be_focused()
    expect(row(chat, "Ada")).to_contain_text("idle")
    expect(row(chat, "Ada")).to_contain_text("litellm · openai/scripted")
    expect(row(chat, "Dora")).to_contain_text("not available")
    expect(row(chat, "bad")).to_contain_text("broken")
    expect(row(chat, "Kim")).to_contain_text("needs a login")
    keys.press("End")
    expect(row(chat, "bad")).to_be_focused()
    keys.press("Enter")
    expect(panel(chat)).to_contain_text("line 2: ")
    expect(panel(chat)).to_contain_text(".jupyter/personas/bad.persona.md")
    chat.picture("states")
    keys.press("Home")
    keys.press("ArrowDown")
    expect(row(chat, "Bob")).to_be_focused()
    keys.press("Enter")
    expect(act(chat, "Open file", "Bob")).to_be_visible()

    # Make default; the keyboard stays on the button, whose words change.
    keys.press("Tab")
    expect(act(chat, "Open file", "Bob")).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    expect(act(chat, "No longer default", "Bob")).to_be_focused()
    expect(row(chat, "Bob")).to_contain_text("default")
    expect(panel(chat).get_by_role("status")).to_have_text(re.compile("^Bob answers in this chat"))
    chat.picture("default")
    chat.picture("default-dark", dark=True)
    expect(act(chat, "No longer default", "Bob")).to_be_focused()
    keys.press("Escape")
    expect(panel(chat)).to_have_count(0)
    expect(button(chat)).to_be_focused()
    # It goes before whom this person had chosen until now.
    expect(picker).to_have_text("Bob")
    chat.send("who is it?")
    expect(chat.body("Bob it is.")).to_have_count(1)
    assert project.wait_saved("Bob it is.")["sender"] == "persona::bob"

    # Removed in the middle of a reply; whoever else is there sees it all without a reload.
    context = browser.new_context(viewport={"width": 660, "height": 700}, locale="en-US")
    other = ChatPage(context.new_page(), lab, chat._pictures.with_name("roster-other"))
    shared = mode == "rtc"
    try:
        if shared:
            other.open(project.chat_path)
            button(other).click()
            expect(row(other, "Bob")).to_contain_text("default")
        chat.send("@Bob take your time")
        button(chat).click()
        row(chat, "Bob").click()
        expect(row(chat, "Bob")).to_contain_text(AT_WORK)
        if shared:
            expect(row(other, "Bob")).to_contain_text(AT_WORK)
        act(chat, "Remove from this chat", "Bob").focus()
        keys.press("Enter")
        expect(act(chat, "Add to this chat", "Bob")).to_be_focused()
        expect(chat.stop_button).to_have_count(0)
        if shared:
            expect(row(other, "Bob")).to_contain_text("removed from this chat")
            expect(button(other)).to_have_text("4")
            other.picture("narrow")
    finally:
        context.close()
    assert other.complaints == []
    keys.press("Escape")

    # It answers no more, is in no menu, and keeps its name in what it has said.
    poll(lambda: stored(project) == {"bob": "removed"}, "the removal in the file")
    chat.send("@Bob are you there?")
    expect(chat.body("Bob was removed from this chat.")).to_have_count(1)
    chat.type("@b")
    expect(chat.options.filter(has_text="bad")).to_have_count(1)
    expect(chat.options.filter(has_text="Bob")).to_have_count(0)
    keys.press("Escape")
    chat.input.fill("")
    chat.pick("/add @", "@Bob")
    chat.input.fill("")
    chat.reload()
    expect(chat.avatar("Bob")).to_be_visible()

    # Back again; its file opens beside the chat.
    expect(button(chat)).to_have_text("4")
    button(chat).click()
    row(chat, "Bob").click()
    chat.picture("removed")
    act(chat, "Add to this chat", "Bob").click()
    expect(row(chat, "Bob")).to_contain_text("idle")
    poll(lambda: stored(project) == {}, "its return in the file")
    act(chat, "Open file", "Bob").click()
    expect(panel(chat)).to_have_count(0)
    expect(chat.page.locator(".jp-FileEditor .cm-content")).to_contain_text("You are Bob.")

    # A new one.
    button(chat).click()
    panel(chat).get_by_role("button", name="Create a persona").click()
    expect(chat.page.locator(".jp-FileEditor .cm-content").last).to_contain_text("Assistant")
    expect(button(chat)).to_have_text("6")
    assert (project.personas / "assistant.persona.md").is_file()

    # One of a file that defines several: the editor goes to its line.
    settings = project.personas.parent / "personas.toml"
    settings.write_text(TABLES, encoding="utf-8")
    expect(button(chat)).to_have_text("8")
    button(chat).click()
    row(chat, "Zoe").click()
    expect(panel(chat)).to_contain_text("personas.toml, line 6")
    act(chat, "Open file", "Zoe").click()
    expect(chat.page.get_by_text("Ln 6, Col 1")).to_be_visible()
