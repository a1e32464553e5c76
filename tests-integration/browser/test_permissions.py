"""A persona asks for permission, and a person answers."""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from persona.core import Diff, FilePosition, PermissionOption, PermissionRequest, ToolCall
from persona.core._question import note_of, render_question
from persona.core._render import render_tools
from persona.core._tools import ToolLog

from .chat import ChatPage
from .project import Project

OLD = 'import os\n\nprint("hello")\n'
NEW = (
    'import os\n\nprint(f"hello, {os.getlogin()}")\nprint("</code><img src=x onerror=alert(1)>")\n'
)
EVIL = "printf '`$HOME$` <script>alert(1)</script>'\n```\nrm -rf ./data"


def asking(project: Project, name: str = "Helper", **more: Any) -> None:
    ask = {
        "title": "edit hello.py <b>now</b>",
        "on": "please",
        "command": EVIL,
        "path": "src/hello.py",
        "old": OLD,
        "new": NEW,
        **more,
    }
    project.persona(name, engine="scripted", options={"reply": "I did it.", "ask": ask})


def asked(chat: ChatPage) -> Locator:
    """Return the whole message that asks."""
    return chat.messages.filter(has_text="May I?")


def button(chat: ChatPage, name: str) -> Locator:
    return chat.page.get_by_role("button", name=name, exact=True)


def open_question(chat: ChatPage, project: Project) -> None:
    chat.open(project.chat_path)
    chat.send("@Helper please change it")
    expect(button(chat, "Allow once")).to_have_count(1)


def test_turn_goes_on_when_permission_is_given(chat: ChatPage, project: Project) -> None:
    asking(project)
    open_question(chat, project)
    expect(chat.page.locator(".jp-chat-writers")).to_contain_text("waits for your permission")
    question = chat.body("May I?")
    expect(question).to_contain_text("edit hello.py <b>now</b>")
    expect(question.locator("pre")).to_have_count(2)
    expect(question.locator("pre").first).to_contain_text(EVIL)
    expect(question.locator("pre").last).to_contain_text('-print("hello")')
    expect(question.locator("pre").last).to_contain_text("onerror=alert(1)")
    assert question.locator("script, img, .MathJax, mjx-container").count() == 0
    # What it is about stands above the buttons.
    below = button(chat, "Allow once").bounding_box()
    above = question.locator("pre").last.bounding_box()
    assert below is not None and above is not None
    assert below["y"] >= above["y"] + above["height"]
    expect(chat.body("I did it.")).to_have_count(0)
    chat.picture("asked")
    chat.picture("asked-dark", dark=True)

    button(chat, "Allow once").click()
    expect(chat.body("I did it.")).to_have_count(1)
    expect(question).to_contain_text(re.compile(r"✓ Allowed by .+: Allow once\."))
    expect(question).not_to_contain_text("Answer with the buttons")
    expect(asked(chat).get_by_role("group")).to_have_count(0)
    expect(chat.page.locator(".jp-chat-writers")).not_to_contain_text("permission")
    project.wait_saved("I did it.")
    (saved,) = [m for m in project.saved() if m["body"].startswith("**May I?**")]
    assert saved["metadata"]["persona"]["permission"]["decision"]["kind"] == "allow_once"
    chat.picture("decided")


def test_turn_does_not_go_on_when_permission_is_refused_with_the_keyboard(
    chat: ChatPage, project: Project
) -> None:
    asking(project)
    open_question(chat, project)
    button(chat, "Always allow").focus()
    chat.page.keyboard.press("Tab")
    expect(button(chat, "Reject")).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(chat.body("Then not.")).to_have_count(1)
    expect(chat.body("May I?")).to_contain_text("✗ Not allowed by")
    expect(chat.body("I did it.")).to_have_count(0)
    expect(chat.input).to_be_focused()


