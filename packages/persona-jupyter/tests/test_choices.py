"""``GET /api/personas/choices``: what the controls of a front end offer for a persona."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict
from tornado.httpclient import HTTPClientError

from persona.core import ConfigChange, ConfigValue, PersonaEngine, TrustStore

PARROT = "engine: parrot\nidentity:\n  name: {name}\nmodel: {model}"


class CraneOptions(BaseModel):
    """Options of the engine below."""

    model_config = ConfigDict(extra="forbid")

    pace: Literal["slow", "fast"] = "slow"
    effort: str = ""
    mode: str = ""
    command: list[str] = []
    api_key: str = ""
    note: str = ""


class Crane(PersonaEngine):
    """Tells of settings, as an agent does."""

    id = "crane"
    options_model = CraneOptions

    async def start(self) -> None:
        assert self.persona is not None
        told = (
            ConfigValue("mode", "plan", "Session mode", "mode", (("plan", "Plan only"),)),
            ConfigValue("model", "m/one", "Model", "model", (("m/one", "One"),)),
        )
        self.persona.learn(self, ConfigChange(told))

    async def reply(self, turn: Any) -> AsyncIterator[Any]:
        yield "told"


@pytest.fixture(autouse=True)
def engines(service: Any) -> None:
    service.catalog.registry.register(Crane)


async def _choices(server: Any, slug: str, path: str = "a.chat") -> dict[str, Any]:
    response = await server.fetch(f"/choices?path={path}&slug={slug}")
    return dict(json.loads(response.body))


async def test_choices_hold_engines_and_models_that_are_allowed(
    write: Any, open_chat: Any, server: Any, service: Any
) -> None:
    service.config.PersonaManager.allowed_engines = ["parrot", "crane"]
    service.config.PersonaManager.allowed_models = ["a/*"]
    write("ada", PARROT.format(name="Ada", model="a/first"), "A")
    write("bob", PARROT.format(name="Bob", model="a/second"), "B")
    write("eve", PARROT.format(name="Eve", model="b/third"), "E")
    await open_chat()
    told = await _choices(server, "ada")
    assert (told["engine"], told["model"]) == ("parrot", "a/first")
    assert {row["id"] for row in told["engines"]} == {"parrot", "crane"}
    assert told["models"] == ["a/first", "a/second"]
    assert told["modes"] == []


async def test_choices_hold_options_and_what_the_agent_told(
    write: Any, open_chat: Any, server: Any
) -> None:
    TrustStore().trust_project([server.root])  # it names a command
    options = "options: {command: [x], api_key: k1, note: sk-ant-api03-abcdefghijklmnopqrst}"
    write("cra", f"engine: crane\nidentity: {{name: Cra}}\n{options}", "C")
    chat = await open_chat()
    before = {row["key"]: row for row in (await _choices(server, "cra"))["options"]}
    assert [c["id"] for c in before["pace"]["choices"]] == ["slow", "fast"]
    body = {"chat_id": chat.chat_id, "slug": "cra", "wait": True}
    assert (await server.post("/prepare", json.dumps(body))).code == 200
    told = await _choices(server, "cra")
    assert told["modes"] == [{"id": "plan", "name": "Plan only"}]
    assert told["models"] == ["m/one"]
    rows = {row["key"]: row for row in told["options"]}
    assert rows["mode"]["value"] == "plan"
    assert rows["mode"]["choices"] == [{"id": "plan", "name": "Plan only"}]
    # Neither keys, nor what only looks like one, nor command lines.
    assert "api_key" not in rows
    assert (rows["note"]["value"], rows["command"]["value"]) == (None, None)


async def test_choices_say_what_was_changed_here(write: Any, open_chat: Any, server: Any) -> None:
    write("cra", "engine: crane\nidentity: {name: Cra}", "C")
    chat = await open_chat()
    body = {"chat_id": chat.chat_id, "slug": "cra", "values": {"options.pace": "fast"}}
    await server.fetch("/blocks", method="PATCH", body=json.dumps(body))
    rows = {row["key"]: row for row in (await _choices(server, "cra"))["options"]}
    assert (rows["pace"]["value"], rows["pace"]["changed"]) == ("fast", True)
    assert not rows["effort"]["changed"]


async def test_choices_of_what_is_not_there_are_refused(
    write: Any, open_chat: Any, server: Any
) -> None:
    write("ada", PARROT.format(name="Ada", model="a/first"), "A")
    write("bad", "nonsense: 1", "B")
    await open_chat()
    for slug, path in (("eve", "a.chat"), ("bad", "a.chat"), ("ada", "other.chat")):
        with pytest.raises(HTTPClientError, match="404"):
            await _choices(server, slug, path)
    with pytest.raises(HTTPClientError, match="403"):
        await server.fetch("/choices?path=a.chat&slug=ada", token=False)
