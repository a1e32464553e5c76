"""Every view of ours is open to everybody: axe finds nothing serious in it, in both themes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from persona.testing import ScriptedLLM

from .axe import findings, see
from .chat import ChatPage
from .lab import poll
from .project import Project
from .test_picker import button, menu, row
from .test_reports import OLD, go_on, script

# What is drawn is the same in both modes; where a view is tested, axe looks at it in both.
in_one_mode = pytest.mark.parametrize("mode", ["websocket"], indirect=True, scope="session")


def unfold(chat: ChatPage) -> None:
    """Open all that is folded."""
    chat.page.locator(".persona-Report [aria-expanded=false]").evaluate_all(
        "folds => folds.forEach(fold => fold.click())"
    )


@in_one_mode
def test_axe_finds_nothing_serious_before_the_first_message(
    chat: ChatPage, project: Project
) -> None:
    shutil.rmtree(project.personas)
    chat.open(project.chat_path)
    create = chat.page.get_by_role("button", name="Create a persona", exact=True)
    expect(create).to_be_visible()
    see(chat, "first-use-none", ".persona-FirstUse")

    project.personas.mkdir(parents=True)
    project.persona("Bob", "You are Bob.", avatar="🪵")
    chat.open(project.chat_path)
    expect(button(chat)).to_be_visible()
    see(chat, "first-use", ".persona-FirstUse-person", ".persona-Picker-button")

    project.persona("Dora", engine="no-such-engine")
    (project.personas / "bad.persona.md").write_text("---\nnonsense: 1\n---\n", encoding="utf-8")
    chat.send("/personas")
    expect(chat.body("Where from")).to_have_count(1)

    button(chat).click()
    row(chat, "Bob").click()
    expect(menu(chat).get_by_label("Engine")).to_be_visible()
    menu(chat).get_by_label("Model", exact=True).fill("script")
    see(chat, "picker", ".persona-Picker-settings", ".persona-Picker-model")
    menu(chat).get_by_label("Model", exact=True).press("Escape")
    menu(chat).get_by_label("Engine").select_option("acp")
    expect(menu(chat).get_by_role("alert")).to_be_visible()
    see(chat, "picker-refused", ".persona-Picker-error")
    chat.complaints[:] = [said for said in chat.complaints if "400" not in said]
    chat.page.keyboard.press("Escape")

    chat.page.locator(".persona-Roster-button").first.click()
    chat.page.locator(".persona-Roster-row").first.press("Enter")
    see(chat, "roster", ".persona-Roster-panel", ".persona-Roster-row[aria-expanded=true]")
    chat.page.keyboard.press("Escape")

    chat.type("@")
    expect(chat.options.first).to_be_visible()
    see(chat, "menu-people", "[role=listbox] [role=option]")
    chat.input.fill("")
    chat.type("/")
    expect(chat.options.first).to_be_visible()
    see(chat, "menu-commands", "[role=listbox] [role=option]")


@in_one_mode
def test_axe_finds_nothing_serious_in_a_conversation(
    chat: ChatPage, project: Project, llm: ScriptedLLM, tmp_path: Path
) -> None:
    project.persona("Ghost")
    llm.on("are you").reply("Boo, I say.")
    chat.open(project.chat_path)
    chat.send("@Ghost are you there?")
    expect(chat.page.locator(".persona-ReplyFooter")).to_have_count(1)
    poll(lambda: "persona_definitions" in project.chat_text(), "the definition in the chat")

    # Elsewhere the persona is only in the chat.
    other = Project(project.lab, f"{project.folder.name}-other", llm.url)
    (other.folder / other.chat_name).write_text(project.chat_text(), encoding="utf-8")
    file = other.folder / "hello.py"
    file.write_text(OLD, encoding="utf-8")
    agent = script(tmp_path / "agent", file)
    options = {"command": agent.command, "args": agent.args}
    other.persona("Heron", engine="acp", model=None, options=options)
    chat.open(other.chat_path)
    chat.send("@Ghost are you here?")
    expect(chat.page.get_by_role("button", name="Save Ghost as a persona")).to_be_visible()
    see(chat, "footer-and-save", ".persona-ReplyFooter", ".persona-Permission-button")

    chat.send("@Heron greet the world")
    expect(chat.page.get_by_role("button", name="Go on", exact=True)).to_be_visible()
    unfold(chat)
    see(chat, "question", ".persona-Report", ".persona-Permission-button", ".persona-StopButton")
    for _ in range(2):
        go_on(chat)
    expect(chat.body("All is checked.")).to_have_count(1)
    expect(chat.stop_button).to_have_count(0)
    unfold(chat)
    see(chat, "reports", ".persona-Report", ".persona-mod-diff")


@in_one_mode
def test_axe_tells_of_a_planted_fault(chat: ChatPage, project: Project) -> None:
    chat.open(project.chat_path)
    chat.page.evaluate(
        """() => document.body.insertAdjacentHTML('beforeend',
            "<div class='persona-Planted' style='position: fixed; top: 0; z-index: 9999;" +
            " background: white'><button></button><span style='color: #ddd'>pale</span></div>")"""
    )
    found = "\n".join(findings(chat.page))
    assert "button-name" in found and "color-contrast" in found
