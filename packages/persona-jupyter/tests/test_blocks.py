"""Blocks that are changed in a chat: by command and REST, kept, taken back, saved."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field
from tornado.httpclient import HTTPClientError

from persona.core import (
    EngineSupport,
    PersonaEngine,
    Requirement,
    TurnError,
)
from persona.jupyter._changes import KEY, ChatChanges
from persona.jupyter._seal import Seal
from persona.testing.chat import MemoryChat

PARROT = "engine: parrot\nidentity:\n  name: {name}\nmodel: a/first"


class TunedOptions(BaseModel):
    """Options of the engine below."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["plan", "act"] = Field(default="plan", description="How far it goes.")
    effort: int = 1
    command: list[str] = []


class Tuned(PersonaEngine):
    """Says its options, and what it was asked first."""

    id = "tuned"
    options_model = TunedOptions

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        first = turn.history[0].text if turn.history else "nothing"
        yield f"tuned {json.dumps(dict(turn.options), sort_keys=True)} first: {first}"


class Unready(PersonaEngine):
    """Misses something, and says so."""

    id = "unready"

    def support(self) -> EngineSupport:
        return EngineSupport(missing=(Requirement("There is no `unready`.", "Install it."),))

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        yield "never"


class Failing(PersonaEngine):
    """Cannot start, which it finds out when it does."""

    id = "failing"

    async def start(self) -> None:
        raise TurnError("It broke when it started.")

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        yield "never"


@pytest.fixture(autouse=True)
def engines(service: Any) -> None:
    for engine in (Tuned, Unready, Failing):
        service.catalog.registry.register(engine)


async def _one(chat: Any, body: str) -> str:
    (answer,) = await chat.ask(body)
    return str(answer)


async def test_engine_is_changed_and_knows_what_was_said(
    write: Any, open_chat: Any, service: Any, root: Path
) -> None:
    file = write("ada", PARROT.format(name="Ada"), "A")
    before = file.read_bytes()
    chat = await open_chat()
    await chat.ask("@Ada remember seven")
    persona = service.manager(chat.chat_id).personas.live["ada"]
    old = persona.engine
    said = await _one(chat, "/engine @Ada tuned")
    assert said.startswith("**Ada**: engine `parrot` → `tuned`.")
    assert "/reset @ada" in said and "/save @ada" in said
    answer = await _one(chat, "@Ada what did I ask first?")
    assert answer == "tuned {} first: @Ada remember seven"
    assert service.manager(chat.chat_id).personas.live["ada"] is persona
    assert old.closed == 1
    assert file.read_bytes() == before


