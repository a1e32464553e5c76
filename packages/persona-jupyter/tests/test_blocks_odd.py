"""Blocks that are changed in odd ways: at once, too large, badly written, while an engine hangs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, field_validator
from tornado.httpclient import HTTPClientError

from persona.core import (
    PermissionOption,
    PermissionRequest,
    PersonaDefinition,
    PersonaEngine,
    TurnError,
    pack_definition,
)

PARROT = "engine: parrot\nidentity:\n  name: {name}\nmodel: a/first"


class StrictOptions(BaseModel):
    """Options of the engine below."""

    model_config = ConfigDict(extra="forbid")

    effort: int = 1


class Strict(PersonaEngine):
    """Takes no options but its own."""

    id = "strict"
    options_model = StrictOptions

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        StrictOptions.model_validate(turn.options)
        yield f"strict {json.dumps(dict(turn.options))}"


class ClumsyOptions(BaseModel):
    """Fails in a way of its own."""

    effort: int = 1

    @field_validator("*", mode="before")
    @classmethod
    def _fail(cls, value: object) -> object:
        raise TypeError("clumsy")


class Clumsy(Strict):
    """Its model of options raises what Pydantic does not expect."""

    id = "clumsy"
    options_model = ClumsyOptions

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        yield "clumsy"


class Failing(PersonaEngine):
    """Cannot start, which it finds out when it does."""

    id = "failing"

    async def start(self) -> None:
        raise TurnError("It broke when it started.")

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        yield "never"


@pytest.fixture(autouse=True)
def engines(service: Any) -> None:
    for engine in (Strict, Clumsy, Failing):
        service.catalog.registry.register(engine)


async def _one(chat: Any, body: str) -> str:
    (answer,) = await chat.ask(body)
    return str(answer)


async def _sent_together(chat: Any, bodies: list[str]) -> list[str]:
    ids = [await chat.say(body) for body in bodies]

    def ended() -> bool:
        found = [chat.answers(i) for i in ids]
        return all(a and a[0]["metadata"]["persona"].get("state") != "writing" for a in found)

    await chat.until(ended)
    return [chat.answers(i)[0]["body"] for i in ids]


async def test_message_sent_right_after_a_change_is_answered_with_it(
    write: Any, open_chat: Any
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    await chat.ask("@Ada hi")
    for number in range(8):
        sent = [f"/model @Ada x/{number}", f"/model @Ada y/{number}", "@Ada hi"]
        *_, answer = await _sent_together(chat, sent)
        assert answer.split("|")[2] == f"y/{number}"


async def test_change_that_is_made_while_another_is_saved_is_kept(
    write: Any, open_chat: Any, service: Any
) -> None:
    file = write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    blocks = service.manager(chat.chat_id)
    await blocks.ready()
    await chat.ask("/model @Ada s/1")
    saving = asyncio.create_task(chat.ask("/save @Ada"))
    body = {"context.system_prompt": "Late."}
    changed = await asyncio.gather(saving, blocks.blocks.change("ada", body))
    assert "is saved" in changed[0][0]
    assert "model: s/1" in file.read_text()
    answer = await _one(chat, "@Ada hi")
    assert answer.startswith("Ada|Late.|s/1|")


async def test_engine_that_goes_on_is_the_same_one(
    write: Any, open_chat: Any, service: Any
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    await chat.ask("@Ada hi")
    manager = service.manager(chat.chat_id)
    persona = manager.personas.live["ada"]
    engine = persona.engine
    await chat.ask("/engine @Ada failing")
    await chat.until(lambda: not manager.personas.changes.of("ada"))
    await chat.ask("@Ada hi")
    assert persona.engine is engine and (engine.started, engine.closed) == (1, 0)


async def test_what_is_too_large_is_refused_and_the_rest_stays(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    await chat.ask("/model @Ada b/kept")
    said = await _one(chat, "/system-prompt @Ada " + "x" * 1_000_000)
    assert "more than a chat keeps" in said
    assert (await _one(chat, "@Ada hi")).startswith("Ada|A|b/kept|")


@pytest.mark.parametrize(
    "values",
    [
        {"options.x": float("nan")},
        {"options.x": "\ud800"},
        {"identity.name": "\ud800"},
        {"identity.name": "\u200b"},
        {"options.x": json.loads("[" * 300 + "]" * 300)},
        {"options.": 1},
        {"options.a..b": 1},
        {"options.a b": 1},
        {"context.system_prompt": "Use sk-abcdef1234567890abcdef for it."},
    ],
)
async def test_what_cannot_be_kept_is_refused_over_rest(
    write: Any, open_chat: Any, server: Any, values: Any
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    body = json.dumps({"chat_id": chat.chat_id, "slug": "ada", "values": values})
    with pytest.raises(HTTPClientError) as refused:
        await server.fetch("/blocks", method="PATCH", body=body)
    assert refused.value.code == 400
    assert (await _one(chat, "@Ada hi")).startswith("Ada|A|a/first|")


async def test_huge_number_does_no_harm(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    await chat.ask("@Ada hi")
    assert "x `1000" in await _one(chat, f"/options @Ada x={10**400}")
    await chat.ask("/model @Ada b/second")
    assert (await _one(chat, "@Ada hi")).startswith("Ada|A|b/second|")


async def test_values_hold_spaces_quotes_and_json(write: Any, open_chat: Any, service: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    await chat.ask("@Ada hi")
    await chat.ask(
        """/OPTIONS @Ada a='x y' b="q\\"r" c={"k": [1, {"l": "m n"}]} """
        """d=it's u=http://h/?a=b "e=f g" """
    )
    options = service.manager(chat.chat_id).personas.live["ada"].options
    assert dict(options) == {
        "a": "x y",
        "b": 'q"r',
        "c": {"k": [1, {"l": "m n"}]},
        "d": "it's",
        "u": "http://h/?a=b",
        "e": "f g",
    }
    await chat.ask("/options @Ada c.k=2")
    await chat.ask("/options @Ada c={}")
    assert service.manager(chat.chat_id).personas.live["ada"].options["c"] == {}


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("/rename @Ada @Bob", "without the @"),
        ("/rename @Ada Personas", "is called so already"),
        ("/model @Ada @Bob q/r", "no spaces"),
        ("/model @bro x/y", "has to be repaired first"),
        ("/model @Zoe x/y", "`/save @zoe` makes it a persona here"),
    ],
)
async def test_what_is_most_likely_a_mistake_is_refused(
    write: Any, open_chat: Any, root: Path, command: str, why: str
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    write("bro", "engine: [")
    zoe = pack_definition(
        PersonaDefinition.model_validate({"name": "zoe", "identity": {"name": "Zoe"}})
    )
    metadata = {"persona_definitions": {"zoe": zoe}}
    (root / "a.chat").write_text(json.dumps({"messages": [], "users": {}, "metadata": metadata}))
    chat = await open_chat()
    said = await _one(chat, command)
    assert said.startswith("Nothing was changed.") and why in said


async def test_persona_still_answers_after_its_new_engine_is_saved(
    write: Any, open_chat: Any
) -> None:
    file = write("ada", PARROT.format(name="Ada") + "\noptions: {pitch: high, effort: 2}", "A")
    chat = await open_chat()
    await chat.ask("/engine @Ada strict")
    assert "Taken out, as its engine does not take it: `pitch`" in await _one(chat, "/save @Ada")
    assert "options: {effort: 2}" in file.read_text()
    assert await _one(chat, "@Ada hi") == 'strict {"effort": 2}'


async def test_option_that_cannot_be_taken_out_of_a_base_is_not_said_to_be_saved(
    service: Any, open_chat: Any, tmp_path: Path, root: Path
) -> None:
    folder = tmp_path / "user-personas"
    folder.mkdir()
    (folder / "ada.persona.md").write_text("---\nengine: parrot\noptions: {pitch: 1}\n---\nFar.\n")
    chat = await open_chat()
    await chat.ask("/options @Ada pitch=")
    assert "cannot take that out" in await _one(chat, "/save @Ada project")
    assert not (root / ".jupyter/personas/ada.persona.md").exists()


async def test_engine_with_a_broken_model_of_options_harms_nobody_else(
    write: Any, open_chat: Any, service: Any
) -> None:
    write("ada", PARROT.format(name="Ada") + "\noptions: {effort: 1}", "A")
    write("bob", PARROT.format(name="Bob"), "B")
    chat = await open_chat()
    assert "engine `parrot` → `clumsy`" in await _one(chat, "/engine @Ada clumsy")
    assert (await _one(chat, "@Bob hi")).startswith("Bob|B|")
    await service.detach(chat.chat_id)
    await service.attach(chat.chat_id).ready()
    assert (await _one(chat, "@Bob hi")).startswith("Bob|B|")


class Asking(PersonaEngine):
    """Asks first."""

    id = "asking"

    async def reply(self, turn: Any) -> AsyncIterator[Any]:
        options = (PermissionOption("y", "Yes", "allow_once"),)
        request = PermissionRequest(id="one", title="May I?", options=options)
        yield request
        decision = await request.decision()
        yield f"by {decision.option.id if decision.option else None}"


async def test_question_for_permission_stays_while_its_persona_is_changed(
    write: Any, open_chat: Any, service: Any
) -> None:
    service.catalog.registry.register(Asking)
    write("ada", PARROT.format(name="Ada").replace("parrot", "asking"), "A")
    one, two = await open_chat(), await open_chat()
    asked = await one.say("@Ada go")
    await two.until(lambda: any("May I" in m["body"] for m in two.messages.values()))
    for command in ("/model @Ada x/y", "/engine @Ada parrot", "/rename @Ada Eve", "/save @Ada"):
        said = await _one(two, command)
    assert said.startswith("**Eve** is saved.")
    await two.ask("/approve")
    await one.until(lambda: any(a["body"] == "by y" for a in one.answers(asked)))
    assert (await _one(two, "@Eve hi")).startswith("Eve|A|x/y|")
