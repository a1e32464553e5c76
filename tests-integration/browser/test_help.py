"""Nobody can answer, and the chat says what to do."""

from __future__ import annotations

from playwright.sync_api import expect

from persona.testing import ScriptedLLM

from .chat import ChatPage
from .lab import free_port
from .project import Project


def test_chat_says_how_to_make_a_persona_when_there_is_none(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    chat.open(project.chat_path)
    chat.send("Hello, is anybody there?")
    hint = chat.body("There is no persona here yet.")
    expect(hint).to_have_count(1)
    expect(hint).to_contain_text(".jupyter/personas/helper.persona.md")
    expect(hint.locator("pre")).to_contain_text("identity:")
    chat.picture("dark", dark=True)
    assert llm.requests == []


def test_chat_guesses_the_name_when_nobody_is_called_so(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Researcher")
    project.persona("Data Sage")
    chat.open(project.chat_path)
    chat.send("@Reseacher hello")
    expect(chat.body("Nobody here is called @Reseacher.")).to_contain_text(
        "Did you mean @Researcher?"
    )
    chat.send("hello everybody")
    expect(chat.body("Who should answer?")).to_contain_text("@Data-Sage")
    chat.send("/refresh")
    expect(chat.body("There is no command /refresh")).to_contain_text("/refresh-personas")
    assert llm.requests == []


def test_error_says_what_to_do_when_the_models_server_is_dead(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.model_url = f"http://127.0.0.1:{free_port()}/v1"
    project.persona("Researcher")
    chat.open(project.chat_path)
    chat.send("@Researcher hello")
    error = chat.body("Nothing answers at")
    expect(error).to_have_count(1)
    expect(error).to_contain_text(project.model_url)
    expect(error).to_contain_text("correct model_url in the persona file")
    expect(error.locator("pre")).to_be_hidden()
    chat.picture("folded")
    error.locator("summary").click()
    expect(error.locator("pre")).to_be_visible()
    expect(error).not_to_contain_text("Traceback")
    chat.picture("details-dark", dark=True)

    project.model_url = llm.url
    project.persona("Researcher")
    chat.send("/refresh-personas")
    expect(chat.body("1 persona ready.")).to_have_count(1)
    llm.on("are you there?").reply("Yes, I am.")
    chat.send("are you there?")
    expect(chat.body("Yes, I am.")).to_have_count(1)
