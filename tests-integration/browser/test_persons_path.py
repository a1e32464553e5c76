"""A newcomer's whole path from a fresh demo, with a clock beside it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from persona.testing import Gate, ScriptedLLM

from ..agents.install import bin_folder
from .chat import ChatPage
from .conftest import AGENTS, MODES
from .lab import SECONDS, Lab, free_port
from .test_acp import NEW, OLD, script, with_opencode
from .test_picker import button, menu, row
from .test_roster import act, panel
from .test_roster import button as roster
from .test_roster import row as member

in_one_mode = pytest.mark.parametrize("mode", ["websocket"], indirect=True, scope="session")


class Clock:
    """Says how long each step of a person took."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        begun = time.monotonic()
        yield
        self.steps[name] = round(time.monotonic() - begun, 1)


@pytest.fixture
def lab(mode: str, tmp_path: Path) -> Iterator[Lab]:
    """Give the server that the demo starts."""
    root = tmp_path / "demo"
    arguments = ["-m", "persona.cli", "demo", str(root), "--no-browser"]
    arguments += ["--port", str(free_port()), "--", MODES[mode]]
    programs = [bin_folder(AGENTS, "opencode")]
    with Lab(tmp_path, root, arguments=arguments, programs=programs) as server:
        yield server


@with_opencode
@in_one_mode
def test_newcomer_goes_the_whole_way_from_a_fresh_demo(
    chat: ChatPage, lab: Lab, llm: ScriptedLLM, pictures: Path
) -> None:
    clock = Clock()
    with clock.step("JupyterLab and the chat open"):
        chat.page.goto(lab.printed(r"http://\S+/lab/tree/welcome\.chat\?token=\S+"))
        expect(chat.input).to_be_visible()
        expect(button(chat)).to_contain_text("Guide")
    with clock.step("first answer"):
        chat.send("what can I do here?")
        expect(chat.body("Hello, I am Guide.")).to_have_count(1)
        expect(chat.stop_button).to_have_count(0)
    with clock.step("other engine, which knows the conversation"):
        button(chat).click()
        menu(chat).get_by_label("Engine").select_option("recall")
        expect(row(chat, "Guide")).to_contain_text("recall")
        chat.page.keyboard.press("Escape")
        chat.send("what did I ask first?")
        expect(chat.body("Your first message here was")).to_contain_text("what can I do here?")
    with clock.step("other model"):
        button(chat).click()
        menu(chat).get_by_label("Engine").select_option("litellm")
        expect(row(chat, "Guide")).to_contain_text("litellm")
        model = menu(chat).get_by_label("Model", exact=True)
        model.fill("custom_openai/another-one")
        model.press("Enter")
        expect(row(chat, "Guide")).to_contain_text("custom_openai/another-one")
        chat.page.keyboard.press("Escape")
        chat.send("are you back?")
        expect(chat.body("Hello, I am Guide.")).to_have_count(2)
        expect(chat.page.get_by_role("note").filter(has_text="another-one")).to_have_count(1)

    file, persona = write_coder(lab, llm)
    change = {"filePath": str(file), "oldString": "hello", "newString": "hello, world"}
    script(llm, "greet the world", ("read", {"filePath": str(file)}), ("edit", change)).reply(
        "I changed the greeting."
    )
    with clock.step("a new persona, on a real agent, asks to edit a file"):
        persona.rename(persona.with_name("coder.persona.md"))
        chat.send("/refresh-personas")
        expect(chat.body("Coder")).to_have_count(1)
        chat.send("@Coder greet the world")
        allow = chat.page.get_by_role("button", name="Allow once", exact=True)
        expect(allow).to_have_count(1)
        assert file.read_text(encoding="utf-8") == OLD
    with clock.step("approved, and done"):
        allow.click()
        expect(chat.body("I changed the greeting.")).to_have_count(1)
        assert file.read_text(encoding="utf-8") == NEW
        expect(chat.stop_button).to_have_count(0)
    chat.picture("edited")

    gate = Gate(after="so far.")
    llm.on(text="an essay").reply("This is it so far. It would go on for long.", pause=gate)
    chat.send("@Coder write an essay")
    expect(chat.body("This is it so far.")).to_have_count(1)
    gate.wait_reached(SECONDS)
    with clock.step("stopped"):
        chat.stop_button.click()
        expect(chat.body("This is it so far.").locator("em")).to_have_text("Stopped.")
        expect(chat.stop_button).to_have_count(0)
    gate.release()

    with clock.step("removed from the chat"):
        roster(chat).click()
        member(chat, "Scout").click()
        act(chat, "Remove from this chat", "Scout").click()
        expect(member(chat, "Scout")).to_contain_text("removed from this chat")
    with clock.step("added again"):
        act(chat, "Add to this chat", "Scout").click()
        expect(member(chat, "Scout")).to_contain_text("idle")
    with clock.step("a new persona of one's own"):
        panel(chat).get_by_role("button", name="Create a persona").click()
        expect(chat.page.locator(".jp-FileEditor .cm-content")).to_contain_text("Assistant")
    chat.picture("end")

    told = json.dumps(clock.steps, indent=1)
    print(told)
    (pictures / "persons-path-seconds.json").write_text(told + "\n", encoding="utf-8")
    assert max(clock.steps.values()) < SECONDS


def write_coder(lab: Lab, llm: ScriptedLLM) -> tuple[Path, Path]:
    """Write a file to edit and a persona who may; the persona is not yet in its place."""
    file = lab.root / "hello.py"
    file.write_text(OLD, encoding="utf-8")
    front = {
        "identity": {"name": "Coder"},
        "engine": "opencode-acp",
        "model": {"model_id": "openai/fake-1", "model_url": llm.url},
        "options": {"api_key": "test"},
    }
    persona = lab.root / ".jupyter" / "personas" / "coder.txt"
    persona.write_text(f"---\n{json.dumps(front)}\n---\nYou write programs.\n", encoding="utf-8")
    lab.trust.trust_project([lab.root])
    return file, persona
