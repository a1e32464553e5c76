"""Our controls and Jupyter AI's in one chat: each side does its part, and only that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from persona.testing import Gate, ScriptedAgent, ScriptedLLM, mcp_server_command

from ..browser.chat import ChatPage
from ..browser.lab import SECONDS, Lab, poll
from ..browser.project import Project
from ..browser.test_permissions import button as answer
from ..browser.test_picker import button as picker
from ..browser.test_picker import in_one_mode, menu, row

DROP_IN = """
from pathlib import Path

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class {name}Persona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="{name}",
            description="Says what it hears",
            avatar_path=str(Path(__file__).with_name("{name}.svg")),
            system_prompt="unused",
        )

    async def process_message(self, message):
        self.send_message(f"{name} heard: {{message.body}}")
"""
AVATAR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">'
    '<circle cx="4" cy="4" r="4" fill="#7b5ea7"/></svg>'
)
NO_ONE = "No one"
THEIR_SYSTEM = "hidden::jupyter_ai_system"
OUR_SYSTEM = "personas::system"
THEIR_ECHO = "jupyter-ai-personas::echo_persona::EchoPersona"
THEIR_OWL = "jupyter-ai-personas::owl_persona::OwlPersona"


@pytest.fixture
def drop_ins(project: Project) -> Project:
    """Give a project with a persona of ours, and two files that both sides load."""
    project.persona("Ada")
    for name in ("Echo", "Owl"):
        file = project.personas / f"{name.lower()}_persona.py"
        file.write_text(DROP_IN.format(name=name), encoding="utf-8")
        file.with_name(f"{name}.svg").write_text(AVATAR, encoding="utf-8")
    return project


def their_picker(chat: ChatPage) -> Locator:
    """Return the picker of Jupyter AI."""
    return chat.page.locator(".jp-jai-personaControls-persona-btn:visible")


def pick_theirs(chat: ChatPage, name: str) -> None:
    """Choose whom Jupyter AI sends the messages to."""
    their_picker(chat).click()
    chat.page.get_by_role("menuitem", name=name).click()
    expect(their_picker(chat)).to_contain_text(name)


def pick_ours(chat: ChatPage, name: str) -> None:
    """Choose who answers here."""
    picker(chat).click()
    row(chat, name).click()
    chat.page.keyboard.press("Escape")
    expect(menu(chat)).to_have_count(0)
    expect(picker(chat)).to_contain_text(name)


def told(project: Project) -> list[tuple[str, str]]:
    """Return who has said what, without what people wrote."""
    said = [(str(message["sender"]), str(message["body"])) for message in project.saved()]
    return [(sender, body) for sender, body in said if "::" in sender]


def wait_told(project: Project, count: int) -> list[tuple[str, str]]:
    """Wait until the file holds so many answers, and give all of them."""
    return poll(lambda: said if len(said := told(project)) >= count else None, f"{count} answers")


def test_each_side_answers_what_is_for_it_and_nobody_answers_twice(
    chat: ChatPage, drop_ins: Project, llm: ScriptedLLM, lab: Lab
) -> None:
    llm.on("hello").reply("Hello yourself.")
    llm.on("without a name").reply("I was picked.")
    chat.open(drop_ins.chat_path)

    # Both are there, and Jupyter AI's picker knows its personas.
    expect(their_picker(chat)).to_contain_text(NO_ONE)
    expect(picker(chat)).to_contain_text("Who answers?")
    expect(chat.page.get_by_role("button", name="Stop generating")).to_have_count(1)
    assert "jupyter_ai_persona_manager | extension was successfully loaded" in lab.log()

    chat.send("@Ada hello")
    expect(chat.body("Hello yourself.")).to_have_count(1)
    pick_ours(chat, "Ada")
    chat.send("without a name")
    expect(chat.body("I was picked.")).to_have_count(1)
    chat.send("@Echo one")
    expect(chat.body("Echo heard: @Echo one")).to_have_count(1)
    chat.picture("ours")

    # Who is mentioned answers, and not who stands in Jupyter AI's picker too.
    pick_theirs(chat, "Echo")
    chat.send("@Ada hello again")
    expect(chat.body("Hello yourself.")).to_have_count(2)
    chat.send("@Echo two")
    expect(chat.body("Echo heard: @Echo two")).to_have_count(1)
    # The picker's persona is as it was, and the same one of here does not answer as well.
    expect(their_picker(chat)).to_contain_text("Echo")
    pick_ours(chat, "Echo")
    chat.send("three")
    expect(chat.body("Echo heard: three")).to_have_count(1)
    chat.picture("same")
    # Without a mention each side goes by its own picker.
    pick_ours(chat, NO_ONE)
    chat.send("four")
    expect(chat.body("Echo heard: four")).to_have_count(1)
    pick_theirs(chat, "Owl")
    pick_ours(chat, "Echo")
    chat.send("five")
    expect(chat.body("heard: five")).to_have_count(2)
    chat.picture("two")

    said = wait_told(drop_ins, 9)
    assert said[:7] == [
        ("persona::ada", "Hello yourself."),
        ("persona::ada", "I was picked."),
        ("persona::echo", "Echo heard: @Echo one"),
        ("persona::ada", "Hello yourself."),
        ("persona::echo", "Echo heard: @Echo two"),
        (THEIR_ECHO, "Echo heard: three"),
        (THEIR_ECHO, "Echo heard: four"),
    ]
    # What comes first of these is chance.
    assert sorted(said[7:]) == [
        (THEIR_OWL, "Owl heard: five"),
        ("persona::echo", "Echo heard: five"),
    ]
    assert len(llm.requests) == 3


@in_one_mode
def test_commands_of_both_sides_work_and_ours_are_answered_once(
    chat: ChatPage, drop_ins: Project, llm: ScriptedLLM
) -> None:
    llm.on("which model").reply("The other.")
    chat.open(drop_ins.chat_path)
    expect(their_picker(chat)).to_contain_text(NO_ONE)
    chat.type("/")
    expect(chat.options.filter(has_text="/model")).to_have_count(1)
    expect(chat.options.filter(has_text="/personas")).to_have_count(1)
    # Both sides have this one, in their own words.
    again = chat.options.filter(has_text="/refresh-personas")
    expect(again).to_have_count(2)
    expect(again.filter(has_text="Refresh available personas")).to_have_count(1)
    chat.picture("menu")
    chat.page.keyboard.press("Escape")

    # Ours go to us alone, and to Jupyter AI's persona what we do not know.
    pick_theirs(chat, "Owl")
    chat.send("/personas")
    expect(chat.body("Where from")).to_have_count(1)
    chat.send("/model @Ada openai/other")
    expect(chat.body("openai/scripted → openai/other")).to_have_count(1)
    chat.send("@Ada which model?")
    expect(chat.body("The other.")).to_have_count(1)
    assert llm.requests[0].model == "other"
    chat.send("/twit @Ada")
    expect(chat.body("Owl heard: /twit @Ada")).to_have_count(1)
    pick_theirs(chat, NO_ONE)
    chat.send("/refresh-personas")
    expect(chat.body("Refreshed all AI personas in this chat.")).to_have_count(1)
    expect(chat.body("3 personas ready.")).to_have_count(1)
    chat.picture("answers")
    senders = [sender for sender, _ in wait_told(drop_ins, 6)]
    assert senders[:4] == [OUR_SYSTEM, OUR_SYSTEM, "persona::ada", THEIR_OWL]
    assert sorted(senders[4:]) == [THEIR_SYSTEM, OUR_SYSTEM]


@in_one_mode
def test_permission_tool_and_stop_work_beside_jupyter_ai(
    chat: ChatPage, drop_ins: Project, llm: ScriptedLLM, tmp_path: Path
) -> None:
    agent = ScriptedAgent(tmp_path / "agent")
    written = tmp_path / "out.txt"
    call = {"toolCallId": "t", "title": "write out.txt", "kind": "edit"}
    options = [
        {"optionId": "yes", "name": "Allow once", "kind": "allow_once"},
        {"optionId": "no", "name": "Reject", "kind": "reject_once"},
    ]
    agent.on(
        "write it",
        {
            "permission": {"toolCall": call, "options": options},
            "allowed": [{"write": [str(written), "new"]}, {"text": "It is written."}],
            "rejected": [{"text": "Then not."}],
        },
    )
    command = {"command": agent.command, "args": agent.args}
    drop_ins.persona("Heron", engine="acp", model=None, options=command)
    program, *arguments = mcp_server_command("alpha")
    server = {"name": "alpha", "command": program, "args": arguments}
    drop_ins.persona("Ada", context={"mcp_servers": [server]})
    look_up = {"name": "alpha__echo_alpha", "arguments": {"text": "from Ada"}}
    llm.on("look it up").tool_calls([look_up]).reply("I have looked.")
    gate = Gate(after="so far.")
    llm.on("essay").reply("This is it so far. It would go on for long.", pause=gate)
    chat.open(drop_ins.chat_path)

    chat.send("@Heron write it")
    expect(answer(chat, "Allow once")).to_have_count(1)
    chat.picture("asked")
    assert not written.exists()
    answer(chat, "Allow once").click()
    expect(chat.body("It is written.")).to_have_count(1)
    assert written.read_text(encoding="utf-8") == "new"
    expect(chat.body("May I?")).to_contain_text(re.compile(r"✓ Allowed by .+: Allow once\."))
    expect(chat.stop_button).to_have_count(0)

    chat.send("@Ada look it up")
    expect(chat.body("I have looked.")).to_have_count(1)
    tool = chat.page.get_by_role("button", name="echo_alpha")
    expect(tool).to_contain_text("Done")
    tool.click()
    output = chat.messages.filter(has=tool).get_by_role("group", name="Output")
    expect(output).to_have_text("alpha: from Ada")

    chat.send("@Ada write an essay")
    expect(chat.body("This is it so far.")).to_have_count(1)
    gate.wait_reached(SECONDS)
    chat.picture("writing")
    chat.stop_button.click()
    expect(chat.stop_button).to_have_count(0)
    llm.wait_received(1, outcome="disconnected", timeout=SECONDS)
    gate.release()
    expect(chat.body("This is it so far.").locator("em")).to_have_text("Stopped.")
    drop_ins.wait_saved("This is it so far.\n\n*Stopped.*")
    senders = [sender for sender, _ in told(drop_ins)]
    assert set(senders) == {"persona::heron", "persona::ada"}
    assert [body for _, body in told(drop_ins)].count("It is written.") == 1
