"""The connection of the ACP SDK over our transport, with the version that is installed."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from persona.engines.acp._sdk import Connection, connect, load_sdk
from persona.engines.acp._transport import PipeTransport

from .conftest import until

LOG = logging.getLogger("test")


class Peer:
    """The agent's end: what was written to it, and what it says."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.asked: list[Any] = []
        self.gone = False
        self.transport = PipeTransport(
            lambda *_: None, self._take, lambda _: None, LOG, bytes.decode
        )
        self.connection: Connection = connect(self._handle, self.transport)

    def say(self, *messages: Any) -> None:
        lines = [json.dumps({"jsonrpc": "2.0", **message}) for message in messages]
        self.transport.feed("".join(f"{line}\n" for line in lines).encode())

    def request(self, method: str = "ask") -> asyncio.Task[Any]:
        return asyncio.create_task(self.connection.send_request(method, {"é": "\u2028"}))

    def answers(self) -> dict[Any, Any]:
        return {m["id"]: m for m in self.got if "method" not in m}

    def _take(self, data: bytes) -> None:
        if self.gone:
            raise ConnectionError("gone")
        self.got += [json.loads(line) for line in data.splitlines()]

    async def _handle(self, method: str, params: Any, is_notification: bool) -> Any:
        self.asked.append((method, params, is_notification))
        if method == "wait":
            await asyncio.Event().wait()
        if method == "refuse":
            from acp.exceptions import RequestError

            raise RequestError.method_not_found(method)
        return {"told": params}


@pytest.fixture
def complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail if anything was logged as a warning or worse, also when all is collected."""
    yield
    gc.collect()
    records = [r for when in ("call", "teardown") for r in caplog.get_records(when)]
    assert [r.getMessage() for r in records if r.levelno >= logging.WARNING] == []


@pytest.fixture
async def peer(complaints: None) -> AsyncIterator[Peer]:
    load_sdk()
    peer = Peer()
    yield peer
    await peer.connection.close()
    del peer.connection, peer.transport


async def test_answers_reach_who_asked_whatever_their_order(peer: Peer) -> None:
    asked = [peer.request(f"m{number}") for number in range(3)]
    await until(lambda: len(peer.got) == 3)
    assert [m["method"] for m in peer.got] == ["m0", "m1", "m2"]
    assert peer.got[0]["params"] == {"é": "\u2028"}
    ids = [m["id"] for m in peer.got]
    peer.say(*({"id": i, "result": {"n": i, "text": "\ud800é"}} for i in reversed(ids)))
    assert [(await task)["n"] for task in asked] == ids


async def test_notification_is_between_the_requests_that_are_around_it(peer: Peer) -> None:
    first = peer.request("first")
    await until(lambda: peer.got)
    await peer.connection.send_notification("between", {})
    last = peer.request("last")
    await until(lambda: len(peer.got) == 3)
    assert [m["method"] for m in peer.got] == ["first", "between", "last"]
    peer.say(*({"id": m["id"], "result": {}} for m in peer.got if "id" in m))
    assert await first == await last == {}


async def test_error_of_the_agent_is_raised_with_all_of_it(peer: Peer) -> None:
    from acp.exceptions import RequestError

    asked = peer.request()
    await until(lambda: peer.got)
    error = {"code": -32000, "message": "log in", "data": {"x": 1}}
    peer.say({"id": peer.got[0]["id"], "error": error})
    with pytest.raises(RequestError, match="log in") as raised:
        await asked
    assert (raised.value.code, raised.value.data) == (-32000, {"x": 1})


async def test_what_the_agent_asks_is_answered_and_refused_without_a_word_in_the_log(
    peer: Peer,
) -> None:
    peer.say(
        {"id": "a", "method": "wait", "params": {}},
        {"id": "b", "method": "say", "params": {"n": 1}},
        {"id": "c", "method": "refuse", "params": {}},
        {"method": "note", "params": {"n": 2}},
    )
    await until(lambda: len(peer.answers()) == 2 and len(peer.asked) == 4)
    assert peer.answers()["b"]["result"] == {"told": {"n": 1}}
    assert peer.answers()["c"]["error"]["code"] == -32601
    assert peer.asked[-1] == ("note", {"n": 2}, True)


async def test_end_of_the_agent_ends_what_waits_for_it(
    peer: Peer,
) -> None:
    asked = [peer.request() for _ in range(2)]
    await until(lambda: len(peer.got) == 2)
    peer.transport.feed_end()
    for task in asked:
        with pytest.raises(ConnectionError):
            await task
    with pytest.raises(ConnectionError):
        await peer.connection.send_request("late", {})


async def test_closing_ends_what_waits_at_once(
    peer: Peer,
) -> None:
    asked = peer.request()
    peer.say({"id": 1, "method": "wait", "params": {}})
    await until(lambda: peer.got and peer.asked)
    async with asyncio.timeout(5):
        await peer.connection.close()
        with pytest.raises(ConnectionError):
            await asked
    with pytest.raises(ConnectionError):
        await peer.connection.send_request("late", {})
    await peer.connection.close()


async def test_cancelled_request_leaves_nothing_behind(
    peer: Peer,
) -> None:
    asked = peer.request()
    await until(lambda: peer.got)
    asked.cancel()
    await asyncio.wait({asked})
    connection: Any = peer.connection
    left = connection._pending if hasattr(connection, "_pending") else connection._state._pending
    await until(lambda: not left)
    peer.say({"id": peer.got[0]["id"], "result": {}})
    other = peer.request()
    await until(lambda: len(peer.got) == 2)
    peer.say({"id": peer.got[1]["id"], "result": {"n": 2}})
    assert await other == {"n": 2}


async def test_request_that_cannot_be_sent_is_a_connection_error_each_time(
    peer: Peer,
) -> None:
    peer.gone = True
    async with asyncio.timeout(5):
        for _ in range(2):
            with pytest.raises(ConnectionError):
                await peer.connection.send_request("ask", {})
    with pytest.raises(ConnectionError):
        await peer.connection.send_notification("note", {})
