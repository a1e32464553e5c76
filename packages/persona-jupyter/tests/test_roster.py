"""Who takes part in a chat, in what state, and who answers in it by default."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from persona.core import EngineSupport, PersonaEngine, Requirement, TurnError
from persona.jupyter._chat_roster import KEY, ChatRoster
from persona.jupyter._whereabouts import opened_by
from persona.testing.chat import MemoryChat

PARROT = "engine: {engine}\nidentity:\n  name: {name}"


class Keyless(PersonaEngine):
    """Says beforehand that it has no key."""

    id = "keyless"

    def support(self) -> EngineSupport:
        return EngineSupport(missing=(Requirement("No key.", "Set KEY.", "no-key"),))

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        yield "never"


class Strangers(PersonaEngine):
    """Wants a login, which it finds out when it starts; `open` lets it in."""

    id = "strangers"
    open = False

    async def start(self) -> None:
        if not type(self).open:
            raise TurnError("Log in first.", fix="Run `login`.", kind="login")

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        yield "welcome"


@pytest.fixture(autouse=True)
def engines(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for engine in (Keyless, Strangers):
        service.catalog.registry.register(engine)
    Strangers.open = False


@pytest.fixture
def people(write: Any) -> None:
    write("ada", PARROT.format(engine="parrot", name="Ada L"), "A")
    write("bob", PARROT.format(engine="parrot", name="Bob"), "B")


async def catalog(server: Any, more: str = "") -> dict[str, Any]:
    data: dict[str, Any] = json.loads((await server.fetch(f"?path=a.chat{more}")).body)
    return data


async def row(server: Any, slug: str, more: str = "") -> dict[str, Any]:
    rows = (await catalog(server, more))["personas"]
    return next(found for found in rows if found["slug"] == slug)


async def patch(server: Any, chat: Any, **body: Any) -> dict[str, Any]:
    said = json.dumps({"chat_id": chat.chat_id, **body})
    response = await server.fetch("/roster", method="PATCH", body=said)
    told: dict[str, Any] = json.loads(response.body)
    return told


async def leave(chat: Any, service: Any) -> None:
    """Close the chat and wait until the server has let go of it."""
    model = service.manager(chat.chat_id).chat
    await chat.until(lambda: not model.is_kept_alive)
    await chat.close()
    async with asyncio.timeout(30):
        while service.manager(chat.chat_id) is not None:
            await asyncio.sleep(0.02)


def stored(root: Path) -> Any:
    return json.loads((root / "a.chat").read_text(encoding="utf-8"))["metadata"].get(KEY)


# -- what is kept ------------------------------------------------------------------


def test_roster_of_a_chat_reads_what_it_wrote_and_nothing_else() -> None:
    chat = MemoryChat()
    roster = ChatRoster(chat)
    assert (roster.removed, roster.default) == (frozenset(), None)
    roster.remove("ada")
    roster.make_default("bob")
    assert (roster.removed, roster.default) == ({"ada"}, "bob")
    roster.make_default("cleo")
    assert ChatRoster(chat).default == "cleo"
    roster.remove("cleo")
    assert (roster.removed, roster.default) == ({"ada", "cleo"}, None)
    roster.add("ada")
    roster.make_default("cleo")
    assert (roster.removed, roster.default) == (frozenset(), "cleo")
    roster.make_default(None)
    assert roster.default is None


@pytest.mark.parametrize("value", [None, [], "removed", 3, {"ada": 1}, {"ada": ["removed"]}])
def test_roster_of_a_chat_is_empty_where_the_file_holds_something_else(value: Any) -> None:
    chat = MemoryChat()
    chat.set_metadata(KEY, value)
    roster = ChatRoster(chat)
    assert (roster.removed, roster.default) == (frozenset(), None)
    roster.remove("ada")
    assert roster.removed == {"ada"}


# -- remove and add ----------------------------------------------------------------


async def test_removed_persona_does_not_answer_until_it_is_added_again(
    people: None, open_chat: Any, server: Any
) -> None:
    chat = await open_chat()
    (first,) = await chat.ask("@Ada-L one")
    assert first.startswith("Ada L|")
    told = await patch(server, chat, slug="ada", removed=True)
    assert told["removed"] is True
    assert stored(server.root) == {"ada": "removed"}, "in the file at once"
    (said,) = await chat.ask("@Ada-L two")
    assert said == "Ada L was removed from this chat. `/add @ada` brings it back."
    # Ada was addressed last; now the only one that is left answers.
    (answer,) = await chat.ask("three")
    assert answer.startswith("Bob|")
    found = await row(server, "ada")
    assert (found["state"], found["names"]) == ("removed", [])
    assert chat.users["persona::ada"]["display_name"] == "Ada L", "her messages keep her name"

    assert (await patch(server, chat, slug="ada", removed=False))["removed"] is False
    assert stored(server.root) == {}
    (again,) = await chat.ask("@Ada-L four")
    assert again.startswith("Ada L|")


async def test_removal_is_kept_over_reopening_and_refresh(
    people: None, open_chat: Any, server: Any, service: Any, write: Any
) -> None:
    chat = await open_chat()
    await chat.ask("@Ada-L one")
    await patch(server, chat, slug="ada", removed=True)
    (table,) = await chat.ask("/personas")
    assert "removed" in next(line for line in table.splitlines() if "@Ada-L" in line)
    (said,) = await chat.ask("/refresh-personas")
    assert said.startswith("1 persona ready.")
    write("ada", PARROT.format(engine="parrot", name="Ada L"), "Another prompt.")
    await service.manager(chat.chat_id).reload()
    assert (await row(server, "ada"))["state"] == "removed"
    await leave(chat, service)
    again = await open_chat()
    found = await row(server, "ada")
    assert found["state"] == "removed", "neither back nor offered as brought by the chat"
    assert [r["slug"] for r in (await catalog(server))["personas"]] == ["ada", "bob"]
    (said,) = await again.ask("/add @Ada-L")
    assert said == "✓ Ada L takes part in this chat again."
    (answer,) = await again.ask("@Ada-L two")
    assert "|Another prompt." in answer


async def test_removing_stops_a_reply_and_keeps_its_text(
    people: None, open_chat: Any, server: Any
) -> None:
    chat = await open_chat()
    asked = await chat.say("@Ada-L slowly")
    await chat.until(lambda: any("word5 " in m["body"] for m in chat.answers(asked)))
    assert (await row(server, "ada"))["state"] == "busy"
    await patch(server, chat, slug="ada", removed=True)
    (reply,) = chat.answers(asked)
    assert reply["metadata"]["persona"]["state"] == "stopped"
    assert "word5 " in reply["body"]
    assert "word1999" not in reply["body"]
    (again,) = await chat.ask("@Bob hello")
    assert again.startswith("Bob|")


async def test_broken_persona_can_be_removed_too(open_chat: Any, server: Any, write: Any) -> None:
    write("ada", PARROT.format(engine="parrot", name="Ada"), "A")
    write("bad", "nonsense: 1")
    chat = await open_chat()
    found = await row(server, "bad")
    assert (found["state"], found["line"]) == ("broken", 2)
    await patch(server, chat, slug="bad", removed=True)
    assert (await row(server, "bad"))["state"] == "removed"
    (said,) = await chat.ask("@bad hello")
    assert "removed from this chat" in said


async def test_removed_persona_cannot_be_changed_or_made_anew(
    people: None, open_chat: Any, server: Any
) -> None:
    chat = await open_chat()
    await patch(server, chat, slug="ada", removed=True)
    body = json.dumps({"chat_id": chat.chat_id, "slug": "ada", "values": {"engine": "cockatoo"}})
    with pytest.raises(HTTPClientError, match="400"):
        await server.fetch("/blocks", method="PATCH", body=body)
    (said,) = await chat.ask("/model @Ada-L a/b")
    assert said.endswith("`/add @ada` brings it back.")
    with pytest.raises(HTTPClientError, match="409"):
        await server.post("/new", json.dumps({"chat_id": chat.chat_id, "name": "ada"}))


async def test_commands_remove_and_add_and_complete_the_names_that_fit(
    people: None, open_chat: Any, server: Any
) -> None:
    chat = await open_chat()
    assert await words(server, "/add ") == []
    assert await chat.ask("/add @Bob") == ["Bob takes part already."]
    assert await chat.ask("/remove") == ["Nothing was changed. Whom? `/remove @Ada-L`, "
                                         "`/remove @Bob`."]  # fmt: skip
    assert await chat.ask("/remove @Bobb") == [
        "Nothing was changed. Nobody here is called @Bobb. Did you mean `@Bob`?"
    ]
    assert await chat.ask("/remove @Ada L") == [
        "✓ Ada L was removed from this chat. `/add @ada` brings it back."
    ]
    assert await words(server, "/remove ") == ["@Bob"]
    assert await words(server, "/add @") == ["@Ada-L"]
    assert await chat.ask("/add ada") == ["✓ Ada L takes part in this chat again."]
    assert await words(server, "/default ") == ["none", "@Ada-L", "@Bob"]


async def words(server: Any, text: str) -> list[str]:
    query = text.replace(" ", "%20").replace("@", "%40")
    data = json.loads((await server.fetch(f"/completions?path=a.chat&text={query}")).body)
    return [found["word"] for found in data["completions"]]


# -- the default one ---------------------------------------------------------------


async def test_default_of_the_chat_answers_before_that_of_the_settings(
    people: None, open_chat: Any, server: Any, service: Any, write: Any
) -> None:
    write("cleo", PARROT.format(engine="parrot", name="Cleo"), "C")
    service.update_config(Config({"PersonaManager": {"default_persona": "bob"}}))
    chat = await open_chat()
    data = await catalog(server)
    assert (data["default"], data["default_from"]) == ("bob", "settings")
    (said,) = await chat.ask("/default @Cleo")
    assert said.startswith("✓ Cleo answers in this chat")
    data = await catalog(server)
    assert (data["default"], data["default_from"]) == ("cleo", "chat")
    assert [r["slug"] for r in data["personas"] if r["default"]] == ["cleo"]
    (answer,) = await chat.ask("one")
    assert answer.startswith("Cleo|")
    # A mention counts, and so does who was addressed after the choice.
    (answer,) = await chat.ask("@Ada-L two")
    assert answer.startswith("Ada L|")
    (answer,) = await chat.ask("three")
    assert answer.startswith("Ada L|")
    # Chosen again, it is asked next, also after a restart of the server.
    told = await patch(server, chat, slug="cleo", default=True)
    assert (told["default"], told["default_from"]) == ("cleo", "chat")
    await leave(chat, service)
    again = await open_chat()
    assert (await catalog(server))["last_addressed"] is None
    # Who takes back the default of somebody else takes back nothing.
    await patch(server, again, slug="ada", default=False)
    assert (await catalog(server))["default"] == "cleo"
    told = await patch(server, again, slug="cleo", default=False)
    assert (told["default"], told["default_from"]) == ("bob", "settings")


async def test_default_that_is_removed_or_gone_is_told_and_another_one_answers(
    people: None, open_chat: Any, server: Any, write: Any, service: Any
) -> None:
    cleo = write("cleo", PARROT.format(engine="parrot", name="Cleo"), "C")
    chat = await open_chat()
    await patch(server, chat, slug="cleo", default=True)
    await patch(server, chat, slug="cleo", removed=True)
    data = await catalog(server)
    assert (data["default"], data["default_from"]) == (None, "nobody")
    await patch(server, chat, slug="cleo", default=True)
    assert (await row(server, "cleo"))["state"] == "ready", "who is made the default takes part"
    cleo.unlink()
    await service.manager(chat.chat_id).reload()
    (said,) = await chat.ask("hello")
    assert said.startswith("cleo is to answer when nobody is mentioned (as was said in this chat)")
    assert "Who should answer?" in said


async def test_default_goes_on_under_the_new_name_of_who_is_renamed(
    people: None, open_chat: Any, server: Any, write: Any, service: Any
) -> None:
    chat = await open_chat()
    await patch(server, chat, slug="bob", default=True)
    await patch(server, chat, slug="ada", removed=True)
    for old, new in (("ada", "eve"), ("bob", "rob")):
        (server.root / ".jupyter" / "personas" / f"{old}.persona.md").unlink()
        matter = PARROT.format(engine="parrot", name=new.title()) + f"\nformerly: {old}"
        write(new, matter, "X")
    await service.manager(chat.chat_id).reload()
    data = await catalog(server)
    assert data["default"] == "rob"
    assert [(r["slug"], r["state"]) for r in data["personas"]] == [
        ("eve", "removed"),
        ("rob", "ready"),
    ]


# -- what rows tell ----------------------------------------------------------------


async def test_rows_tell_where_a_persona_is_defined_and_how_its_file_is_opened(
    people: None, open_chat: Any, server: Any, service: Any, tmp_path: Path
) -> None:
    user = tmp_path / "user-personas" / "mine.persona.md"
    user.parent.mkdir()
    user.write_text("---\nengine: parrot\n---\nMine.\n", encoding="utf-8")
    table = server.root / ".jupyter" / "personas.toml"
    table.write_text(
        '[personas.one]\nengine = "parrot"\n\n[personas.two]\nengine = "parrot"\n', encoding="utf-8"
    )
    await open_chat()
    ada, two, mine = [await row(server, slug) for slug in ("ada", "two", "mine")]
    assert (ada["scope"], ada["file"]) == ("project", ".jupyter/personas/ada.persona.md")
    assert ada["open"] == {"path": ".jupyter/personas/ada.persona.md", "hidden": True}
    response = await server.fetch(f"/contents/{ada['open']['path']}")
    assert "Ada L" in json.loads(response.body)["content"]
    assert two["open"] == {"path": ".jupyter/personas.toml", "hidden": True}
    assert two["line"] == 4
    assert (mine["scope"], mine["open"]) == ("user", None)


def test_file_is_opened_as_the_server_shows_it() -> None:
    assert opened_by(None, allow_hidden=True) is None
    path = "a/.jupyter/personas/x.persona.md"
    assert opened_by(path, allow_hidden=True) == {"path": path, "hidden": False}
    assert opened_by(path, allow_hidden=False) == {"path": path, "hidden": True}
    assert opened_by(".secret/x.persona.md", allow_hidden=False) is None
    shown = {"path": "shown/x.persona.md", "hidden": False}
    assert opened_by("shown/x.persona.md", allow_hidden=False) == shown


async def test_rows_tell_what_engines_miss_only_when_they_are_asked_to(
    people: None, open_chat: Any, server: Any, write: Any
) -> None:
    write("kim", PARROT.format(engine="keyless", name="Kim"), "K")
    await open_chat()
    assert (await row(server, "kim"))["state"] == "ready"
    kim = await row(server, "kim", "&support=true")
    assert (kim["state"], kim["detail"]) == ("login", "No key. Set KEY.")
    assert (await row(server, "ada", "&support=true"))["state"] == "ready"


async def test_login_that_is_missing_is_told_after_an_attempt_until_one_succeeds(
    open_chat: Any, server: Any, write: Any, service: Any
) -> None:
    write("sam", PARROT.format(engine="strangers", name="Sam"), "S")
    chat = await open_chat()
    body = json.dumps({"chat_id": chat.chat_id, "slug": "sam", "wait": True})
    await server.post("/prepare", body)
    sam = await row(server, "sam")
    assert (sam["state"], sam["detail"]) == ("login", "Log in first. Run `login`.")
    (said,) = await chat.ask("hello")
    assert "Log in first" in said
    await leave(chat, service)
    again = await open_chat()
    sam = await row(server, "sam")
    assert (sam["state"], sam["detail"]) == ("login", "Log in first. Run `login`.")
    Strangers.open = True
    assert await again.ask("@Sam hello") == ["welcome"]
    assert (await row(server, "sam"))["state"] == "ready"


# -- refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"slug": "nobody", "removed": True}, 400),
        ({"slug": "nobody", "removed": False}, 400),
        ({"slug": "nobody", "default": True}, 400),
        ({"slug": "ada"}, 400),
        ({"slug": "ada", "removed": True, "default": True}, 400),
        ({"slug": "ada", "removed": "yes"}, 400),
        ({"slug": "ada", "removed": True, "chat_id": "no-such-chat"}, 404),
    ],
)
async def test_roster_refuses_what_makes_no_sense(
    people: None, open_chat: Any, server: Any, body: dict[str, Any], status: int
) -> None:
    chat = await open_chat()
    with pytest.raises(HTTPClientError, match=str(status)):
        await patch(server, chat, **body)
    assert {r["state"] for r in (await catalog(server))["personas"]} == {"ready"}


async def test_roster_wants_the_token(people: None, open_chat: Any, server: Any) -> None:
    chat = await open_chat()
    body = json.dumps({"chat_id": chat.chat_id, "slug": "ada", "removed": True})
    with pytest.raises(HTTPClientError, match="403"):
        await server.fetch("/roster", method="PATCH", body=body, token=False)


async def test_persona_that_is_not_allowed_cannot_be_the_default(
    people: None, open_chat: Any, server: Any, service: Any
) -> None:
    service.update_config(Config({"PersonaManager": {"allowed_personas": ["bob"]}}))
    chat = await open_chat()
    with pytest.raises(HTTPClientError, match="400"):
        await patch(server, chat, slug="ada", default=True)
    assert (await catalog(server))["default"] == "bob"
