"""One reply, streamed to a chat: by this project's writer, and by one update a chunk."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from jupyterlab_chat.models import Message, NewMessage, User

from benchmarks import clock
from benchmarks.chats import QUESTION, Tap, Transport, open_chat
from persona.core import BasePersona, PersonaEngine, PersonaIdentity, ReplyWriter, Turn

CHUNK = 4
INTERVAL = 0.002


@dataclass(frozen=True)
class Case:
    """What is streamed where.

    Attributes:
        transport: ``ws`` or ``rtc``.
        chunks: Pieces of the reply, of four characters each.
        earlier: Messages that are in the chat already.
    """

    transport: Transport
    chunks: int
    earlier: int

    def __str__(self) -> str:
        name = {"ws": "WebSocket", "rtc": "RTC"}[self.transport]
        return f"{name}, {self.chunks:,} chunks, {self.earlier:,} earlier messages"


@dataclass(frozen=True)
class Streamed:
    """What one reply cost, and how it arrived.

    Attributes:
        bytes: Bytes to the browser.
        disk: Bytes to the chat file.
        cpu: CPU seconds of the whole turn.
        frames: How often the reply was sent.
        exact: Whether chat and browser hold the whole reply at the end.
        first_turns: Turns of the event loop between the first text's arrival and its frame.
        worst_age: Seconds that the oldest text of a frame had waited, in the worst frame.
        worst_cost: Seconds that the costliest frame took.
        share: Part of the reply's time that the writer spent on writing.
    """

    bytes: int
    disk: int
    cpu: float
    frames: int = 0
    exact: bool = True
    first_turns: int = 0
    worst_age: float = 0.0
    worst_cost: float = 0.0
    share: float = 0.0


def pieces(count: int) -> list[str]:
    """Return a reply in pieces: words, in lines, all different enough."""
    text = "".join(f"{i:x} word{'. ' if i % 12 else '.' + chr(10)}" for i in range(count))
    return [text[i * CHUNK : (i + 1) * CHUNK] for i in range(count)]


class Streaming(PersonaEngine):
    """Yields one piece every two milliseconds, as a model's server does."""

    id = "bench-streaming"

    def __init__(self, count: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pieces = pieces(count)
        self.arrived: list[float] = []
        self.turns = 0
        self.ended = False
        self.spent: list[float] = []
        self.writer: ReplyWriter | None = None
        self.share = 0.0

    def now(self) -> tuple[float, int]:
        """Return the loop's time, and its turns since the first text arrived."""
        if self.writer is not None:
            self.spent.append(self.writer.stats.seconds)
        return asyncio.get_running_loop().time(), self.turns

    async def process_message(self, message: Message) -> None:
        turn = self.persona.new_turn(message)
        writer = self.writer = ReplyWriter(self.persona.conversation, turn)
        begun = asyncio.get_running_loop().time()
        async with aclosing(self.reply(turn)) as stream:
            await writer.write(stream)
        self.spent.append(writer.stats.seconds)
        self.share = writer.stats.seconds / (asyncio.get_running_loop().time() - begun)

    async def reply(self, turn: Turn) -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        # An absolute schedule: a sleep of two milliseconds each time would drift.
        begun = loop.time()
        try:
            for number, piece in enumerate(self.pieces):
                wait = begun + number * INTERVAL - loop.time()
                if wait > 0:
                    await asyncio.sleep(wait)
                if number == 0:
                    loop.call_soon(self._tick)
                self.arrived.append(loop.time())
                yield piece
        finally:
            self.ended = True

    def _tick(self) -> None:
        self.turns += 1
        if not self.ended and self.turns < 100:
            asyncio.get_running_loop().call_soon(self._tick)


def write_with_persona(case: Case, *, real_time: bool) -> Streamed:
    """Stream the reply through a persona and `ReplyWriter`."""
    with tempfile.TemporaryDirectory() as folder:
        return clock.run(_persona(case, Path(folder)), real_time=real_time)


async def _persona(case: Case, folder: Path) -> Streamed:
    tap = Tap(keep=True)
    chat, kept = await open_chat(case.transport, folder, case.earlier, tap)
    engine = Streaming(case.chunks)
    tap.clock = engine.now
    persona = BasePersona(
        ychat=chat, engine=engine, identity=PersonaIdentity(name="Bench"), root_dir=folder
    )
    question = chat.get_message(QUESTION)
    gc.collect()
    begun = time.process_time()
    await persona.process_message(question)
    cpu = time.process_time() - begun
    await persona.shutdown()
    texts = tap.texts()
    reply = "".join(engine.pieces)
    stored = [m.body for m in chat.get_messages() if m.sender == persona.id]
    del kept
    return Streamed(
        bytes=tap.bytes,
        disk=tap.disk,
        cpu=cpu,
        frames=len(texts),
        exact=stored == [reply] and bool(texts) and texts[-1][2] == reply,
        first_turns=texts[0][1],
        worst_age=max(_ages(texts, engine.arrived)),
        worst_cost=max(b - a for a, b in pairwise(engine.spent)),
        share=engine.share,
    )


def _ages(texts: list[tuple[float, int, str]], arrived: list[float]) -> list[float]:
    """Return for each frame how long the oldest new text in it had waited."""
    ages = []
    shown = 0
    for when, _, text in texts:
        ages.append(when - arrived[shown // CHUNK])
        shown = len(text)
    return ages


def write_each_chunk(case: Case) -> Streamed:
    """Stream the reply with one update a chunk, without any waiting between chunks.

    The bytes do not depend on the pace, and without the waiting the CPU is less: this
    flatters what we compare with.
    """
    with tempfile.TemporaryDirectory() as folder:
        return clock.run(_chunks(case, Path(folder)), real_time=True)


async def _chunks(case: Case, folder: Path) -> Streamed:
    tap = Tap(keep=False)
    chat, kept = await open_chat(case.transport, folder, case.earlier, tap)
    sender = User(username="persona::peer", name="Peer", display_name="Peer", bot=True)
    parts = pieces(case.chunks)
    gc.collect()
    begun = time.process_time()
    chat.set_user(sender)
    message_id = chat.add_message(NewMessage(body="", sender=sender.username))
    sent = time.time()
    for part in parts:
        chat.update_message(
            Message(id=message_id, body=part, sender=sender.username, time=sent), append=True
        )
        await asyncio.sleep(0)
    cpu = time.process_time() - begun
    message = chat.get_message(message_id)
    del kept
    exact = message is not None and message.body == "".join(parts)
    return Streamed(bytes=tap.bytes, disk=tap.disk, cpu=cpu, frames=case.chunks, exact=exact)
