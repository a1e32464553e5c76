"""Where a text can be shown without being stored: when it is stored all the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from persona.core import (
    ChatGone,
    Pace,
)

if TYPE_CHECKING:
    from conftest import RealChat, Until

BOT = "persona::ada-bot"


class Client:
    """A browser that keeps the last text of the reply that it was sent."""

    text = ""

    def write_message(self, frame: str) -> None:
        message = json.loads(frame).get("message", {})
        if message.get("sender") == BOT:
            assert message["metadata"]["persona"]["kind"] == "reply"
            self.text = message["body"]


def client_of(ws: RealChat) -> Client:
    client = Client()
    ws.model.handlers["second"] = client  # type: ignore[attr-defined]
    return client


def stored(folder: Path) -> str:
    messages = json.loads((folder / "a.chat").read_text(encoding="utf-8"))["messages"]
    return str(messages[-1]["body"])


async def test_text_is_shown_before_it_is_stored(ws: RealChat, tmp_path: Path) -> None:
    client = client_of(ws)
    seen: list[tuple[str, str]] = []

    async def reply() -> AsyncIterator[str]:
        for word in ("one ", "two ", "three "):
            yield word
            seen.append((client.text, stored(tmp_path)))

    await ws.writer(Pace(floor=0, ceiling=0, keeping=60)).write(reply())
    assert seen == [("one ", "one "), ("one two ", "one "), ("one two three ", "one ")]
    assert client.text == stored(tmp_path) == "one two three "


async def test_silence_stores_what_was_shown(ws: RealChat, tmp_path: Path, until: Until) -> None:
    client = client_of(ws)
    before: list[str] = []

    async def reply() -> AsyncIterator[str]:
        yield "one "
        yield "two "
        before.append(stored(tmp_path))
        await until(lambda: stored(tmp_path) == "one two ")

    await ws.writer(Pace(floor=0, ceiling=0, share=1e9, keeping=0.05)).write(reply())
    assert before == ["one "]
    assert client.text == "one two "


async def test_long_stream_is_stored_on_the_way(ws: RealChat, tmp_path: Path) -> None:
    found: set[str] = set()

    async def reply() -> AsyncIterator[str]:
        for _ in range(100):
            yield "x"
            found.add(stored(tmp_path))
            await asyncio.sleep(0.002)

    await ws.writer(Pace(floor=0, ceiling=0, share=1e9, keeping=0.02)).write(reply())
    assert 3 <= len(found) <= 50


async def test_message_deleted_while_text_is_only_shown_ends_the_turn(ws: RealChat) -> None:
    async def reply() -> AsyncIterator[str]:
        yield "one "
        ws.delete(ws.of(BOT)[0].id)
        yield "two "

    with pytest.raises(ChatGone):
        await ws.writer(Pace(floor=0, ceiling=0, keeping=60)).write(reply())
    assert ws.bodies() == [""]


def test_storing_takes_at_most_half_of_the_share() -> None:
    pace = Pace()
    for cost in (0, 0.001, 0.01, 0.1, 1):
        wait = pace.until_stored(cost)
        assert wait >= pace.keeping
        assert cost / wait <= pace.share / 2


def test_light_frames_never_come_later_than_a_second() -> None:
    pace = Pace()
    for milliseconds in range(51):
        cost = milliseconds / 1000
        assert pace.spacing(10**6, cost) + cost <= 1.0
