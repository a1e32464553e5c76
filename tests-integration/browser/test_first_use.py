"""What a newcomer meets: an empty chat that says what personas are, and what a reply took."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from persona.testing import Gate, ScriptedLLM

from .chat import ChatPage
from .conftest import MODES
from .lab import SECONDS, Lab, poll
from .project import Project


def first_use(chat: ChatPage) -> Locator:
    return chat.page.get_by_role("region", name="Talk to a persona")


def footer(chat: ChatPage, text: str) -> Locator:
    return chat.messages.filter(has_text=text).get_by_role("note", name="About this reply")


def contrast(found: Locator) -> float:
    """Return the contrast of a text to what is behind it, as WCAG counts it."""
    return float(
        found.evaluate(
            """element => {
                const read = text => (text.match(/[0-9.]+/g) || []).map(Number);
                const over = (top, below) => {
                    const a = top.length > 3 ? top[3] : 1;
                    return [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a));
                };
                let behind = [255, 255, 255];
                const layers = [];
                for (let at = element; at; at = at.parentElement) {
                    layers.push(read(getComputedStyle(at).backgroundColor));
                }
                for (const layer of layers.reverse()) behind = over(layer, behind);
                const text = over(read(getComputedStyle(element).color), behind);
                const light = rgb => rgb
                    .map(c => c / 255)
                    .map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
                    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
                const [a, b] = [light(text), light(behind)].sort((x, y) => y - x);
                return (a + 0.05) / (b + 0.05);
            }"""
        )
    )


def test_empty_chat_without_personas_makes_the_first_one_and_opens_it(
    chat: ChatPage, project: Project
) -> None:
    shutil.rmtree(project.personas)
    chat.open(project.chat_path)
    told = first_use(chat)
    expect(told.locator("p").first).to_contain_text("A persona is an AI participant")
    button = told.get_by_role("button", name="Create a persona", exact=True)
    expect(button).to_be_visible()
    chat.picture("none")
    chat.picture("none-dark", dark=True)
    expect(chat.input).to_be_focused()  # the chat takes it once, when it has opened
    button.press("Enter")

    file = project.personas / "assistant.persona.md"
    poll(file.exists, "the new file")
    editor = chat.page.locator(".jp-FileEditor:visible .cm-content")
    expect(editor).to_contain_text("# A persona: somebody to talk to")
    expect(told.get_by_role("status")).to_contain_text(
        f"Made {project.folder.name}/.jupyter/personas/assistant.persona.md"
    )
    expect(told.get_by_role("button", name="Assistant", exact=False).first).to_be_visible()
    chat.picture("made")
    chat.picture("made-dark", dark=True)

    # What is written in the editor is saved in the file.
    editor.get_by_text("# description: One line for menus.").click()
    chat.page.keyboard.press("End")
    chat.page.keyboard.press("Enter")
    chat.page.keyboard.type("description: Knows the way")
    chat.page.keyboard.press("Control+s")
    poll(lambda: "Knows the way" in file.read_text("utf-8"), "the edit in the file")
    # Shown again, the chat tells of it.
    chat.page.evaluate("window.dispatchEvent(new Event('focus'))")
    poll(lambda: "Knows the way" in _again(chat, told), "the description in the chat")

    before = file.read_text("utf-8")
    told.get_by_role("button", name="Create another persona").click()
    other = project.personas / "assistant-2.persona.md"
    poll(other.exists, "another file")
    expect(chat.page.locator(".lm-DockPanel-tabBar")).to_have_count(2)
    expect(editor).to_contain_text("@Assistant-2")
    list_ = told.get_by_role("list", name="Personas in this chat")
    assert list_.evaluate("list => list.scrollWidth <= list.clientWidth")
    assert file.read_text("utf-8") == before


def _again(chat: ChatPage, told: Locator) -> str:
    chat.page.evaluate("window.dispatchEvent(new Event('focus'))")
    return told.inner_text()


def test_empty_chat_shows_who_is_here_and_a_click_addresses_them(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Data Sage", description="Reads tables", avatar="🦉")
    project.persona("Ada", description="Writes programs")
    llm.on("hello").reply("At your service.")
    chat.open(project.chat_path)
    told = first_use(chat)
    people = told.get_by_role("list", name="Personas in this chat")
    expect(people.get_by_role("listitem")).to_have_count(2)
    sage = people.get_by_role("button", name=re.compile("Data Sage"))
    expect(sage).to_contain_text("Reads tables")
    chat.picture("some")
    chat.picture("some-dark", dark=True)
    sage.click()
    expect(chat.input).to_have_value("@Data-Sage ")
    expect(chat.input).to_be_focused()
    chat.page.keyboard.type("hello")
    chat.page.keyboard.press("Escape")
    chat.press_send()
    expect(chat.body("At your service.")).to_have_count(1)
    expect(told).to_have_count(0)


def test_chat_with_messages_never_shows_first_use(chat: ChatPage, project: Project) -> None:
    project.persona("Ada", engine="scripted", options={"reply": "Hello, I am Ada."})
    project.asked_already("@Ada hello")
    chat.page.add_init_script(
        """new MutationObserver(() => {
            if (document.querySelector('.persona-FirstUse')) window.personaSeen = true;
        }).observe(document, {childList: true, subtree: true});"""
    )
    chat.open(project.chat_path)
    expect(chat.body("Hello, I am Ada.")).to_have_count(1)
    assert chat.page.evaluate("window.personaSeen") is None


def test_footer_of_a_finished_reply_says_what_it_took(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Ada")
    llm.on("what is it").reply("The answer is ready.")
    chat.open(project.chat_path)
    chat.send("@Ada what is it?")
    found = footer(chat, "The answer is ready.")
    expect(found).to_have_count(1)
    expect(found).to_contain_text(re.compile(r"scripted.*\d+ tokens in, \d+ out.*\d\.\d s"))
    box, body = found.bounding_box(), chat.body("The answer is ready.").bounding_box()
    assert box is not None and body is not None
    assert box["y"] >= body["y"] + body["height"]
    assert chat.page.get_by_role("note", name="About this reply").count() == 1
    assert contrast(found) >= 4.5
    chat.picture("footer")
    chat.page.emulate_media(color_scheme="dark")
    expect(chat.page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    assert contrast(found) >= 4.5
    chat.picture("footer-dark")
    chat.page.emulate_media(color_scheme="light")

    chat.reload()
    expect(footer(chat, "The answer is ready.")).to_contain_text("tokens in")


def test_footer_is_not_there_while_a_reply_is_written(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Ada")
    gate = Gate(after="so far.")
    llm.on("tell me").reply("This is it so far. And so on.", pause=gate)
    chat.open(project.chat_path)
    chat.send("@Ada tell me")
    expect(chat.body("This is it so far.")).to_have_count(1)
    gate.wait_reached(SECONDS)
    expect(footer(chat, "This is it so far.")).to_have_count(0)
    gate.release()
    expect(chat.body("And so on.")).to_have_count(1)
    expect(footer(chat, "And so on.")).to_have_count(1)


PROVIDER = """
const share = globalThis;
share._JUPYTERLAB ??= {};
share._JUPYTERLAB['other-first-use'] = {
  init: scope => { share.otherScope = scope; },
  get: async () => {
    const take = async name => {
      const versions = Object.values(share.otherScope[name]);
      return (await versions[0].get())();
    };
    const [chat, React] = [await take('@jupyter/chat'), await take('react')];
    return () => ({
      __esModule: true,
      default: {
        id: 'other-first-use:plugin',
        autoStart: true,
        provides: chat.IChatBodyPlaceholderFactory,
        activate: () => ({
          create: () => React.createElement('p', {className: 'other-FirstUse'}, 'Of others.')
        })
      }
    });
  }
};
"""
"""Another extension, without a build, that provides what empty chats show."""


@pytest.fixture
def crowded(mode: str, tmp_path: Path) -> Iterator[Lab]:
    """Give a server with another extension that shows something in empty chats."""
    folder = tmp_path / "extensions" / "other-first-use"
    (folder / "static").mkdir(parents=True)
    load = {"load": "static/remoteEntry.js", "extension": "./extension"}
    package = {
        "name": "other-first-use",
        "version": "1.0.0",
        "jupyterlab": {"extension": True, "_build": load},
    }
    (folder / "package.json").write_text(json.dumps(package), "utf-8")
    (folder / "static" / "remoteEntry.js").write_text(PROVIDER, "utf-8")
    extra = [MODES[mode], f"--LabApp.extra_labextensions_path={folder.parent}"]
    with Lab(tmp_path / "home", tmp_path / "root", extra=extra) as server:
        yield server


def test_other_extension_may_provide_what_empty_chats_show(
    crowded: Lab, browser: Browser, llm: ScriptedLLM, pictures: Path, mode: str
) -> None:
    project = Project(crowded, "study", llm.url)
    project.persona("Ada", engine="scripted", options={"reply": "Hello, I am Ada."})
    with browser.new_context(viewport={"width": 1100, "height": 760}, locale="en-US") as profile:
        chat = ChatPage(profile.new_page(), crowded, pictures / f"first-use-crowded-{mode}")
        chat.open(project.chat_path)
        shown = first_use(chat).or_(chat.page.locator(".other-FirstUse"))
        expect(shown).to_have_count(1)  # one of the two, whichever JupyterLab took
        both = ["other-first-use:plugin", "persona-jupyter:first-use"]
        assert chat.page.evaluate("ids => ids.map(id => jupyterapp.hasPlugin(id))", both) == [
            True,
            True,
        ]
        chat.picture("empty")
        chat.pick("@A", "Ada")
        chat.page.keyboard.type("hello")
        chat.press_send()
        expect(chat.body("Hello, I am Ada.")).to_have_count(1)
        expect(footer(chat, "Hello, I am Ada.")).to_have_count(1)
        assert chat.complaints == []
