"""A chat is carried to a server that lacks its personas, and they are saved there.

It is written in one mode and opened in the other one, so both are seen both ways.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from .chat import ChatPage
from .conftest import MODES
from .lab import Lab, poll
from .project import Project

STAR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
    '<circle cx="50" cy="50" r="50" fill="#7c3aed"/>'
    '<path d="M50 18l9 23 25 2-19 16 6 24-21-13-21 13 6-24-19-16 25-2z" fill="#fef9c3"/></svg>'
)
SECRET = "sk-planted-0123456789abcdef"
PATH = "got/talk.chat"
BOO = re.compile(r"^\s*Boo, I say\.\s*$")
"""A reply, not the offer that shows the option with the same text."""


@pytest.fixture(scope="module")
def elsewhere(mode: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give another server, in the other mode, with a home of its own."""
    (other,) = MODES.keys() - {mode}
    home = tmp_path_factory.mktemp(f"elsewhere-{other}")
    with Lab(home, home / "root", extra=[MODES[other]]) as server:
        yield server


@pytest.fixture(scope="module")
def stranger(browser: Browser) -> Iterator[BrowserContext]:
    """Give the browser of somebody else."""
    profile = browser.new_context(viewport={"width": 1100, "height": 760}, locale="en-US")
    yield profile
    profile.close()


@pytest.fixture
def there(
    stranger: BrowserContext, elsewhere: Lab, pictures: Path, mode: str
) -> Iterator[ChatPage]:
    page = stranger.new_page()
    chat = ChatPage(page, elsewhere, pictures / f"portable-from-{mode}")
    yield chat
    page.close()
    assert chat.complaints == []


def stored(file: Path) -> dict[str, Any]:
    """Return a chat file once it holds the persona's definition."""

    def look() -> dict[str, Any] | None:
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:  # half written
            return None
        return found if found["metadata"].get("persona_definitions") else None

    return poll(look, "the definition in the chat file")


def carry(file: Path, to: Lab) -> None:
    target = to.root / PATH
    # A project of its own: collaboration keeps a .jupyter in the server's root.
    (target.parent / ".jupyter").mkdir(parents=True)
    target.write_bytes(file.read_bytes())


def test_chat_reads_the_same_elsewhere_and_one_click_saves_its_persona(
    chat: ChatPage, there: ChatPage, project: Project, elsewhere: Lab
) -> None:
    project.persona(
        "Ghost Writer",
        "Write spooky things.",
        avatar="star.svg",
        description="Writes at night",
        engine="scripted",
        options={"reply": "Boo, I say."},
        context={
            "mcp_servers": [{"name": "night", "command": "npx", "env": {"NIGHT_KEY": SECRET}}]
        },
    )
    (project.personas / "star.svg").write_text(STAR, encoding="utf-8")
    chat.open(project.chat_path)
    chat.send("@Ghost-Writer hello")
    expect(chat.body("Boo, I say.")).to_have_count(1)
    project.wait_saved("Boo, I say.")
    file = project.folder / project.chat_name
    saved = stored(file)
    picture = chat.avatar("Ghost Writer").get_attribute("src")
    text = file.read_text(encoding="utf-8")
    assert SECRET not in text
    assert str(project.lab.root) not in text
    carry(file, elsewhere)

    there.open(PATH)
    expect(there.body(BOO)).to_have_count(1)
    expect(there.avatar("Ghost Writer")).to_have_attribute("src", picture or "")
    assert there.avatar("Ghost Writer").evaluate("image => image.naturalWidth") > 0
    people = [user for user in saved["users"].values() if not user["bot"]]
    (writer,) = [u for u in people if u["username"] == saved["messages"][0]["sender"]]
    expect(there.messages.first).to_contain_text(writer["display_name"])
    expect(there.messages.nth(1)).to_contain_text("Ghost Writer")

    there.send("@Ghost-Writer are you there?")
    offer = there.body("is in this chat only, not installed here")
    expect(offer).to_have_count(1)
    expect(offer).to_contain_text("engine scripted")
    expect(offer).to_contain_text("NIGHT_KEY=${NIGHT_KEY} npx")
    button = there.page.get_by_role("button", name="Save Ghost Writer as a persona")
    expect(button).to_have_count(1)
    below, above = button.bounding_box(), offer.bounding_box()
    assert below is not None and above is not None
    assert below["y"] >= above["y"] + above["height"]
    there.picture("offer")
    there.picture("offer-dark", dark=True)
    assert list((elsewhere.root / "got" / ".jupyter").iterdir()) == []

    button.click()
    expect(there.body("is saved by")).to_have_count(1)
    expect(there.body("is saved by")).to_contain_text("Set these before it works: NIGHT_KEY")
    expect(button).to_have_count(0)
    folder = elsewhere.root / "got" / ".jupyter" / "personas"
    assert (folder / "ghost-writer.svg").read_text(encoding="utf-8") == STAR
    assert "Write spooky things." in (folder / "ghost-writer.persona.md").read_text("utf-8")
    there.send("@Ghost-Writer and now?")
    expect(there.body(BOO)).to_have_count(2)
    there.picture("saved")


def test_refused_click_says_why(
    chat: ChatPage, there: ChatPage, project: Project, elsewhere: Lab
) -> None:
    project.persona("Ghost", engine="scripted", options={"reply": "Boo."})
    chat.open(project.chat_path)
    chat.send("@Ghost hello")
    project.wait_saved("Boo.")
    file = project.folder / project.chat_name
    stored(file)
    target = elsewhere.root / "other" / "talk.chat"
    target.parent.mkdir()
    target.write_bytes(file.read_bytes())
    there.open("other/talk.chat")
    there.send("@Ghost hello")
    button = there.page.get_by_role("button", name="Save Ghost as a persona")
    expect(button).to_have_count(1)
    (target.parent / ".jupyter" / "personas").mkdir(parents=True)
    mine = target.parent / ".jupyter" / "personas" / "ghost.persona.md"
    mine.write_text("---\nengine: [\n---\n", encoding="utf-8")  # there, and broken
    button.click()
    expect(there.page.get_by_text("Not saved.")).to_have_count(1)
    assert mine.read_text(encoding="utf-8") == "---\nengine: [\n---\n"
    # The browser itself tells of every refused request.
    (complaint,) = there.complaints
    assert "400 (Bad Request)" in complaint and "api/personas/save" in complaint
    there.complaints.clear()
