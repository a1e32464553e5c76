"""All of it behind a JupyterHub: under its base URL, with a token, and without the internet."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from persona.testing import Gate, ScriptedLLM

from .chat import ChatPage
from .conftest import MODES
from .lab import SECONDS, Lab, poll
from .project import Project
from .test_picker import button, menu, row

BASE = "/user/x/"


@pytest.fixture
def lab(mode: str, tmp_path: Path) -> Iterator[Lab]:
    """Give a server as a JupyterHub starts it."""
    extra = [MODES[mode], f"--ServerApp.base_url={BASE}"]
    with Lab(tmp_path / "home", tmp_path / "root", extra=extra) as server:
        yield server


def elsewhere(urls: list[str], lab: Lab) -> list[str]:
    """Return the addresses that are not below the server's base URL."""
    (own,) = {urlsplit(lab.address("x")).netloc}
    found = []
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme in ("data", "blob"):
            continue
        if parts.netloc != own or not parts.path.startswith(BASE):
            found.append(url)
    return found


def test_whole_path_works_below_a_base_url_and_asks_nothing_elsewhere(
    chat: ChatPage, project: Project, llm: ScriptedLLM, lab: Lab
) -> None:
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url))
    chat.page.on("websocket", lambda socket: asked.append(socket.url))
    shutil.rmtree(project.personas)
    chat.open(project.chat_path)
    assert BASE in chat.page.url
    chat.page.get_by_role("button", name="Create a persona", exact=True).click()
    poll((project.personas / "assistant.persona.md").exists, "the new file")
    expect(chat.page.locator(".jp-FileEditor:visible .cm-content")).to_contain_text("A persona")

    project.persona("Ada")
    project.persona("Bob", avatar="🪵")
    gate = Gate(after="so far.")
    llm.on("hello").reply("At your service.")
    llm.on("essay").reply("This is it so far. It would go on for long.", pause=gate)
    chat.open(project.chat_path)
    chat.pick("@Ad", "Ada")
    chat.page.keyboard.type("hello")
    chat.press_send()
    expect(chat.body("At your service.")).to_have_count(1)
    expect(chat.page.get_by_role("note", name="About this reply")).to_have_count(1)
    image = chat.avatar("Ada")
    assert image.evaluate("image => image.complete && image.naturalWidth > 0")

    button(chat).click()
    row(chat, "Bob").click()
    expect(menu(chat).get_by_label("Engine")).to_have_value("litellm")
    menu(chat).get_by_label("Engine").select_option("recall")
    expect(row(chat, "Bob")).to_contain_text("recall")
    menu(chat).get_by_role("button", name="Reset changes").click()
    expect(row(chat, "Bob")).to_contain_text("litellm")
    chat.picture("picker")
    chat.page.keyboard.press("Escape")
    chat.page.locator(".persona-Roster-button").first.click()
    expect(chat.page.locator(".persona-Roster-row")).to_have_count(3)
    chat.page.keyboard.press("Escape")

    chat.send("write an essay")
    expect(chat.body("This is it so far.")).to_have_count(1)
    gate.wait_reached(SECONDS)
    chat.stop_button.click()
    expect(chat.stop_button).to_have_count(0)
    gate.release()
    assert project.wait_saved("This is it so far.\n\n*Stopped.*")["sender"] == "persona::bob"
    assert [url for url in asked if "/api/personas" in url]
    assert elsewhere(asked, lab) == []
