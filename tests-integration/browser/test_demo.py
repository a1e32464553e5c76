"""The demo of the command line, as a newcomer sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .chat import ChatPage
from .conftest import MODES
from .lab import Lab, free_port


@pytest.fixture
def lab(mode: str, tmp_path: Path) -> Iterator[Lab]:
    """Give the server that the demo starts."""
    root = tmp_path / "my demo"
    arguments = ["-m", "persona.cli", "demo", str(root), "--no-browser"]
    arguments += ["--port", str(free_port()), "--", MODES[mode]]
    with Lab(tmp_path, root, arguments=arguments) as server:
        yield server


def test_guide_answers_when_the_demo_is_opened_without_a_model(chat: ChatPage, lab: Lab) -> None:
    chat.page.goto(lab.printed(r"http://\S+/lab/tree/welcome\.chat\?token=\S+"))
    expect(chat.input).to_be_visible()
    expect(chat.body("Welcome.")).to_have_count(1)
    chat.picture("welcome")
    chat.type("@")
    expect(chat.options).to_have_count(4)
    chat.picture("menu")
    chat.options.filter(has_text="@Guide").click()
    chat.type("what can I do here?")
    chat.press_send()
    expect(chat.body("Hello, I am Guide.")).to_contain_text("This reply is canned")
    expect(chat.stop_button).to_have_count(0)
    chat.picture("answer")
    chat.send("@Data-Sage describe measurements.csv")
    expect(chat.body("I am Data Sage")).to_contain_text("This reply is canned")
    chat.send("/engine @Guide recall")
    expect(chat.body("litellm → recall")).to_have_count(1)
    chat.send("@Guide what did I ask first?")
    expect(chat.body("Your first message here was")).to_contain_text("what can I do here?")
    chat.picture("moved")
    chat.send("/engine @Guide litellm")
    expect(chat.body("recall → litellm")).to_have_count(1)
    chat.send("@Guide are you back?")
    expect(chat.body("Hello, I am Guide.")).to_have_count(2)
    chat.send("@Tutor new linear regression")
    made = chat.body("I have made").get_by_role("link", name="lesson-linear-regression.ipynb")
    made.scroll_into_view_if_needed()
    chat.picture("tutor")
    with chat.page.context.expect_page() as opened:
        made.click()
    expect(opened.value.locator(".jp-Notebook")).to_contain_text("linear regression")
    opened.value.close()
    chat.send("/personas")
    table = chat.body("Where from").locator("table").first
    expect(table.locator("tbody tr")).to_have_count(4)
    chat.picture("dark", dark=True)
