"""A chat in JupyterLab's side panel, which is as narrow as 250 pixels."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .chat import ChatPage
from .project import Project

in_one_mode = pytest.mark.parametrize("mode", ["websocket"], indirect=True, scope="session")

PANEL = ".jp-chat-sidepanel"
COVERED = """() => {
    const tools = [...document.querySelectorAll('.jp-chat-sidepanel .jp-chat-input-toolbar button')]
        .map(button => [button, button.getBoundingClientRect()])
        .filter(([, box]) => box.width > 0);
    const found = [];
    for (const [a, one] of tools) for (const [b, two] of tools) {
        if (a !== b && one.left < two.right - 1 && two.left < one.right - 1) {
            found.push(`${a.className} and ${b.className}`);
        }
    }
    const wide = [...document.querySelectorAll('.jp-chat-sidepanel [class*=persona-]')].filter(
        part => part.offsetWidth && part.scrollWidth > part.clientWidth + 1 &&
            getComputedStyle(part).overflowX === 'visible'
    );
    return [tools.length, found.concat(wide.map(part => part.className))];
}"""
"""How many buttons the input has; which lie over each other, and what sticks out of its place."""


@in_one_mode
def test_nothing_is_covered_or_cut_in_a_narrow_side_panel(chat: ChatPage, project: Project) -> None:
    project.persona("Data Sage", avatar="🦉", description="Reads tables and says what they hold")
    project.persona("A Researcher With A Long Name", description="Reads papers")
    page = chat.page
    page.goto(chat.lab.address(project.folder.name))
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate(
        "async filepath => { await jupyterapp.restored; await jupyterapp.commands.execute("
        "'jupyterlab-chat:open', {filepath, inSidePanel: true}) }",
        project.chat_path,
    )
    people = page.locator(f"{PANEL} .persona-FirstUse-person")
    expect(people).to_have_count(2)
    box = page.locator(PANEL).bounding_box()
    assert box is not None and box["width"] <= 300
    people.filter(has_text="Researcher").click()
    picker = page.locator(f"{PANEL} .persona-Picker-button")
    expect(picker).to_have_text("A Researcher With A Long Name")
    count, faults = page.evaluate(COVERED)
    assert count >= 4
    assert faults == []
    chat.picture("first-use")
    chat.picture("first-use-dark", dark=True)

    picker.click()
    menu = page.get_by_role("dialog", name="Who answers")
    expect(menu.get_by_label("Engine")).to_be_visible()
    box = menu.bounding_box()
    assert box is not None and box["x"] >= 0 and box["y"] >= 0
    assert menu.evaluate("menu => menu.scrollWidth <= menu.clientWidth")
    chat.picture("picker")
    page.keyboard.press("Escape")
    assert page.evaluate(COVERED)[1] == []
