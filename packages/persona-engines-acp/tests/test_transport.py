"""Messages over pipes, whatever the pieces in which they come."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona.engines.acp import _transport
from persona.engines.acp._routes import Routes
from persona.engines.acp._stderr import ErrorOutput
from persona.engines.acp._transport import PipeTransport

LOG = logging.getLogger("test")


class Pipe:
    def __init__(self) -> None:
        self.updates: list[Any] = []
        self.written: list[bytes] = []
        self.hung_up: list[str] = []
        self.errors = ErrorOutput("agent", LOG)
        self.transport = PipeTransport(
            self.take, self.written.append, self.hung_up.append, LOG, self.errors.show
        )

    def take(self, update: Any, size: int) -> None:
        self.updates.append(update)

    async def rest(self) -> list[Any]:
        self.transport.feed_end()
        found = []
        while (message := await self.transport.receive()) is not None:
            found.append(message)
        return found


def update(number: int) -> dict[str, Any]:
    return {"method": "session/update", "params": {"sessionId": "s", "update": {"n": number}}}


@given(st.lists(st.integers(1, 40), max_size=40))
def test_pieces_of_any_length_give_the_same_messages(sizes: list[int]) -> None:
    async def run() -> None:
        pipe = Pipe()
        sent: list[Any] = [
            x for n in range(5) for x in (update(n), {"id": n, "result": {"é": "x\u2028y"}})
        ]
        data = b"\n".join(json.dumps(m, ensure_ascii=False).encode() for m in sent)
        position = 0
        for size in (*sizes, len(data)):
            pipe.transport.feed(data[position : position + size])
            position += size
        assert await pipe.rest() == sent[1::2]
        assert [u["update"]["n"] for u in pipe.updates] == list(range(5))

    asyncio.run(run())


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data: bytes) -> None:
    async def run() -> None:
        pipe = Pipe()
        pipe.transport.feed(b'{"id": 1, "result": 1}\n' + data + b"\n" + b'{"id": 2}\n')
        rest = await pipe.rest()
        assert rest[0] == {"id": 1, "result": 1} and rest[-1] == {"id": 2}

    asyncio.run(run())


async def test_defect_in_taking_an_update_costs_no_other_message() -> None:
    class Broken(Pipe):
        def take(self, update: Any, size: int) -> None:
            super().take(update, size)
            if update["update"]["n"] == 0:
                raise ZeroDivisionError

    pipe = Broken()
    lines = [json.dumps(m) for m in (update(0), update(1), {"id": 1, "result": 1})]
    with pytest.raises(ZeroDivisionError):
        pipe.transport.feed("\n".join((*lines, '{"id": 2, ')).encode())
    await asyncio.sleep(0)
    pipe.transport.feed(b'"result": 2}\n')
    assert len(pipe.updates) == 2
    assert await pipe.rest() == [{"id": 1, "result": 1}, {"id": 2, "result": 2}]


@pytest.mark.parametrize("depth", [101, 500, 900, 960, 990, 5000])
@pytest.mark.parametrize("ends", ['{"a":|}', "[|]"])
async def test_message_too_deep_to_be_handled_is_dropped(depth: int, ends: str) -> None:
    pipe = Pipe()
    before, after = ends.split("|")
    pipe.transport.feed(f'{{"id": 1, "result": {before * depth}1{after * depth}}}\n'.encode())
    assert await pipe.rest() == []


async def test_message_with_much_in_it_that_is_not_deep_is_taken() -> None:
    pipe = Pipe()
    wide = {"id": 1, "result": {"list": [[{"x": [1]}]] * 1000, "text": "[{" * 1000}}
    pipe.transport.feed(json.dumps(wide).encode() + b"\n")
    assert await pipe.rest() == [wide]


def test_what_is_dropped_is_logged_without_secrets_and_colours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        pipe = Pipe()
        pipe.errors.hide(["sk-hidden"])
        text = "x" * 195 + "sk-hidden"
        pipe.transport.feed(f"\x1b[31mkey\x1b[0m \0sk-hidden\n{text}\n".encode())
        pipe.errors.feed(b"\x1b[1;33mwarning\x1b[0m sk-hidden\n")
        assert pipe.transport.dropped == ("key ***", "x" * 195 + "***")
        assert pipe.errors.last_lines == ("warning ***",)

    with caplog.at_level(logging.DEBUG, "test"):
        asyncio.run(run())
    assert "key ***" in caplog.text and "sk-h" not in caplog.text


async def test_error_that_is_no_object_is_mended() -> None:
    pipe = Pipe()
    pipe.transport.feed(b'{"id": 1, "error": "bad"}\n{"id": 2, "error": {"code": "x"}}\n')
    assert [m["error"] for m in await pipe.rest()] == [
        {"code": -32603, "message": "bad"},
        {"code": -32603, "message": "Error"},
    ]


async def test_line_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_transport, "MAX_LINE", 1000)
    pipe = Pipe()
    for _ in range(20):
        pipe.transport.feed(b"x" * 100)
    assert len(pipe.hung_up) == 1
    assert await pipe.transport.receive() is None


async def test_writing_to_a_closed_pipe_is_a_connection_error() -> None:
    pipe = Pipe()
    await pipe.transport.send({"id": 1})
    assert pipe.written == [b'{"id":1}\n']
    await pipe.transport.close()
    with pytest.raises(ConnectionError):
        await pipe.transport.send({"id": 2})


def test_stderr_is_kept_in_bounded_memory(caplog: pytest.LogCaptureFixture) -> None:
    output = ErrorOutput("agent", LOG)
    output.hide(["sk-hidden"])
    with caplog.at_level(logging.DEBUG, "test"):
        for number in range(1000):
            output.feed(f"line {number} sk-hidden\n".encode())
        output.feed(b"y" * 1_000_000)
    assert len(output.last_lines) == 21
    assert output.last_lines[0] == "line 980 ***" and len(output.last_lines[-1]) == 2000
    assert "sk-hidden" not in caplog.text and "line 999" in caplog.text


class Session:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def on_update(self, update: Any, size: int) -> None:
        self.seen.append(update["n"])

    async def on_permission(self, params: Any) -> Any:
        return params


def test_updates_that_overtake_the_sessions_opening_come_first() -> None:
    routes, session = Routes(), Session()
    for number in range(3):
        routes.on_update({"sessionId": "s", "update": {"n": number}}, 50)
    routes.on_update({"sessionId": "other", "update": {"n": 9}}, 50)
    routes.attach("s", session)
    routes.on_update({"sessionId": "s", "update": {"n": 3}}, 50)
    assert session.seen == [0, 1, 2, 3]
    routes.detach("s")
    routes.on_update({"sessionId": "s", "update": {"n": 4}}, 50)
    assert session.seen == [0, 1, 2, 3] and routes.listener({"sessionId": "s"}) is None


def test_updates_of_unknown_sessions_are_kept_in_bounds() -> None:
    routes, session = Routes(), Session()
    for number in range(1000):
        routes.on_update({"sessionId": f"s{number % 100}", "update": {"n": number}}, 50)
    for number in range(1000):
        routes.on_update({"sessionId": "s", "update": {"n": number}}, 50)
    routes.attach("s", session)
    assert session.seen == list(range(800, 1000))
    assert len(routes._early) <= 16
