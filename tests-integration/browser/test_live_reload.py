"""Persona files change on disk while a chat is open; nobody sends a command."""

from __future__ import annotations

import re
import shutil
import time

from playwright.sync_api import expect

from persona.testing import ScriptedLLM

from .chat import ChatPage
from .lab import poll
from .project import Project

SOON = 2.0
"""Seconds within which a change must take effect."""

FAULT = "temprature"


def speaks_when_asked(llm: ScriptedLLM) -> None:
    llm.on(system="owl").reply("Hoo, says the owl.")
    llm.on(system="crow").reply("Krah, says the crow.")
    llm.on(system="wren").reply("Tsi, says the wren.")


def test_next_answer_follows_the_file_when_it_was_edited(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    file = project.persona("Researcher", "Speak like an owl.")
    speaks_when_asked(llm)
    chat.open(project.chat_path)
    chat.send("@Researcher speak")
    expect(chat.body("Hoo, says the owl.")).to_have_count(1)

    draft = file.with_name(".draft")
    draft.write_text(file.read_text(encoding="utf-8").replace("owl", "crow"), encoding="utf-8")
    draft.replace(file)  # as editors save
    time.sleep(SOON)
    chat.send("speak again")
    expect(chat.body("Krah, says the crow.")).to_have_count(1)
    assert "owl" not in llm.requests[-1].system
    assert llm.requests[-1].system.count("crow") == 1

    project.persona("Researcher", "Speak like a wren.")
    time.sleep(SOON)
    chat.send("and again")
    expect(chat.body("Tsi, says the wren.")).to_have_count(1)
    # The chat says nothing of its own about edits that are fine.
    expect(chat.bodies).to_have_count(6)


def test_menu_follows_the_files_when_they_come_and_go(chat: ChatPage, project: Project) -> None:
    shutil.rmtree(project.folder / ".jupyter")
    chat.open(project.chat_path)
    chat.type("@")
    expect(chat.options).to_have_count(0)
    chat.input.fill("")

    project.personas.mkdir(parents=True)
    file = project.persona("Newcomer", description="Came later")
    menu_shows(chat, "@Newcomer")
    expect(chat.options.filter(has_text="@Newcomer")).to_contain_text("Came later")
    chat.picture("came")
    file.rename(file.with_name("moved.persona.md"))
    menu_shows(chat, "@Newcomer")
    file.with_name("moved.persona.md").unlink()
    menu_shows(chat)


def menu_shows(chat: ChatPage, *names: str) -> None:
    """Type an @ again and again until the menu shows exactly these."""

    def look() -> bool:
        chat.input.fill("")
        expect(chat.options).to_have_count(0)
        chat.type("@")
        time.sleep(0.3)
        return [text.split()[0] for text in chat.options.all_inner_texts()] == list(names)

    poll(look, f"{names} in the menu")


def test_broken_edit_is_told_and_the_old_prompt_answers_until_it_is_mended(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    file = project.persona("Researcher", "Speak like an owl.")
    good = file.read_text(encoding="utf-8")
    speaks_when_asked(llm)
    chat.open(project.chat_path)
    chat.send("@Researcher speak")
    expect(chat.body("Hoo, says the owl.")).to_have_count(1)

    broken = good.replace('"options"', f'"{FAULT}": 0.2, "options"').replace("owl", "crow")
    file.write_text(broken, encoding="utf-8")
    told = chat.body("keeps its last good version")
    expect(told).to_have_count(1)
    expect(told).to_contain_text(re.compile(r"researcher\.persona\.md:\d+"))
    expect(told).to_contain_text(FAULT)
    chat.picture("told")
    chat.send("speak again")
    expect(chat.body("Hoo, says the owl.")).to_have_count(2)

    count = chat.messages.count()
    for number in range(3):  # the same fault, saved again
        file.write_text(broken + "\n" * number, encoding="utf-8")
        time.sleep(0.7)
    assert chat.messages.count() == count
    chat.send("/personas")
    table = chat.page.locator(".jp-chat-rendered-message table").first
    expect(table).to_contain_text("ready, last good version: line")
    chat.picture("table-dark", dark=True)

    file.write_text(good.replace("owl", "wren"), encoding="utf-8")
    mended = chat.body("is repaired and used again")
    expect(mended).to_have_count(1)
    chat.send("and again")
    expect(chat.body("Tsi, says the wren.")).to_have_count(1)
    chat.reload()
    expect(mended).to_have_count(1)
    expect(told).to_have_count(1)