@pytest.mark.parametrize(("command", "said"), [("/approve", "I did it."), ("/deny", "Then not.")])
def test_command_answers_what_a_persona_asks(
    command: str, said: str, chat: ChatPage, project: Project
) -> None:
    asking(project)
    open_question(chat, project)
    chat.pick(command[:4], command)
    chat.press_send()
    expect(chat.body(said)).to_have_count(1)
    expect(button(chat, "Allow once")).to_have_count(0)


def test_request_still_waits_when_the_page_is_reloaded(chat: ChatPage, project: Project) -> None:
    asking(project)
    open_question(chat, project)
    chat.reload()
    expect(button(chat, "Allow once")).to_have_count(1)
    button(chat, "Allow once").click()
    expect(chat.body("I did it.")).to_have_count(1)
    expect(chat.body("May I?")).to_have_count(1)


def test_request_is_withdrawn_when_the_reply_is_stopped(chat: ChatPage, project: Project) -> None:
    asking(project)
    open_question(chat, project)
    chat.reload()  # in WebSocket mode the chat tells nobody then who is at work
    expect(button(chat, "Allow once")).to_have_count(1)
    chat.stop_button.click()
    expect(chat.body("May I?")).to_contain_text("Withdrawn")
    expect(button(chat, "Allow once")).to_have_count(0)
    expect(chat.stop_button).to_have_count(0)
    chat.send("@Helper hello")
    expect(chat.body("I did it.")).to_have_count(1)


def test_requests_of_two_personas_are_answered_apart(chat: ChatPage, project: Project) -> None:
    asking(project)
    asking(project, "Other", title="look around", command="ls", path=None, refused="Other: no.")
    open_question(chat, project)
    chat.send("@Other please look")
    expect(button(chat, "Reject")).to_have_count(2)
    chat.send("/deny")
    expect(chat.body("Which one?")).to_contain_text("/deny 2")
    chat.picture("two")
    other = asked(chat).filter(has_text="look around")
    other.get_by_role("button", name="Reject").click()
    expect(chat.body("Other: no.")).to_have_count(1)
    expect(button(chat, "Reject")).to_have_count(1)
    button(chat, "Allow once").click()
    expect(chat.body("I did it.")).to_have_count(1)


def test_request_is_withdrawn_when_the_server_ended_while_it_waited(
    chat: ChatPage, project: Project
) -> None:
    asking(project)
    diff = Diff("src/hello.py", OLD, NEW)
    option = PermissionOption("y", "Allow once", "allow_once")
    request = PermissionRequest("1", "edit hello.py", (option,), command=EVIL, diffs=(diff,))
    log = ToolLog()
    log.start(ToolCall("1", "edit", {"x": EVIL}, diffs=(diff,), locations=(FilePosition("a", 3),)))
    log.abandon()
    stored = [
        (render_tools(log), {"kind": "tools", "state": "writing"}),
        (
            render_question(request),
            {"kind": "permission", "state": "waiting", "permission": note_of(request)},
        ),
    ]
    messages = [
        {
            "id": uuid.uuid4().hex,
            "body": body,
            "time": time.time(),
            "sender": "persona::helper",
            "type": "msg",
            "raw_time": False,
            "mentions": [],
            "metadata": {"persona": {"answers": "0", **note}},
        }
        for body, note in stored
    ]
    user = {"username": "persona::helper", "name": "Helper", "display_name": "Helper", "bot": True}
    project.folder.joinpath(project.chat_name).write_text(
        json.dumps(
            {
                "messages": messages,
                "users": {user["username"]: user},
                "attachments": {},
                "metadata": {"id": uuid.uuid4().hex},
            }
        ),
        encoding="utf-8",
    )
    chat.open(project.chat_path)
    expect(chat.body("May I?")).to_contain_text("Withdrawn")
    expect(button(chat, "Allow once")).to_have_count(0)
    report = chat.body("Tried edit")
    report.locator("summary").click()
    expect(report.locator("pre")).to_have_count(2)
    expect(report.locator("pre").last).to_contain_text("onerror=alert(1)")
    assert report.locator("script, img").count() == 0
    chat.picture("report")
