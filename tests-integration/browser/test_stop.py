"""A reply is stopped."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from persona.testing import Gate, ScriptedLLM

from .chat import ChatPage
from .lab import SECONDS
from .project import Project


@pytest.mark.parametrize("how", ["button", "command"])
def test_text_so_far_stays_and_the_next_turn_works_when_a_reply_is_stopped(
    how: str, chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Researcher")
    gate = Gate(after="so far.")
    llm.on("essay").reply("This is it so far. It would go on for long.", pause=gate)
    chat.open(project.chat_path)
    chat.send("@Researcher write an essay")
    expect(chat.body("This is it so far.")).to_have_count(1)
    gate.wait_reached(SECONDS)
    chat.picture("button")

    if how == "button":
        chat.stop_button.click()
    else:
        chat.pick("/st", "/stop")
        chat.press_send()
        expect(chat.body("Stopped 1 reply.")).to_have_count(1)
    expect(chat.stop_button).to_have_count(0)
    (request,) = llm.wait_received(1, outcome="disconnected", timeout=SECONDS)
    gate.release()
    assert request.stream
    expect(chat.body("This is it so far.").locator("em")).to_have_text("Stopped.")
    stopped = project.wait_saved("This is it so far.\n\n*Stopped.*")
    assert stopped["metadata"]["persona"]["state"] == "stopped"

    llm.on("and now?").reply("Here I am again.")
    chat.send("and now?")
    expect(chat.body("Here I am again.")).to_have_count(1)
    last = llm.wait_received(2)[-1]
    assert "This is it so far." in last.text
    assert "*Stopped.*" not in last.text
