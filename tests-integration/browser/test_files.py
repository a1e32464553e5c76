"""Persona files are edited, broken and repaired while a chat is open."""

from __future__ import annotations

from playwright.sync_api import expect

from persona.testing import ScriptedLLM

from .chat import ChatPage
from .project import Project

BROKEN = """\
---
identity:
  name: Broken
model: openai/scripted
temprature: 0.2
---
You never answer.
"""


def test_next_answer_follows_the_file_when_it_was_edited_and_refreshed(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Researcher", "Speak like an owl.")
    llm.on(system="owl").reply("Hoo, says the owl.")
    llm.on(system="crow").reply("Krah, says the crow.")
    chat.open(project.chat_path)
    chat.send("@Researcher speak")
    expect(chat.body("Hoo, says the owl.")).to_have_count(1)

    project.persona("Researcher", "Speak like a crow.")
    project.persona("Newcomer")
    chat.pick("/ref", "/refresh-personas")
    chat.press_send()
    # What changed may have taken effect by itself just before.
    expect(chat.body("2 personas ready.")).to_have_count(1)
    chat.send("speak again")
    expect(chat.body("Krah, says the crow.")).to_have_count(1)
    assert "owl" not in llm.requests[-1].system


def test_good_persona_answers_and_one_message_tells_when_another_file_is_broken(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Researcher", description="Reads papers")
    broken = project.personas / "broken.persona.md"
    broken.write_text(BROKEN, encoding="utf-8")
    chat.open(project.chat_path)
    told = chat.body("One persona file needs a look")
    expect(told).to_have_count(1)
    expect(told.get_by_role("listitem")).to_be_hidden()
    told.locator("summary").click()
    expect(told).to_contain_text(f"{project.folder.name}/.jupyter/personas/broken.persona.md:5")
    expect(told).to_contain_text("temperature")
    chat.picture("told")

    llm.on("hello").reply("Good morning.")
    chat.send("@Researcher hello")
    expect(chat.body("Good morning.")).to_have_count(1)
    chat.send("/personas")
    table = chat.page.locator(".jp-chat-rendered-message table").first
    expect(table.locator("tbody tr")).to_have_count(2)
    expect(table).to_contain_text("@Researcher")
    expect(table).to_contain_text("broken")
    chat.picture("table-dark", dark=True)
    chat.reload()
    expect(chat.body("Good morning.")).to_have_count(1)
    expect(told).to_have_count(1)

    broken.write_text(BROKEN.replace("temprature: 0.2\n", ""), encoding="utf-8")
    chat.send("/refresh-personas")
    expect(chat.body("All persona files can be used.")).to_have_count(1)
    expect(told).to_have_count(0)
