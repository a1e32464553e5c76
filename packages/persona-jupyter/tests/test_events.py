"""Jupyter Events: what another front end is told of personas, to whom, and what it never is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_events import EventLogger
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.websocket import websocket_connect

from persona.core import (
    Activity,
    PermissionOption,
    PermissionRequest,
    PersonaEngine,
    ToolCall,
    ToolCallUpdate,
    TurnError,
)
from persona.jupyter import _events as events
from persona.testing.chat import MemoryChat

PARROT = "engine: parrot\nidentity:\n  name: {name}"
SECRET = "sk-planted-7f3a9c"
ENDS = {"idle", "stopped", "failed", "closed"}


class Leaky(PersonaEngine):
    """Has the secret everywhere that an engine can put something."""

    id = "leaky"

    async def reply(self, turn: Any) -> AsyncIterator[Any]:
        yield f"text {SECRET}"
        yield ToolCall(SECRET, f"run {SECRET}", {"key": SECRET})
        await asyncio.sleep(3 * events._SPACING)  # what passes faster is not told
        options = (PermissionOption("yes", SECRET, "allow_once"),)
        request = PermissionRequest(SECRET, f"May I {SECRET}", options, command=SECRET)
        yield request
        await request.decision()
        yield ToolCallUpdate(SECRET, status="completed", output=SECRET)
        raise TurnError(f"No {SECRET}.", fix=SECRET, details=SECRET, kind=f"Bad {SECRET}")


class Subscriber:
    """Another front end: follows the server's events, keeps ours."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self.raw: list[str] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while (raw := await self._socket.read_message()) is not None:
            if json.loads(raw)["schema_id"] in (events.STATE, events.CATALOG):
                self.raw.append(raw)

    def of(self, schema: str) -> list[dict[str, Any]]:
        return [event for raw in self.raw if (event := json.loads(raw))["schema_id"] == schema]

    def states(self, slug: str = "ada") -> list[str]:
        return [event["state"] for event in self.of(events.STATE) if event["slug"] == slug]

    async def until(self, found: Any) -> None:
        async with asyncio.timeout(15):
            while not found():
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        self._socket.close()
        await self._reader


@pytest.fixture
async def subscriber(server: Any, service: Any) -> AsyncIterator[Subscriber]:
    service.catalog.registry.register(Leaky)
    url = f"ws://{server.address}api/events/subscribe?token={server.token}"
    made = Subscriber(await websocket_connect(url))
    yield made
    await made.close()


async def test_turn_is_told_from_begin_to_end(
    write: Any, subscriber: Subscriber, open_chat: Any
) -> None:
    write("ada", PARROT.format(name="Ada"))
    chat = await open_chat()
    asked = await chat.say("@Ada hello")
    await subscriber.until(lambda: "idle" in subscriber.states())
    first, last = subscriber.of(events.STATE)[0], subscriber.of(events.STATE)[-1]
    assert first["state"] == "thinking"
    assert last == {
        "schema_id": events.STATE,
        "chat_id": chat.chat_id,
        "path": "a.chat",
        "slug": "ada",
        "state": "idle",
        "turn": asked,
        "engine": "parrot",
        "model": None,
        "error": None,
    }


async def test_neither_prompts_nor_secrets_are_told(
    write: Any, subscriber: Subscriber, open_chat: Any, service: Any, server: Any
) -> None:
    matter = "engine: leaky\nidentity:\n  name: Ada\n  description: {0}\noptions:\n  token: {0}"
    write("ada", matter.format(SECRET), f"Prompt {SECRET}")
    chat = await open_chat()
    await chat.say(f"@Ada my password is {SECRET}")
    await subscriber.until(lambda: "waiting" in subscriber.states())
    body = {
        "chat_id": chat.chat_id,
        "slug": "ada",
        "values": {"context.system_prompt": "You are confidential."},
    }
    answer = await server.fetch("/blocks", method="PATCH", body=json.dumps(body), raise_error=False)
    assert answer.code == 200, answer.body
    (persona,) = service.manager(chat.chat_id).in_use
    (request,) = persona.permissions
    assert persona.decide(request.id, "yes")
    await subscriber.until(lambda: "failed" in subscriber.states())
    await subscriber.until(lambda: any(e["changed"] for e in subscriber.of(events.CATALOG)))
    assert {"tool", "waiting", "failed"} <= set(subscriber.states())
    assert subscriber.of(events.STATE)[-1]["error"] == "other"
    unsaid = (SECRET, "password", "Prompt", "confidential")
    assert not [raw for raw in subscriber.raw if any(word in raw for word in unsaid)]


async def test_stop_while_permission_is_waited_for_is_told(
    write: Any, subscriber: Subscriber, open_chat: Any, server: Any
) -> None:
    write("ada", "engine: leaky\nidentity:\n  name: Ada")
    chat = await open_chat()
    await chat.say("@Ada go")
    await subscriber.until(lambda: "waiting" in subscriber.states())
    answer = await server.post("/stop", json.dumps({"chat_id": chat.chat_id}))
    assert json.loads(answer.body) == {"stopped": 1}
    await subscriber.until(lambda: subscriber.states()[-1] == "stopped")


