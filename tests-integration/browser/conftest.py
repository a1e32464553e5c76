"""Two JupyterLab servers, one for each way that chats are kept, and one browser."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from persona.testing import ScriptedLLM

from ..agents.install import bin_folder
from .chat import ChatPage
from .chromium import chromium, launch_arguments
from .lab import NO_RTC, SECONDS, Lab, poll
from .project import Project

ROOT = Path(__file__).parents[2]
AGENTS = Path(os.environ.get("PERSONA_AGENTS", ROOT / ".tools" / "agents"))
"""Where real agents are installed."""

MODES = {"websocket": NO_RTC, "rtc": "--YDocExtension.disable_rtc=False"}


@pytest.fixture(scope="session", params=list(MODES))
def mode(request: pytest.FixtureRequest) -> str:
    """How chats are kept: each test runs in both modes."""
    return str(request.param)


@pytest.fixture(scope="session")
def lab(mode: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give the server of one mode."""
    home = tmp_path_factory.mktemp(f"lab-{mode}")
    programs = [bin_folder(AGENTS, "opencode")]
    with Lab(home, home / "root", extra=[MODES[mode]], programs=programs) as server:
        yield server
        started = psutil.Process(server.pid).children(recursive=True)
    poll(lambda: not any(map(runs, started)), "what the server had started to end")


def runs(process: psutil.Process) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="session")
def scripted() -> Iterator[ScriptedLLM]:
    """Give the model that all tests share."""
    with ScriptedLLM.in_thread() as llm:
        yield llm


@pytest.fixture
def llm(scripted: ScriptedLLM) -> ScriptedLLM:
    """Give the model, without what earlier tests told it."""
    scripted.reset()
    return scripted


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give one Chromium for all tests."""
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(
            executable_path=chromium(), args=launch_arguments(), timeout=SECONDS * 1000
        )
        yield chrome
        chrome.close()


@pytest.fixture(scope="session")
def context(browser: Browser, mode: str) -> Iterator[BrowserContext]:
    """Give one profile for each mode; a new one would load all of JupyterLab again."""
    profile = browser.new_context(
        viewport={"width": 1100, "height": 760}, color_scheme="light", locale="en-US"
    )
    yield profile
    profile.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the screenshots."""
    named = os.environ.get("PERSONA_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def project(lab: Lab, llm: ScriptedLLM) -> Project:
    """Give a folder without personas."""
    return Project(lab, f"study-{len(list(lab.root.iterdir())) + 1}", llm.url)


@pytest.fixture(scope="session")
def ours() -> re.Pattern[str]:
    """What an error in the server's log holds if it concerns us."""
    return re.compile("persona")


@pytest.fixture
def chat(
    context: BrowserContext,
    lab: Lab,
    ours: re.Pattern[str],
    pictures: Path,
    request: pytest.FixtureRequest,
) -> Iterator[ChatPage]:
    """Give a tab; afterwards keep a picture of it and see that nothing complained."""
    name = re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-")
    page = context.new_page()
    said = len(lab.log())
    chat = ChatPage(page, lab, pictures / name)
    yield chat
    chat.picture("end")
    page.close()
    assert chat.complaints == []
    entries = re.split(r"^(?=\[[A-Z] |Traceback )", lab.log()[said:], flags=re.MULTILINE)
    errors = [entry for entry in entries if entry.startswith(("[E ", "Traceback "))]
    # Other extensions' troubles are theirs, as long as nothing of ours is in them.
    assert [entry for entry in errors if ours.search(entry)] == []