async def test_engine_alone_shows_what_there_is(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    said = await _one(chat, "/engine")
    assert "**Ada** is answered by `parrot`" in said
    assert "`tuned`" in said and "`cockatoo`" in said


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("/engine @Ada tunde", "Did you mean 'tuned'?"),
        ("/engine @Ada unready", "There is no `unready`. Install it."),
        ("/engine @Adda tuned", "Nobody here is called @Adda. Did you mean `@Ada`?"),
        ("/options @Ada mode=plan nonsense", "is not of the form key=value"),
        ("/rename @Ada Bob", "is called so already"),
        ("/rename @Ada", "Write the new name"),
        ("/reset @Ada modle", "Did you mean 'model'?"),
        ("/save @Ada", "nothing to save"),
        ("/keep-changes @Ada", "Nothing was changed elsewhere"),
    ],
)
async def test_what_cannot_be_changed_is_refused_with_the_reason(
    write: Any, open_chat: Any, command: str, why: str
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    write("bob", PARROT.format(name="Bob"), "B")
    chat = await open_chat()
    said = await _one(chat, command)
    assert said.startswith("Nothing was changed.")
    assert why in said
    assert (await _one(chat, "@Ada hi")).startswith("Ada|A|a/first|")


async def test_command_without_a_name_asks_for_whom_if_it_is_not_clear(
    write: Any, open_chat: Any
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    write("bob", PARROT.format(name="Bob"), "B")
    chat = await open_chat()
    assert "For whom?" in await _one(chat, "/model x/y")
    await chat.ask("@Bob hi")
    assert (await _one(chat, "/model x/y")).startswith("**Bob**: model `a/first` → `x/y`.")


async def test_engine_that_cannot_start_leaves_the_old_one_and_is_taken_back(
    write: Any, open_chat: Any, service: Any
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    await chat.ask("@Ada hi")
    manager = service.manager(chat.chat_id)
    await chat.ask("/engine @Ada failing")
    await chat.until(lambda: any("parrot goes on" in m["body"] for m in chat.messages.values()))
    await chat.until(lambda: not manager.personas.changes.of("ada"))
    assert (await _one(chat, "@Ada still there?")).startswith("Ada|A|")
    assert "`failing`" not in (await _one(chat, "/engine @Ada")).split(".")[0]


async def test_model_prompt_and_name_are_changed(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "Be brief.")
    chat = await open_chat()
    assert "model `a/first` → `b/second`" in await _one(chat, "/model @Ada b/second")
    assert "a new prompt" in await _one(chat, "/system-prompt @Ada Be long.\nVery long.")
    said = await _one(chat, "/rename @Ada Grace Hopper")
    assert said.startswith("**Grace Hopper**: name `Ada` → `Grace Hopper`.")
    answer = await _one(chat, "@Grace-Hopper hi")
    assert answer.startswith("Grace Hopper|Be long.\nVery long.|b/second|")
    # The short name still finds it, and the chat shows the new name.
    assert (await _one(chat, "@ada hi")).startswith("Grace Hopper|")
    await chat.until(lambda: chat.users["persona::ada"]["display_name"] == "Grace Hopper")
    shown = await _one(chat, "/system-prompt @ada")
    assert "changed in this chat" in shown and "Very long." in shown


async def test_options_are_checked_typed_and_shown(write: Any, open_chat: Any) -> None:
    write("ada", "engine: tuned\nidentity: {name: Ada}\noptions: {effort: 2}", "A")
    chat = await open_chat()
    said = await _one(chat, "/options @Ada effort=3 mode=act")
    assert "effort `2` → `3`; mode `act`" in said
    assert (await _one(chat, "@Ada hi")).startswith('tuned {"effort": 3, "mode": "act"}')
    table = await _one(chat, "/options @Ada")
    assert "| effort | `3` (changed here) |" in table
    assert "How far it goes." in table
    assert "Did you mean 'mode'?" in await _one(chat, "/options @Ada mood=act")
    assert "Nothing was changed" in await _one(chat, "/options @Ada mode=sleep")
    assert "mode is not set" in await _one(chat, "/options @Ada mode=")
    assert (await _one(chat, "@Ada hi")).startswith('tuned {"effort": 3}')
    assert "mode `plan`" in await _one(chat, "/mode @Ada plan")


async def test_secret_is_not_stored(write: Any, open_chat: Any, service: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    secret = "sk-abcdef1234567890abcdef"
    for command in (f"/options @Ada x={secret}", "/options @Ada api_key=hunter2hunter2"):
        assert "looks like a secret" in await _one(chat, command)
    for value in ({"env": {"A": "hunter2"}}, {"headers": {"X": "hunter2"}}, [{"token": "hunter2"}]):
        said = await _one(chat, f"/options @Ada x={json.dumps(value)}")
        assert "looks like a secret" in said
    metadata = service.manager(chat.chat_id).chat.get_metadata()
    assert secret not in json.dumps(metadata) and "hunter2" not in json.dumps(metadata)


async def test_secret_in_the_file_is_not_shown(write: Any, open_chat: Any) -> None:
    options = 'options: {env: {A: horse, B: "${B}"}, deep: [{password: horse}], loud: 1}'
    write("ada", f"engine: parrot\nidentity: {{name: Ada}}\n{options}", "A")
    chat = await open_chat()
    table = await _one(chat, "/options @Ada")
    assert "horse" not in table and "${B}" in table
    changed = await _one(chat, '/options @Ada env={"A": "${A}"}')
    assert "horse" not in changed and "${A}" in changed
    back = await _one(chat, "/reset @Ada")
    assert "as its file says again" in back and "horse" not in back


async def test_options_of_one_engine_rest_on_another_and_come_back(
    write: Any, open_chat: Any
) -> None:
    write("ada", "engine: parrot\nidentity: {name: Ada}\noptions: {pitch: high}", "A")
    chat = await open_chat()
    said = await _one(chat, "/engine @Ada tuned")
    assert "Without effect on this engine: `pitch`." in said
    await chat.ask("/options @Ada effort=5")
    assert (await _one(chat, "@Ada hi")).startswith('tuned {"effort": 5}')
    said = await _one(chat, "/reset @Ada engine")
    assert "engine `tuned` → `parrot`" in said
    assert (await _one(chat, "@Ada hi")).startswith("Ada|A|")


async def test_changes_survive_a_restart_a_refresh_and_other_edits(
    write: Any, open_chat: Any, service: Any, server: Any, root: Path
) -> None:
    write("ada", PARROT.format(name="Ada"), "Old.")
    chat = await open_chat()
    await chat.ask("/model @Ada b/second")
    await chat.ask("@Ada hi")
    write("ada", PARROT.format(name="Ada").replace("first", "third"), "New.")
    await chat.ask("/refresh-personas")
    assert (await _one(chat, "@Ada hi")).startswith("Ada|New.|b/second|")
    await chat.until(lambda: KEY in json.loads((root / "a.chat").read_text())["metadata"])
    await service.detach(chat.chat_id)  # as when the server stops
    again = service.attach(chat.chat_id)
    await again.ready()
    assert (await _one(chat, "@Ada hi")).startswith("Ada|New.|b/second|")
    table = await _one(chat, "/personas")
    assert "b/second (changed here)" in table
    listed = json.loads((await server.fetch("?path=a.chat")).body)["personas"][0]
    assert listed["changed"] == {"model.model_id": "b/second"}
    assert "model `b/second` → `a/third`" in await _one(chat, "/reset @Ada")
    assert (await _one(chat, "@Ada hi")).startswith("Ada|New.|a/third|")
    assert "changed here" not in await _one(chat, "/personas")


async def test_other_chats_are_not_touched(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    one, two = await open_chat("one.chat"), await open_chat("two.chat")
    await one.ask("/model @Ada b/second")
    assert (await _one(two, "@Ada hi")).startswith("Ada|A|a/first|")


async def test_save_writes_the_changes_into_the_file(
    write: Any, open_chat: Any, service: Any
) -> None:
    file = write("ada", PARROT.format(name="Ada") + "  # mine", "Old.")
    chat = await open_chat()
    await chat.ask("/model @Ada b/second")
    await chat.ask("/system-prompt @Ada New.")
    said = await _one(chat, "/save @Ada")
    assert "Changed: `.jupyter/personas/ada.persona.md`" in said
    text = file.read_text()
    assert "model: b/second  # mine" in text and text.rstrip().endswith("New.")
    assert service.manager(chat.chat_id).personas.changes.all() == {}
    assert (await _one(chat, "@Ada hi")).startswith("Ada|New.|b/second|")


async def test_save_of_another_scope_makes_a_file_that_builds_on_it(
    service: Any, open_chat: Any, tmp_path: Path, root: Path
) -> None:
    folder = tmp_path / "user-personas"
    folder.mkdir()
    far = folder / "ada.persona.md"
    far.write_text("---\nengine: parrot\nidentity: {name: Ada}\n---\nFar.\n")
    chat = await open_chat()
    await chat.ask("/model @Ada b/second")
    assert "Made: `.jupyter/personas/ada.persona.md`" in await _one(chat, "/save @Ada project")
    assert "user:ada" in (root / ".jupyter/personas/ada.persona.md").read_text()
    assert "second" not in far.read_text()
    assert (await _one(chat, "@Ada hi")).startswith("Ada|Far.|b/second|")


async def test_changes_from_another_server_wait_for_somebody_to_agree(
    write: Any, open_chat: Any, service: Any, root: Path, tmp_path: Path
) -> None:
    write("ada", "engine: tuned\nidentity: {name: Ada}", "A")
    away = MemoryChat()
    changes = ChatChanges(away, Seal(tmp_path / "elsewhere"))  # type: ignore[arg-type]
    hidden = "x" * 200 + " && curl evil"
    prompt = "Be\nevil.\u202e"
    values = {"options.command": ["rm", hidden], "options.effort": 9}
    changes.put("ada", {**values, "context.system_prompt": prompt})
    metadata = {KEY: away.get_metadata()[KEY]}
    (root / "a.chat").write_text(json.dumps({"messages": [], "users": {}, "metadata": metadata}))
    chat = await open_chat()
    await chat.until(
        lambda: any("changed on another server" in m["body"] for m in chat.messages.values())
    )
    (told,) = [m["body"] for m in chat.messages.values() if "another server" in m["body"]]
    assert "&& curl evil" in told and "Be\nevil." in told and "\u202e" not in told
    assert (await _one(chat, "@Ada hi")).startswith("tuned {}")
    assert "command" in await _one(chat, "/keep-changes @Ada")
    assert '"effort": 9' in await _one(chat, "@Ada hi")
    await chat.ask("/reset @Ada")
    assert (await _one(chat, "@Ada hi")).startswith("tuned {}")


@pytest.mark.parametrize(
    "stored",
    [
        "text",
        {"ada": 3},
        {"ada": "no json"},
        {"ada": "[1]"},
        {"ada": '{"values": []}'},
        {"ada": '{"values": {"identity.avatar": "x"}, "seal": "\\ud800"}'},
        {"ada": '{"values": ' + "[" * 100_000},
        {"zoe": '{"values": {"engine": "tuned"}}'},
    ],
)
async def test_odd_metadata_does_no_harm(
    write: Any, open_chat: Any, root: Path, stored: object
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    metadata = {KEY: stored}
    (root / "a.chat").write_text(json.dumps({"messages": [], "users": {}, "metadata": metadata}))
    chat = await open_chat()
    assert (await _one(chat, "@Ada hi")).startswith("Ada|A|a/first|")
    assert "model" in await _one(chat, "/model @Ada b/second")
    assert (await _one(chat, "@Ada hi")).startswith("Ada|A|b/second|")


async def test_two_people_change_blocks_at_the_same_moment(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    one, two = await open_chat(), await open_chat()
    await one.ask("@Ada hi")
    await asyncio.gather(
        one.ask("/model @Ada b/second"),
        two.ask("/system-prompt @Ada Other."),
        one.ask("/rename @Ada Eve"),
        two.ask("/engine @Ada parrot"),
    )
    assert (await _one(two, "@ada hi")).startswith("Eve|Other.|b/second|")
    await asyncio.gather(*(who.ask(f"/model @Eve m/{n}") for n, who in enumerate([one, two] * 4)))
    answer = await _one(one, "@Eve hi")
    assert answer.split("|")[2] in {f"m/{n}" for n in range(8)}
    assert (await _one(two, "@Eve hi")).split("|")[2] == answer.split("|")[2]


async def test_change_during_a_turn_counts_for_the_next_one(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    message = await chat.say("@Ada slowly please")
    await chat.until(lambda: chat.answers(message))
    waiting = await chat.say("@Ada and this waits")
    said = await _one(chat, "/model @Ada b/second")
    assert "after the reply that is being written" in said
    await chat.until(lambda: chat.answers(message, "complete"), seconds=40)
    (reply,) = chat.answers(message, "complete")
    assert reply["body"].rstrip().endswith("Ada|A|a/first|0|slowly please") or (
        "|a/first|" in reply["body"]
    )
    await chat.until(lambda: chat.answers(waiting, "complete"))
    assert "|b/second|" in chat.answers(waiting, "complete")[0]["body"]


async def test_what_is_not_allowed_cannot_be_chosen(
    write: Any, open_chat: Any, service: Any
) -> None:
    service.config.PersonaManager.allowed_engines = ["parrot"]
    service.config.PersonaManager.allowed_models = ["a/*"]
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    assert "not allowed" in await _one(chat, "/engine @Ada tuned")
    assert "not allowed" in await _one(chat, "/model @Ada b/second")
    assert "`tuned`" not in await _one(chat, "/engine @Ada")
    assert (await _one(chat, "@Ada hi")).startswith("Ada|A|a/first|")


async def test_rest_changes_and_takes_back(write: Any, open_chat: Any, server: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    body = {"chat_id": chat.chat_id, "slug": "ada", "values": {"model.model_id": "b/second"}}
    answer = await server.fetch("/blocks", method="PATCH", body=json.dumps(body))
    told = json.loads(answer.body)
    assert told["before"] == {"model.model_id": "a/first"}
    assert (await _one(chat, "@Ada hi")).startswith("Ada|A|b/second|")
    body["values"] = {"model.temperature": -1}
    with pytest.raises(HTTPClientError) as refused:
        await server.fetch("/blocks", method="PATCH", body=json.dumps(body))
    assert refused.value.code == 400
    assert "temperature" in json.loads(refused.value.response.body)["message"]
    body = {"chat_id": chat.chat_id, "slug": "ada", "blocks": ["model"]}
    await server.fetch(
        "/blocks", method="DELETE", body=json.dumps(body), allow_nonstandard_methods=True
    )
    assert (await _one(chat, "@Ada hi")).startswith("Ada|A|a/first|")
    with pytest.raises(HTTPClientError) as refused:
        await server.fetch("/blocks", method="PATCH", body=json.dumps(body), token=False)
    assert refused.value.code == 403


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("/engine t", "tuned"),
        ("/engine @Ada t", "tuned"),
        ("/engine @Ada coc", "cockatoo"),
        ("/engine @B", "@Bob"),
        ("/engine @Ada tuned x", None),
        ("/model @Bob a/", "a/first"),
        ("/reset @Ada eng", "engine"),
        ("/reset @Ada engine mod", "model"),
        ("/save @Ada u", "user"),
        ("/options @Tim ef", "effort="),
        ("/options @Tim effort=1 mo", "mode="),
        ("hello /engine t", None),
        ("/personas x", None),
        ("/engine", None),
    ],
)
async def test_completion_offers_what_can_follow(
    write: Any, open_chat: Any, server: Any, text: str, first: str | None
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    write("bob", PARROT.format(name="Bob"), "B")
    write("tim", "engine: tuned\nidentity: {name: Tim}", "T")
    chat = await open_chat()
    await chat.ask("@Ada hi")
    from urllib.parse import quote

    answer = await server.fetch(f"/completions?path=a.chat&text={quote(text)}")
    words = [c["word"] for c in json.loads(answer.body)["completions"]]
    assert (words[:1] or [None])[0] == first
