"""A chat as a person sees and uses it: JupyterLab in Chromium."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, expect

from .lab import SECONDS, Lab

_INPUT = ".jp-MainAreaWidget:not(.lm-mod-hidden) .jp-chat-input-textfield textarea:not([readonly])"
_OURS = re.compile(r"persona-jupyter|api/personas")


class ChatPage:
    """One browser tab with one chat.

    Args:
        page: The tab.
        lab: The server.
        pictures: Where screenshots go, and what their names begin with.
    """

    def __init__(self, page: Page, lab: Lab, pictures: Path) -> None:
        self.page = page
        self.lab = lab
        self.complaints: list[str] = []
        self._pictures = pictures
        page.set_default_timeout(SECONDS * 1000)
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)

    def open(self, path: str) -> None:
        """Open a chat file and wait until a message can be typed."""
        self.page.goto(self.lab.address(path))
        expect(self.input).to_be_visible()

    def reload(self) -> None:
        """Load the page again, as F5 does."""
        self.page.reload()
        expect(self.input).to_be_visible()

    # -- what is seen --------------------------------------------------------

    @property
    def input(self) -> Locator:
        """The field in which messages are written."""
        return self.page.locator(_INPUT).first

    @property
    def options(self) -> Locator:
        """The rows of the open menu."""
        return self.page.locator("[role=option]")

    @property
    def messages(self) -> Locator:
        """All messages."""
        return self.page.locator(".jp-chat-message")

    @property
    def bodies(self) -> Locator:
        """The rendered texts of all messages."""
        return self.page.locator(".jp-chat-rendered-message")

    @property
    def stop_button(self) -> Locator:
        """The button that stops replies; there only while somebody writes."""
        return self.page.get_by_role("button", name="Stop the reply")

    def body(self, text: str | re.Pattern[str]) -> Locator:
        """Return the rendered texts that hold `text`."""
        return self.bodies.filter(has_text=text)

    def avatar(self, name: str) -> Locator:
        """Return the picture beside the first message of a participant."""
        return self.page.locator(f".jp-chat-message-header img[alt='{name}']").first

    def picture(self, name: str, *, dark: bool = False) -> None:
        """Keep a screenshot."""
        if dark:
            self.scheme("dark")
        # The caret blinks, and what was hovered over last shows its hint.
        self.page.mouse.move(0, 0)
        file = self._pictures.with_name(f"{self._pictures.name}-{name}.png")
        self.page.screenshot(path=file, animations="disabled")
        if dark:
            self.scheme("light")

    # -- what is done ----------------------------------------------------------

    def type(self, text: str) -> None:
        """Type into the message."""
        self.input.focus()
        self.page.keyboard.type(text)

    def pick(self, typed: str, name: str) -> None:
        """Type the beginning of a name or command and choose it from the menu."""
        self.type(typed)
        option = self.options.filter(has_text=name)
        expect(option).to_have_count(1)
        option.click()
        expect(self.input).to_have_value(re.compile(re.escape(name) + r"\s"))

    def press_send(self) -> None:
        """Send what is typed; again, as a person would, while the chat still connects.

        The chat's send() raises until its WebSocket is open, and the text stays where it is.
        """
        button = self.page.locator(".jp-MainAreaWidget:not(.lm-mod-hidden) .jp-chat-send-button")
        button.click()
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            with suppress(AssertionError):
                expect(self.input).to_have_value("", timeout=5_000)
                return
            with suppress(Error):  # it was sent meanwhile, and the button is off
                button.click(timeout=1_000)
        expect(self.input).to_have_value("")

    def send(self, text: str) -> None:
        """Write a message and send it."""
        self.input.fill(text)
        self.press_send()

    def scheme(self, name: str) -> None:
        """Change to the light or the dark theme."""
        self.page.emulate_media(color_scheme="dark" if name == "dark" else "light")
        light = "false" if name == "dark" else "true"
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", light)

    # -- what went wrong -----------------------------------------------------------

    def _on_console(self, message: ConsoleMessage) -> None:
        where = str(message.location.get("url", ""))
        told = message.type in ("error", "warning")
        if told and _OURS.search(f"{message.text} {where}"):
            self.complaints.append(f"{message.type}: {message.text} ({where})")

    def _on_error(self, error: Error) -> None:
        # The chat itself sometimes stumbles over nodes that Markdown has replaced.
        if _OURS.search(error.stack or ""):
            self.complaints.append(f"page error: {error.message}\n{error.stack}")
