"""A project's persona asks for trust before anything of it runs."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from playwright.sync_api import Locator, expect

from .axe import see
from .chat import ChatPage
from .project import Project

TOOL = """\
from pathlib import Path

Path("{mark}").touch()
from persona.testing.mcp_server import main

main(["--name", "alpha"])
"""


def button(chat: ChatPage, name: str) -> Locator:
    return chat.page.get_by_role("button", name=name, exact=True)


def test_nothing_runs_before_it_is_trusted_and_again_after_a_change(
    chat: ChatPage, project: Project, tmp_path: Path
) -> None:
    chat.lab.trust.revoke(lambda approval: approval.root == project.folder.resolve())
    mark = tmp_path / "it-ran"
    tool = project.folder / "tool.py"
    tool.write_text(TOOL.format(mark=mark))
    server = {
        "name": "alpha",
        "command": sys.executable,
        "args": ["tool.py"],
        "env": {"ALPHA_TOKEN": "${HOME}"},
    }
    project.persona("Helper", context={"mcp_servers": [server]})
    chat.open(project.chat_path)
    chat.type("@He")
    expect(chat.options.filter(has_text="Helper")).to_have_count(1)
    chat.picture("menu")
    chat.page.keyboard.press("Escape")

    chat.send("@Helper hello")
    question = chat.body("wants to run programs on your machine")
    expect(question).to_have_count(1)
    for part in ("MCP server alpha", "python tool.py", "ALPHA_TOKEN", "HOME", ".persona.md"):
        expect(question).to_contain_text(part)
    expect(button(chat, "Trust this version")).to_have_count(1)
    chat.picture("asked")
    chat.picture("asked-dark", dark=True)

    button(chat, "Not now").click()
    expect(question).to_contain_text("Not now. /trust @helper does it later.")
    expect(chat.page.get_by_role("group", name="Trust Helper?")).to_have_count(0)
    assert not mark.exists()

    # The roster leads to the same question again, by keyboard alone.
    chat.page.locator(".persona-Roster-button").first.focus()
    chat.page.keyboard.press("Enter")
    row = chat.page.locator(".persona-Roster-row").filter(has_text="Helper")
    expect(row).to_contain_text("needs your trust")
    expect(row).to_be_focused()
    chat.page.keyboard.press("Enter")
    chat.page.keyboard.press("Tab")
    expect(button(chat, "Review what it would run: Helper")).to_be_focused()
    see(chat, "roster", ".persona-Roster-panel .persona-mod-untrusted")
    chat.page.keyboard.press("Enter")
    group = chat.page.get_by_role("group", name="Trust Helper?")
    expect(group).to_be_focused()
    expect(group).to_be_in_viewport()
    expect(chat.page.locator(".persona-Roster-panel")).to_have_count(0)
    expect(question.first).to_contain_text("Asked again: see below.")
    see(chat, "reviewed", ".persona-Permission")
    assert not mark.exists()
    chat.page.keyboard.press("Tab")
    expect(button(chat, "Trust this version")).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(chat.body(re.compile("echo:.*hello"))).to_have_count(1)
    assert mark.exists()
    expect(question.last).to_contain_text(re.compile(r"✓ Trusted by .+: this version"))
    chat.picture("trusted")

    mark.unlink()
    tool.write_text(f"print('changed')\n{TOOL.format(mark=mark)}")
    chat.send("@Helper again")
    changed = chat.body("has changed since you trusted it")
    expect(changed).to_have_count(1)
    expect(changed.locator("pre").filter(has_text="+print('changed')")).to_have_count(1)
    chat.picture("changed")
    chat.picture("changed-dark", dark=True)
    assert not mark.exists()
    button(chat, "Trust this version").click()
    expect(chat.body(re.compile("echo:.*again"))).to_have_count(1)
    assert mark.exists()