async def test_end_is_told_when_the_server_ends(
    write: Any, subscriber: Subscriber, open_chat: Any, service: Any
) -> None:
    write("ada", PARROT.format(name="Ada"))
    chat = await open_chat()
    await chat.say("@Ada slowly")
    await subscriber.until(lambda: "writing" in subscriber.states())
    await service.close()
    await subscriber.until(lambda: subscriber.states()[-2:] == ["stopped", "closed"])


async def test_catalog_is_told_by_names_of_blocks(
    write: Any, subscriber: Subscriber, open_chat: Any, server: Any, service: Any
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    told = lambda: subscriber.of(events.CATALOG)  # noqa: E731
    await subscriber.until(told)
    assert "ada" in told()[0]["added"]
    write("bob", PARROT.format(name="Bob"))
    write("ada", PARROT.format(name="Ada the second"), "B")
    await service.manager(chat.chat_id).reload()
    await subscriber.until(lambda: any("bob" in e["added"] for e in told()))
    changed = [row for event in told() for row in event["changed"]]
    assert [set(row["blocks"]) for row in changed if row["slug"] == "ada"] == [
        {"identity", "context"}
    ]
    path = write("ada", "nonsense: 1")
    await service.manager(chat.chat_id).reload()
    await subscriber.until(
        lambda: any(row["blocks"] == ["state"] for e in told() for row in e["changed"])
    )
    path.unlink()
    await service.manager(chat.chat_id).reload()
    await subscriber.until(lambda: any("ada" in e["removed"] for e in told()))


async def test_refresh_that_finds_nothing_tells_nothing(
    write: Any, subscriber: Subscriber, open_chat: Any
) -> None:
    write("ada", PARROT.format(name="Ada"))
    chat = await open_chat()
    await subscriber.until(lambda: subscriber.of(events.CATALOG))
    await chat.ask("/refresh-personas")
    await chat.ask("@Ada hello")
    await subscriber.until(lambda: "idle" in subscriber.states())
    assert len(subscriber.of(events.CATALOG)) == 1


async def test_events_are_refused_without_the_token(server: Any, service: Any) -> None:
    with pytest.raises(HTTPClientError, match="403"):
        await websocket_connect(f"ws://{server.address}api/events/subscribe")
    body = json.dumps({"schema_id": events.STATE, "version": "1", "data": {}})
    with pytest.raises(HTTPClientError, match="403"):
        url = f"http://{server.address}api/events"
        await AsyncHTTPClient().fetch(url, method="POST", body=body)


async def test_turn_ends_as_ever_when_somebody_listens_badly(
    write: Any, subscriber: Subscriber, open_chat: Any, server: Any
) -> None:
    def spoil(schema_id: str, data: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("A modifier of somebody else.")

    server.app.event_logger.add_modifier(schema_id=events.STATE, modifier=spoil)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    write("ada", PARROT.format(name="Ada"))
    chat = await open_chat()
    (answer,) = await chat.ask("@Ada hello")
    assert answer.endswith("hello")
    assert subscriber.states() == []


@pytest.fixture
def logger() -> EventLogger:
    made = EventLogger()
    events.register_schemas(made)
    events.register_schemas(made)  # safe to repeat
    return made


async def told_of(logger: EventLogger, activities: list[Activity]) -> list[dict[str, Any]]:
    """Let a persona do these one after the other at once, and return the events."""
    found: list[dict[str, Any]] = []

    async def listen(logger: EventLogger, schema_id: str, data: dict[str, Any]) -> None:
        found.append(data)

    logger.add_listener(schema_id=events.STATE, listener=listen)
    chat = events.ChatEvents(logger, MemoryChat())
    told = events._Told(lambda now: chat._tell_state("ada", now))
    for activity in activities:
        told.take(activity)
    async with asyncio.timeout(10):
        while told._timer is not None or len(found) < 1:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0)
    await logger.gather_listeners()
    return found


@pytest.mark.parametrize("kind", [None, "login", "Bad word", "x" * 5000, "sk-\n1", "ünï", ""])
@pytest.mark.parametrize("state", ["starting", "thinking", "writing", "tool", "waiting", *ENDS])
async def test_every_state_fits_the_schema(logger: EventLogger, state: Any, kind: Any) -> None:
    given = Activity(state, "id\ud800", "engine", "m/odel", kind)
    (event,) = await told_of(logger, [given])
    assert event["state"] == state
    assert event["error"] in (None, "login", "other")


async def test_what_passes_fast_is_left_out_but_no_end(logger: EventLogger) -> None:
    turns = [str(number) for number in range(50)]
    one = [Activity(s, turn) for turn in turns for s in ("thinking", "writing", "tool", "idle")]
    found = await told_of(logger, [*one, Activity("thinking", "last"), Activity("tool", "last")])
    assert [e["turn"] for e in found if e["state"] == "idle"] == turns
    assert [e["state"] for e in found if e["state"] != "idle"] == ["thinking", "tool"]


def test_schemas_are_shipped_and_name_no_values() -> None:
    folder = Path(events.__file__).with_name("event_schemas")
    logger = EventLogger()
    events.register_schemas(logger)
    assert set(logger.schemas.schema_ids) == {events.STATE, events.CATALOG}
    assert len(list(folder.rglob("*.yaml"))) == 2
    state = logger.schemas.get(events.STATE)
    assert set(state.properties) == {
        "chat_id",
        "path",
        "slug",
        "state",
        "turn",
        "engine",
        "model",
        "error",
    }
