"""Tool calls, plans and thoughts: folded, updated in place, and open as long as a person likes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, expect

from persona.testing import ScriptedAgent

from .axe import see
from .chat import ChatPage
from .lab import poll
from .project import Project

OLD = 'import os\n\nprint("hello")\n'
NEW = 'import os\n\nprint("hello, world")\n' + "# a long line " * 40 + "\n"
OPTIONS = [{"optionId": "yes", "name": "Go on", "kind": "allow_once"}]
KINDS = {
    "delete": "Delete",
    "move": "Move",
    "search": "Search",
    "execute": "Run",
    "think": "Think",
    "fetch": "Fetch",
    "other": "Tool",
}
EVIL = "<img src=x onerror=alert(1)> $x$ `y`"


def plan(*states: str) -> dict[str, Any]:
    names = ("Look at the file", "Greet the world", "Say so")
    entries = [
        {"content": name, "status": state, "priority": "medium"}
        for name, state in zip(names, states, strict=True)
    ]
    return {"update": {"sessionUpdate": "plan", "entries": entries}}


def update(call_id: str, status: str, *content: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {"toolCallId": call_id, "status": status, "content": list(content), **more}
    return {"update": {"sessionUpdate": "tool_call_update", **told}}


def begun(call_id: str, title: str, **more: Any) -> dict[str, Any]:
    told = {"toolCallId": call_id, "title": title, "status": "in_progress", **more}
    return {"update": {"sessionUpdate": "tool_call", **told}}


def output(text: str) -> dict[str, Any]:
    return {"type": "content", "content": {"type": "text", "text": text}}


def wait(title: str, *then: dict[str, Any]) -> dict[str, Any]:
    """Return a step that waits until a person lets it go on."""
    call = {"toolCallId": f"wait-{title}", "title": title}
    return {"permission": {"toolCall": call, "options": OPTIONS}, "allowed": list(then)}


def script(folder: Path, file: Path) -> ScriptedAgent:
    agent = ScriptedAgent(folder)
    place = [{"path": str(file), "line": 3}]
    diff = {"type": "diff", "path": str(file), "oldText": OLD, "newText": NEW}
    more = [
        step
        for n, kind in enumerate(KINDS)
        for step in (
            begun(f"m{n}", f"check {n}", kind=kind),
            update(f"m{n}", "completed", output(f"all well {n}")),
        )
    ]
    agent.on(
        "greet",
        {"thought": f"I should look first. {EVIL}", "pieces": 5, "pause": 0.02},
        plan("in_progress", "pending", "pending"),
        begun("t1", "read hello.py", kind="read", rawInput={"why": EVIL}, locations=place),
        wait(
            "go on",
            plan("completed", "in_progress", "pending"),
            update("t1", "in_progress", output(f"first half {EVIL}")),
            wait(
                "finish",
                update("t1", "completed", output("first half\nsecond half")),
                begun("t2", "edit hello.py", kind="edit", content=[diff]),
                update("t2", "completed", diff),
                begun("t3", "run tests"),
                update("t3", "failed", output("no tests found")),
                {"text": "I greeted the world."},
                *more,
                plan("completed", "completed", "completed"),
                {"text": "All is checked."},
            ),
        ),
    )  # fmt: skip
    return agent


def report(chat: ChatPage, name: str) -> Locator:
    return chat.page.get_by_role("group", name=name, exact=True)


def row(chat: ChatPage, text: str) -> Locator:
    return chat.page.locator(".persona-Report button[aria-expanded]").filter(has_text=text)


def go_on(chat: ChatPage) -> None:
    """Let the agent go on without taking the focus away from where it is."""
    button = chat.page.get_by_role("button", name="Go on", exact=True)
    expect(button).to_have_count(1)
    button.evaluate("button => button.click()")


def test_what_an_agent_does_is_folded_and_what_was_opened_stays_open(
    chat: ChatPage, project: Project, tmp_path: Path
) -> None:
    file = project.folder / "hello.py"
    file.write_text(NEW, encoding="utf-8")
    agent = script(tmp_path / "agent", file)
    options = {"command": agent.command, "args": agent.args}
    project.persona("Heron", engine="acp", model=None, options=options)
    chat.open(project.chat_path)
    chat.send("@Heron greet the world")

    # While it runs: a thought, a plan and a call, each told once, as text and nothing else.
    read = row(chat, "read hello.py")
    expect(read).to_contain_text("Running")
    expect(chat.page.get_by_role("button", name="Go on", exact=True)).to_have_count(1)
    thought = row(chat, "Thought")
    expect(thought).to_have_attribute("aria-expanded", "false")
    thought.click()
    expect(report(chat, "Thoughts").locator("pre")).to_have_text(f"I should look first. {EVIL}")
    steps = chat.page.locator(".persona-Report-plan li")
    expect(steps).to_have_text(
        [
            re.compile("Look at the file.*In progress"),
            re.compile("Greet the world.*To do"),
            re.compile("Say so.*To do"),
        ]
    )
    for markdown in (chat.body("I should look first"), chat.body("Look at the file")):
        expect(markdown).to_have_count(1)
        expect(markdown).to_be_hidden()
    read.focus()
    chat.page.keyboard.press("Enter")
    expect(read).to_have_attribute("aria-expanded", "true")
    calls = chat.page.locator(".persona-Report li").filter(has_text="read hello.py")
    expect(calls.locator("pre")).to_have_text(f"why: {EVIL}")
    chat.picture("running")
    chat.picture("running-dark", dark=True)
    chat.page.evaluate(
        "document.querySelectorAll('.persona-Report button').forEach(b => b.mark = 1)"
    )

    # Updates change what is there and close nothing, and the keyboard stays where it was.
    read.focus()
    go_on(chat)
    expect(calls.locator("pre").last).to_have_text(f"first half {EVIL}")
    expect(steps.first).to_contain_text("Done")
    expect(read).to_have_attribute("aria-expanded", "true")
    expect(read).to_be_focused()
    expect(thought).to_have_attribute("aria-expanded", "true")
    assert read.evaluate("button => button.mark") == 1
    go_on(chat)
    expect(chat.body("All is checked.")).to_have_count(1)
    expect(chat.stop_button).to_have_count(0)
    expect(read).to_contain_text("Done")
    expect(read).to_have_attribute("aria-expanded", "true")
    expect(read).to_be_focused()
    expect(calls.locator("pre").last).to_have_text("first half\nsecond half")
    expect(thought).to_have_attribute("aria-expanded", "true")
    expect(row(chat, "run tests")).to_contain_text("Failed")
    expect(row(chat, "Plan")).to_contain_text("3 of 3 done")
    assert chat.page.locator(".persona-Report :is(script, img, mjx-container)").count() == 0

    # Of many calls the last ones are shown, the others on demand.
    expect(row(chat, "check")).to_have_count(5)
    row(chat, "2 earlier calls").click()
    expect(row(chat, "check")).to_have_count(7)

    # What sort of tool it was is drawn, and said to who does not see it.
    for n, name in enumerate(KINDS.values()):
        expect(row(chat, f"check {n}").get_by_role("img", name=name, exact=True)).to_be_visible()
    expect(read.get_by_role("img", name="Read", exact=True)).to_be_visible()
    expect(row(chat, "run tests").get_by_role("img", name="Tool", exact=True)).to_be_visible()
    row(chat, "check 6").scroll_into_view_if_needed()
    see(chat, "kinds", ".persona-Report-kind")

    # A change of a file, with the keyboard alone, and the file itself.
    edit = row(chat, "edit hello.py")
    expect(edit).to_contain_text("+2 −1")
    edit.focus()
    chat.page.keyboard.press("Space")
    change = report(chat, "Changes of hello.py")
    expect(change.locator(".persona-mod-removed")).to_have_text('-print("hello")\n')
    expect(change.locator(".persona-mod-added").first).to_have_text('+print("hello, world")\n')
    edit.scroll_into_view_if_needed()
    chat.picture("changes")
    chat.picture("changes-dark", dark=True)
    chat.page.set_viewport_size({"width": 600, "height": 760})
    overflow = "list => list.scrollWidth - list.clientWidth"
    poll(
        lambda: chat.page.locator(".jp-chat-messages-container").first.evaluate(overflow) <= 1,
        "the messages to fit into a narrow window",
    )
    chat.picture("narrow")
    chat.page.set_viewport_size({"width": 1100, "height": 760})
    chat.page.get_by_role("button", name="hello.py:3").click()
    expect(chat.page.get_by_text("Ln 3, Col 1")).to_be_visible()
    expect(edit).to_have_attribute("aria-expanded", "true")
    chat.picture("file")

    # From the file it looks the same, folded again.
    saved = {m["metadata"]["persona"]["kind"] for m in project.saved() if m.get("metadata")}
    assert {"thought", "plan", "tools", "reply"} <= saved
    chat.reload()
    expect(row(chat, "read hello.py")).to_have_attribute("aria-expanded", "false")
    expect(row(chat, "Plan")).to_contain_text("3 of 3 done")
    expect(row(chat, "Thought")).to_have_attribute("aria-expanded", "false")
