"""The reply that both sides stream into the browser, and the long chat that it shows."""

from __future__ import annotations

import functools
import json
import time
from pathlib import Path
from typing import Any

from persona.core import Diff, FilePosition, ToolCall, ToolCallUpdate
from persona.core._places import Places
from persona.core._render import render_tools
from persona.core._report import tools_report
from persona.core._tools import ToolLog

CHUNK = 4
CHUNKS = 3_000
INTERVAL = 0.002
END = "The-end-of-it."
"""What the reply ends with."""

MESSAGES = 1_000
REPORTS = MESSAGES // 5
ANSWERS = MESSAGES - 2 * REPORTS
"""Each with a footer; as many as reports are questions."""

_PARAGRAPH = "Mean **temperatures** of the stations, by week, as `readings.csv` has them. " * 4


@functools.cache
def text() -> str:
    """Return the whole reply: paragraphs of Markdown, as a model writes them."""
    words = "".join(
        f"{number:x} {'**word**' if number % 40 == 0 else 'word'}"
        f"{'.' + 2 * chr(10) if number % 60 == 59 else ' '}"
        for number in range(CHUNKS)
    )
    return words[: CHUNKS * CHUNK - len(END)] + END


def reply(number: int) -> str:
    """Return one chunk of it."""
    return text()[number * CHUNK : (number + 1) * CHUNK]


def write_chat(path: Path) -> None:
    """Write a chat file of 1,000 messages: questions, answers and 200 reports of tool calls."""
    begun = time.time() - MESSAGES - 60
    messages = [_message(number, begun + number) for number in range(MESSAGES)]
    users = [("ada", "Ada", False), ("persona::sage", "Sage", True)]
    chat = {
        "messages": messages,
        "users": {
            name: {"username": name, "name": shown, "display_name": shown, "bot": bot}
            for name, shown, bot in users
        },
        "attachments": {},
        "metadata": {"id": f"bench-{path.stem}"},
    }
    path.write_text(json.dumps(chat), encoding="utf-8")


def _message(number: int, when: float) -> dict[str, Any]:
    """Return one message; of five in a row the first is asked, the third reports tool calls."""
    place = number % 5
    base = {
        "id": f"m{number}",
        "time": when,
        "type": "msg",
        "raw_time": False,
        "mentions": [],
        "sender": "persona::sage" if place else "ada",
    }
    if place == 0:
        return base | {"body": f"Question {number}: what do the stations say?"}
    note: dict[str, Any] = {"answers": f"m{number - place}", "state": "complete", "hops": 0}
    if place == 2:
        log = _calls(number)
        note |= {"kind": "tools", "calls": tools_report(log, Places(Path("/srv"), Path("/srv")))}
        return base | {"body": render_tools(log), "metadata": {"persona": note}}
    note |= {
        "kind": "reply",
        "engine": "litellm",
        "model": "openai/scripted",
        "seconds": 3.2,
        "usage": {"input_tokens": 1200, "output_tokens": 240, "cost": 0.0031},
    }
    return base | {"body": f"Answer {number}. {_PARAGRAPH}", "metadata": {"persona": note}}


def _calls(number: int) -> ToolLog:
    log = ToolLog()
    old = "".join(f"line {line}\n" for line in range(20))
    diff = Diff("readings.py", old, old.replace("line 7", f"line {number}"))
    for call in range(3):
        name = f"{number}-{call}"
        place = (FilePosition("readings.py", 3),)
        log.start(ToolCall(name, "edit", {"path": "readings.py"}, diffs=(diff,), locations=place))
        log.update(ToolCallUpdate(name, "completed", output="done\n" * 20))
    return log
