"""Real chats of both transports, with something in the browser's place that counts.

A `Tap` records each frame that would leave for the browser. What it holds is read only
after the clock has stopped.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jupyterlab_chat.models import BaseChatModel
from jupyterlab_chat.websocket_model import WsChatModel
from jupyterlab_chat.ychat import YChat
from pycrdt import (
    Array,
    Awareness,
    Doc,
    TransactionEvent,
    create_awareness_message,
    create_update_message,
)

Transport = Literal["ws", "rtc"]
QUESTION = "question"
EARLIER_BODY = "A paragraph of some length, as it stands in a chat about data. " * 4


@dataclass
class Tap:
    """What was sent to one browser.

    Attributes:
        keep: Whether frames are kept for `seen`, or only counted.
        clock: Called at each frame; what it gives is kept with the frame.
        bytes: Bytes sent, with the headers of the WebSocket frames.
        disk: Bytes written to the chat file.
    """

    keep: bool
    clock: Callable[[], tuple[float, int]] = lambda: (0.0, 0)
    bytes: int = 0
    disk: int = 0
    frames: list[tuple[float, int, Any]] = field(default_factory=list)
    seen: Callable[[Any], str | None] = lambda payload: None

    def count(self, size: int, payload: Any) -> None:
        """Note one frame of ``size`` bytes."""
        self.bytes += size + (2 if size < 126 else 4 if size < 65536 else 10)
        if self.keep:
            self.frames.append((*self.clock(), payload))

    def texts(self) -> list[tuple[float, int, str]]:
        """Return when, in which turn of the loop and with which text the reply changed."""
        found: list[tuple[float, int, str]] = []
        for when, turn, payload in self.frames:
            body = self.seen(payload)
            if body and (not found or found[-1][2] != body):
                found.append((when, turn, body))
        return found


class _Browser:
    """What `WsChatModel` takes for a connected browser."""

    def __init__(self, tap: Tap, file: Path) -> None:
        self._tap = tap
        self._file = file
        self._written = file.stat().st_mtime_ns

    def write_message(self, message: str) -> None:
        self._tap.count(len(message.encode()), message)
        stat = self._file.stat()  # a frame that was stored comes right after it was
        if stat.st_mtime_ns != self._written:
            self._written = stat.st_mtime_ns
            self._tap.disk += stat.st_size


def chat_content(earlier: int) -> dict[str, Any]:
    """Return a chat file's content: ``earlier`` messages and one that asks for an answer."""
    now = time.time() - 60
    people = [("ada", "Ada", False), ("persona::old", "Old", True)]
    messages = [
        {
            "id": f"m{i}",
            "type": "msg",
            "body": EARLIER_BODY,
            "time": now - earlier + i,
            "sender": people[i % 2][0],
            "raw_time": False,
            "mentions": [],
        }
        for i in range(earlier)
    ]
    question = {
        **(messages[0] if messages else {}),
        "id": QUESTION,
        "body": "Tell me.",
        "time": now,
    }
    question |= {"type": "msg", "sender": "ada", "raw_time": False, "mentions": []}
    return {
        "messages": [*messages, question],
        "users": {
            username: {"username": username, "name": name, "display_name": name, "bot": bot}
            for username, name, bot in people
        },
        "attachments": {},
        "metadata": {"id": "bench"},
    }


async def open_chat(
    transport: Transport, folder: Path, earlier: int, tap: Tap
) -> tuple[BaseChatModel, Any]:
    """Return a chat that is watched by ``tap``, and what must be kept alive with it."""
    content = json.dumps(chat_content(earlier))
    if transport == "ws":
        file = folder / "bench.chat"
        file.write_text(content, encoding="utf-8")
        model = WsChatModel("bench.chat", folder)
        model.load_from_file()
        model.handlers["browser"] = _Browser(tap, file)  # type: ignore[assignment]
        tap.seen = _ws_body
        return model, None
    doc: Doc[Any] = Doc()
    chat = YChat(doc, Awareness(doc))
    chat.initial_path = "bench.chat"
    chat.set(content)
    chat.dirty = False
    await asyncio.sleep(0)
    replica: Doc[Any] = Doc()
    messages = replica.get("messages", type=Array)
    replica.apply_update(doc.get_update())

    def on_update(event: TransactionEvent) -> None:
        tap.count(len(create_update_message(event.update)), event.update)

    def on_awareness(topic: str, changes: tuple[dict[str, Any], Any]) -> None:
        # The condition is that of the room of jupyter-collaboration.
        if topic == "update" and changes[1] == "local" and chat.awareness is not None:
            clients = [client for ids in changes[0].values() for client in ids]
            state = chat.awareness.encode_awareness_update(clients)
            tap.count(len(create_awareness_message(state)), None)

    def body(update: bytes | None) -> str | None:
        if update is None:
            return None
        replica.apply_update(update)
        last = messages[len(messages) - 1]
        return None if last["id"] == QUESTION else str(last["body"])

    tap.seen = body
    subscriptions = (doc.observe(on_update), chat.awareness.observe(on_awareness))
    return chat, subscriptions


def _ws_body(message: str) -> str | None:
    frame = json.loads(message)
    if frame["action"] != "message" or frame["message"]["id"] == QUESTION:
        return None
    return str(frame["message"]["body"])
