"""What the lab extension costs the browser's main thread: a streamed reply, a long chat.

Seconds are of CPU of the main thread, as Chromium counts them. What streams is compared with
one update of the message for each chunk, in a page without our lab extension, and what is
shown with the same page without it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import replies
from benchmarks.measure import Measure, median
from benchmarks.pages import MODES, LabPage, browser_tests, chromium, serving
from benchmarks.profiles import longest
from persona.testing import ScriptedLLM

STREAMING = 1.5
"""Seconds for 3,000 chunks."""

HELD = 100.0
"""Milliseconds that our code may hold one frame."""

_NAMES = {"ws": "WebSocket", "rtc": "RTC"}
_SHOWN = ".jp-MainAreaWidget:not(.lm-mod-hidden) .jp-chat-message"
_SCROLLS = 50


def measure(*, full: bool) -> Iterator[Measure]:
    """Yield every figure of the browser.

    Args:
        full: Everything, several times; else ours alone, and the long chat in one kind of chat.
    """
    with chromium() as browser, ScriptedLLM.in_thread() as llm:
        for mode in MODES:
            with tempfile.TemporaryDirectory() as folder, serving(Path(folder), mode) as lab:
                make = _Projects(lab, llm)
                yield from _streaming(browser, make, mode, full=full)
                if full or mode == "ws":
                    yield from _long_chat(browser, make, mode, full=full)


class _Projects:
    """Makes folders with one persona, and what the model says to it."""

    def __init__(self, lab: Any, llm: ScriptedLLM) -> None:
        self.lab = lab
        self.llm = llm
        self._count = 0

    def __call__(self) -> Any:
        self._count += 1
        project = browser_tests("project").Project(self.lab, f"p{self._count}", self.llm.url)
        project.persona("Ada")
        return project


def _streaming(browser: Any, make: _Projects, mode: str, *, full: bool) -> Iterator[Measure]:
    make.llm.reset()
    make.llm.on("warm").reply("I am here.")
    make.llm.on("tell").reply(replies.text(), chunk=replies.CHUNK, delay=replies.INTERVAL)
    ours = [_stream(browser, make, "tell me") for _ in range(3 if full else 1)]
    seconds = median([spent.task for spent in ours])
    case = _NAMES[mode]
    yield Measure(
        "browser",
        "main thread for a reply of 3,000 chunks",
        seconds,
        "s",
        STREAMING,
        detail={
            "s by the clock": median([spent.wall for spent in ours]),
            "s of script": median([spent.script for spent in ours]),
        },
        case=case,
    )
    if not full:
        return
    peer = _stream(browser, make, "peer", extension=False)
    yield Measure(
        "browser",
        "less than one update a chunk",
        peer.task / seconds,
        "x",
        detail={"s, one update a chunk": peer.task, "s by the clock": peer.wall},
        case=case,
    )


def _stream(browser: Any, make: _Projects, ask: str, *, extension: bool = True) -> Any:
    project = make()
    with ExitStack() as stack:
        tab = LabPage(browser, make.lab, extension=extension)
        stack.callback(tab.close)
        tab.chat.open(project.chat_path)
        if extension:  # the engine is imported with its first reply
            tab.chat.send("warm")
            tab.chat.body("I am here.").wait_for()
        tab.page.wait_for_timeout(2_000)
        before = tab.spent()
        tab.chat.send(ask)
        tab.page.wait_for_function(
            "end => document.querySelector('.jp-chat-messages-container')"
            "?.textContent.includes(end)",
            arg=replies.END,
            polling=500,
            timeout=120_000,
        )
        return tab.spent() - before


def _long_chat(browser: Any, make: _Projects, mode: str, *, full: bool) -> Iterator[Measure]:
    project = make()
    found: dict[bool, list[dict[str, float]]] = {True: [], False: []}
    for number in range(2 if full else 1):
        for extension in (True, False) if full else (True,):
            name = f"long-{number}-{extension}.chat"
            replies.write_chat(project.folder / name)
            path = f"{project.folder.name}/{name}"
            found[extension].append(_show(browser, make, path, extension=extension))
    ours = _middle(found[True])
    without = _middle(found[False]) if full else None
    case = _NAMES[mode]
    yield Measure(
        "browser",
        "our code in any frame, a long chat opens",
        ours["held"],
        "ms",
        HELD,
        detail={"ms in all frames": ours["ours"], "longest frame, ms": ours["longest"]}
        | ({"without us, ms": without["longest"]} if without else {}),
        case=case,
    )
    yield Measure(
        "browser",
        "our code in any frame, it is scrolled through",
        ours["scroll held"],
        "ms",
        HELD,
        detail={"tasks over 50 ms": ours["scroll tasks"]}
        | ({"without us": without["scroll tasks"]} if without else {}),
        case=case,
    )
    if without:
        yield Measure(
            "browser",
            "main thread to open it, against the same without us",
            ours["opening"] / without["opening"],
            "x",
            detail={"s": ours["opening"], "s without us": without["opening"]},
            case=case,
        )


def _middle(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: median([run[name] for run in runs]) for name in runs[0]}


def _show(browser: Any, make: _Projects, path: str, *, extension: bool) -> dict[str, float]:
    """Open a long chat in a running JupyterLab, scroll through it, and say what it took."""
    with ExitStack() as stack:
        tab = LabPage(browser, make.lab, extension=extension)
        stack.callback(tab.close)
        tab.chat.open(make().chat_path)
        tab.page.wait_for_timeout(2_000)
        with tab.profile() as opening:
            tab.watch()
            before = tab.spent()
            tab.page.evaluate(
                "filepath => {void jupyterapp.commands.execute("
                "'jupyterlab-chat:open', {filepath})}",
                path,
            )
            tab.page.wait_for_function(
                "([shown, count]) => [...document.querySelectorAll(shown)]"
                ".filter(body => body.textContent.trim()).length >= count",
                arg=[f"{_SHOWN} .jp-chat-rendered-message", replies.MESSAGES],
                polling=1_000,
                timeout=120_000,
            )
            tab.page.wait_for_timeout(2_000)  # what comes after the messages
            spent = tab.spent() - before
        tasks = tab.watched()
        drawn = [tab.page.locator(f".persona-{n}").count() for n in ("ReplyFooter", "Report")]
        if drawn != ([replies.ANSWERS, replies.REPORTS] if extension else [0, 0]):
            raise RuntimeError(f"{drawn} footers and reports are drawn.")
        tab.page.locator(_SHOWN).last.hover()
        with tab.profile() as scrolling:
            tab.watch()
            for _ in range(_SCROLLS):
                tab.page.mouse.wheel(0, -1_500)
                tab.page.wait_for_timeout(30)
        scrolled = tab.watched()
        held, ours = longest(opening)
        return {
            "held": held,
            "ours": ours,
            "longest": max(tasks, default=0.0),
            "opening": spent.task,
            "scroll held": longest(scrolling)[0],
            "scroll tasks": float(len(scrolled)),
        }
