"""Persona files change while chats of a real server are open; nobody sends a command."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PARROT = "engine: parrot\nidentity:\n  name: {name}"
ADA = PARROT.format(name="Ada")
BROKEN = ADA + "\nmodell: x/y"

SOON = 2.0
"""Seconds within which a change must take effect."""


async def takes_effect(found: Callable[[], Any], seconds: float = SOON) -> float:
    """Wait until it is so; return after how many seconds it was."""
    began = time.monotonic()
    while not found():
        assert time.monotonic() - began < seconds, "took no effect in time"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


@pytest.fixture
def open_chat(open_chat: Any, service: Any) -> Callable[..., Any]:
    """Open a chat and wait until its personas are read."""

    async def open_path(path: str = "a.chat") -> Any:
        chat = await open_chat(path)
        await service.manager(chat.chat_id).ready()
        return chat

    return open_path


@pytest.fixture
def prompts(service: Any) -> Callable[..., dict[str, Any]]:
    """What the personas of an open chat are told, by short name."""

    def look(chat: Any) -> dict[str, Any]:
        personas = service.manager(chat.chat_id).view.personas
        return {slug: found.context.system_prompt for slug, found in personas.items()}

    return look


def said(chat: Any, text: str) -> list[str]:
    return [m["body"] for m in chat.messages.values() if text in m["body"] and not m.get("deleted")]


def system(chat: Any) -> list[str]:
    return [m["body"] for m in chat.messages.values() if m["sender"] == "personas::system"]


async def row(server: Any, slug: str, path: str = "a.chat") -> Any:
    data = json.loads((await server.fetch(f"?path={path}")).body)
    return next((found for found in data["personas"] if found["slug"] == slug), None)


async def test_edited_file_takes_effect_and_only_its_blocks(
    write: Any, open_chat: Any, service: Any, prompts: Any
) -> None:
    write("ada", ADA, "Old.")
    chat = await open_chat()
    assert (await chat.ask("hi"))[0].startswith("Ada|Old.|-|")
    persona = service.manager(chat.chat_id).personas.live["ada"]
    engine = persona.engine
    write("ada", ADA + "\nmodel: a/b", "New.")
    await takes_effect(lambda: prompts(chat)["ada"] == "New.")
    assert (await chat.ask("hi"))[0].startswith("Ada|New.|a/b|")
    assert persona.engine is engine
    assert engine.started == 1
    assert system(chat) == []


async def test_added_and_deleted_files_take_effect_in_listing_and_menu(
    write: Any, open_chat: Any, server: Any, prompts: Any
) -> None:
    chat = await open_chat()
    path = write("ada", ADA, "A")  # the folder is not there before
    await takes_effect(lambda: "ada" in prompts(chat))
    assert (await row(server, "ada"))["state"] == "ready"
    assert (await chat.ask("hi"))[0].startswith("Ada|A|")
    path.unlink()
    await takes_effect(lambda: "ada" not in prompts(chat))
    assert await row(server, "ada") is None
    assert system(chat) == []


async def test_moved_file_and_atomic_rename_take_effect(
    write: Any, open_chat: Any, prompts: Any
) -> None:
    path = write("ada", ADA, "A")
    chat = await open_chat()
    await chat.ask("hi")
    draft = path.with_name(".draft")
    draft.write_text(f"---\n{ADA}\n---\nB\n")
    draft.replace(path)
    await takes_effect(lambda: prompts(chat) == {"ada": "B"})
    path.rename(path.with_name("eve.persona.md"))
    await takes_effect(lambda: prompts(chat) == {"eve": "B"})


async def test_tables_and_the_users_own_personas_take_effect(
    open_chat: Any, root: Path, tmp_path: Path, prompts: Any
) -> None:
    chat = await open_chat()
    (root / "personas.toml").write_text('[personas.ada]\nengine = "parrot"\nsystem_prompt = "A"\n')
    await takes_effect(lambda: prompts(chat) == {"ada": "A"})
    own = tmp_path / "user-personas" / "bob"
    own.mkdir(parents=True)
    (own / "persona.md").write_text(f"---\n{ADA}\n---\nB\n")
    await takes_effect(lambda: prompts(chat) == {"ada": "A", "bob": "B"})


async def test_base_that_is_edited_takes_effect_in_its_heirs(
    write: Any, open_chat: Any, prompts: Any
) -> None:
    write("base", PARROT.format(name="Base"), "From the base.")
    write("ada", ADA + "\nextends: base")
    chat = await open_chat()
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|From the base.|")
    write("base", PARROT.format(name="Base"), "Anew.")
    await takes_effect(lambda: prompts(chat)["ada"] == "Anew.")
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|Anew.|")


async def test_avatar_that_is_edited_takes_effect_in_the_chat(write: Any, open_chat: Any) -> None:
    path = write("ada", ADA + "\n  avatar: a.svg", "A")
    picture = path.with_name("a.svg")
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    chat = await open_chat()
    await chat.ask("hi")
    before = chat.users["persona::ada"]["avatar_url"]
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>')
    await takes_effect(lambda: chat.users["persona::ada"]["avatar_url"] not in (before, None))


async def test_only_the_changed_file_is_read_again_and_the_loop_is_free(
    write: Any, open_chat: Any, service: Any, prompts: Any
) -> None:
    for number in range(300):
        write(f"p{number}", PARROT.format(name=f"P{number}"), "old")
    first, second = await open_chat("a.chat"), await open_chat("b.chat")
    await first.ask("@P7 hi")
    await second.ask("@P8 hi")
    reads = service.catalog.reads
    blocked = await longest_wait(
        lambda: write("p7", PARROT.format(name="P7"), "new"),
        lambda: prompts(first)["p7"] == prompts(second)["p7"] == "new",
    )
    assert service.catalog.reads == reads + 1
    assert blocked < 0.5


async def longest_wait(change: Callable[[], Any], found: Callable[[], Any]) -> float:
    """Make a change, wait for its effect, and return the longest time without the loop."""
    longest, ended = 0.0, asyncio.Event()

    async def beat() -> None:
        nonlocal longest
        while not ended.is_set():
            began = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - began)

    beating = asyncio.create_task(beat())
    change()
    await takes_effect(found)
    ended.set()
    await beating
    return longest


async def test_chat_whose_view_is_as_it_was_does_nothing(
    write: Any, open_chat: Any, service: Any, prompts: Any, root: Path
) -> None:
    (root / "one").mkdir()
    (root / "two").mkdir()
    write("ada", ADA, "A")
    one, two = await open_chat("one/a.chat"), await open_chat("two/b.chat")
    await one.ask("hi")
    await two.ask("hi")
    before = service.manager(two.chat_id).view
    write("bob", PARROT.format(name="Bob"), "B", folder="one")
    await takes_effect(lambda: "bob" in prompts(one))
    assert service.manager(two.chat_id).view is before


async def test_running_turn_ends_on_what_it_began_with(
    write: Any, open_chat: Any, service: Any, prompts: Any
) -> None:
    write("ada", ADA, "A")
    chat = await open_chat()
    asked = await chat.say("slowly")
    await chat.until(lambda: any("word10 " in m["body"] for m in chat.answers(asked)))
    write("ada", "engine: cockatoo\nidentity:\n  name: Ada", "B")
    await takes_effect(lambda: prompts(chat)["ada"] == "B")
    (reply,) = await chat.until(lambda: chat.answers(asked, "complete"), seconds=30)
    assert reply["body"].count("word") == 2_000
    assert (await chat.ask("and now?"))[0] == "cockatoo heard 2"


async def test_persona_whose_file_is_deleted_ends_its_turn_first(
    write: Any, open_chat: Any, service: Any, prompts: Any
) -> None:
    path = write("ada", ADA, "A")
    chat = await open_chat()
    asked = await chat.say("slowly")
    await chat.until(lambda: any("word10 " in m["body"] for m in chat.answers(asked)))
    engine = service.manager(chat.chat_id).personas.live["ada"].engine
    path.unlink()
    await takes_effect(lambda: prompts(chat) == {})
    (reply,) = await chat.until(lambda: chat.answers(asked, "complete"), seconds=30)
    assert reply["body"].count("word") == 2_000
    await takes_effect(lambda: engine.closed == 1)
    assert "no persona here yet" in (await chat.ask("hi"))[0]


async def test_persona_whose_file_is_deleted_can_be_stopped(
    write: Any, open_chat: Any, prompts: Any
) -> None:
    path = write("ada", ADA, "A")
    chat = await open_chat()
    asked = await chat.say("slowly")
    await chat.until(lambda: any("word10 " in m["body"] for m in chat.answers(asked)))
    path.unlink()
    await takes_effect(lambda: prompts(chat) == {})
    assert await chat.ask("/stop") == ["Stopped 1 reply."]
    await chat.until(lambda: chat.answers(asked, "stopped"))


async def test_broken_edit_keeps_the_last_good_version_and_says_so_once(
    write: Any, open_chat: Any, server: Any, prompts: Any
) -> None:
    write("ada", ADA, "Good.")
    chat = await open_chat()
    await chat.ask("hi")
    write("ada", BROKEN, "Bad.")
    await takes_effect(lambda: system(chat))
    (notice,) = system(chat)
    assert "**Ada** keeps its last good version" in notice
    assert "`.jupyter/personas/ada.persona.md:5`" in notice
    assert "modell" in notice
    assert (await chat.ask("hi"))[0].startswith("Ada|Good.|")
    (table,) = await chat.ask("/personas")
    assert "ready, last good version: line 5:" in table
    found = await row(server, "ada")
    assert found["state"] == "ready"
    assert found["fault"].startswith("line 5:")

    for number in range(3):  # the same fault, saved again and again
        write("ada", BROKEN, "Bad." * number)
        await asyncio.sleep(0.4)
    assert said(chat, "keeps its last good version") == [notice]
    assert said(chat, "needs a look") == []

    write("ada", ADA, "Better.")
    await takes_effect(lambda: prompts(chat)["ada"] == "Better.")
    await takes_effect(lambda: said(chat, "used again"))
    assert said(chat, "used again") == ["The file of **Ada** is repaired and used again."]
    assert (await chat.ask("hi"))[0].startswith("Ada|Better.|")
    assert (await row(server, "ada"))["fault"] is None


async def test_notice_follows_the_fault_and_its_end_where_nothing_was_said_since(
    write: Any, open_chat: Any
) -> None:
    write("ada", ADA, "Good.")
    chat = await open_chat()
    await chat.ask("hi")
    write("ada", BROKEN, "Bad.")
    await takes_effect(lambda: said(chat, "modell"))
    write("ada", ADA + "\nengin: x", "Bad.")
    await takes_effect(lambda: said(chat, "engin"))
    assert len(system(chat)) == 1
    write("ada", ADA, "Good.")
    await takes_effect(lambda: said(chat, "used again"))
    assert len(system(chat)) == 1


async def test_broken_edit_is_kept_on_refresh_too(write: Any, open_chat: Any, service: Any) -> None:
    service.config.PersonaManager.live_reload = False
    write("ada", ADA, "Good.")
    chat = await open_chat()
    await chat.ask("hi")
    write("ada", BROKEN, "Bad.")
    (text,) = await chat.ask("/refresh-personas")
    assert text == (
        "1 persona ready. Nothing changed. 1 persona keeps its last good version: see `/personas`."
    )
    assert len(said(chat, "**Ada** keeps its last good version")) == 1
    assert (await chat.ask("hi"))[0].startswith("Ada|Good.|")
    write("ada", ADA, "Better.")
    await chat.ask("/refresh-personas")
    assert (await chat.ask("hi"))[0].startswith("Ada|Better.|")
    assert len(said(chat, "used again")) == 1


async def test_persona_that_was_not_used_yet_is_kept_too(
    write: Any, open_chat: Any, prompts: Any
) -> None:
    write("ada", ADA, "Good.")
    chat = await open_chat()
    write("ada", BROKEN, "Bad.")
    await takes_effect(lambda: said(chat, "keeps its last good version"))
    assert (await chat.ask("hi"))[0].startswith("Ada|Good.|")


async def test_chat_that_opens_while_a_file_is_broken_gets_the_same_answer(
    write: Any, open_chat: Any, server: Any
) -> None:
    write("ada", ADA, "Good.")
    chat = await open_chat("a.chat")
    await chat.ask("hi")
    write("ada", BROKEN, "Bad.")
    await takes_effect(lambda: said(chat, "keeps its last good version"))
    other = await open_chat("b.chat")
    assert (await other.ask("hi"))[0].startswith("Ada|Good.|")
    assert len(said(other, "keeps its last good version")) == 1
    assert (await row(server, "ada", "never-opened.chat"))["fault"].startswith("line 5:")


async def test_deleted_file_is_gone_also_when_it_was_broken(
    write: Any, open_chat: Any, prompts: Any
) -> None:
    path = write("ada", ADA, "Good.")
    chat = await open_chat()
    await chat.ask("hi")
    write("ada", BROKEN, "Bad.")
    await takes_effect(lambda: said(chat, "keeps its last good version"))
    path.unlink()
    await takes_effect(lambda: prompts(chat) == {})
    assert said(chat, "used again") == []
    write("ada", BROKEN, "Bad.")  # first read as a new file
    await takes_effect(lambda: said(chat, "needs a look"))
    assert "cannot answer" in (await chat.ask("@ada hi"))[0]


async def test_file_that_was_broken_at_first_is_broken(write: Any, open_chat: Any) -> None:
    write("ada", BROKEN, "Bad.")
    chat = await open_chat()
    assert "cannot answer" in (await chat.ask("@ada hi"))[0]
    write("ada", ADA, "Good.")
    await takes_effect(lambda: said(chat, "All persona files can be used."))
    assert (await chat.ask("@ada hi"))[0].startswith("Ada|Good.|")


async def test_heirs_of_a_broken_base_keep_working(
    write: Any, open_chat: Any, service: Any
) -> None:
    write("base", PARROT.format(name="Base"), "From the base.")
    write("ada", ADA + "\nextends: base\nmodel: a/b")
    chat = await open_chat()
    await chat.ask("@Ada hi")
    write("base", "engine: [", "Bad.")
    await takes_effect(lambda: said(chat, "keeps its last good version"))
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|From the base.|a/b|")
    assert (await chat.ask("@Base hi"))[0].startswith("Base|From the base.|")
    write("ada", ADA + "\nextends: base\nmodel: c/d")  # a good edit meanwhile
    personas = service.manager(chat.chat_id)
    await takes_effect(lambda: personas.view.personas["ada"].model.model_id == "c/d")
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|From the base.|c/d|")


async def test_heir_whose_base_is_deleted_keeps_its_last_good_version(
    write: Any, open_chat: Any, prompts: Any
) -> None:
    base = write("base", PARROT.format(name="Base"), "From the base.")
    write("ada", ADA + "\nextends: base")
    chat = await open_chat()
    await chat.ask("@Ada hi")
    base.unlink()
    await takes_effect(lambda: said(chat, "**Ada** keeps its last good version"))
    assert list(prompts(chat)) == ["ada"]
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|From the base.|")


async def test_engine_that_is_misspelt_by_an_edit_is_kept(write: Any, open_chat: Any) -> None:
    write("ada", ADA, "Good.")
    chat = await open_chat()
    await chat.ask("hi")
    write("ada", "engine: parot\nidentity:\n  name: Ada", "Bad.")
    await takes_effect(lambda: said(chat, "keeps its last good version"))
    assert "Did you mean 'parrot'?" in said(chat, "keeps")[0]
    assert (await chat.ask("hi"))[0].startswith("Ada|Good.|")


async def test_table_that_breaks_keeps_its_personas_and_an_entry_alone_does_too(
    open_chat: Any, root: Path, prompts: Any
) -> None:
    file = root / "personas.toml"
    good = '[personas.{0}]\nengine = "parrot"\nsystem_prompt = "{1}"\n'
    file.write_text(good.format("ada", "A") + good.format("bob", "B") + good.format("eve", "E"))
    chat = await open_chat()
    await chat.ask("@ada hi")
    file.write_text("[personas.ada\n")
    await takes_effect(lambda: said(chat, "**Ada, Bob, Eve** keep their last good version"))
    assert prompts(chat) == {"ada": "A", "bob": "B", "eve": "E"}
    # One entry is wrong, one was edited well, one was taken out.
    file.write_text(good.format("ada", "new") + '[personas.bob]\nenginee = "parrot"\n')
    await takes_effect(lambda: prompts(chat) == {"ada": "new", "bob": "B"})
    await takes_effect(lambda: said(chat, "**Bob** keeps its last good version"))
    assert said(chat, "needs a look") == []


async def test_nearer_persona_that_breaks_is_not_replaced_by_a_farther_one(
    write: Any, open_chat: Any, tmp_path: Path, prompts: Any
) -> None:
    user = tmp_path / "user-personas"
    user.mkdir()
    (user / "ada.persona.md").write_text(f"---\n{ADA}\n---\nuser\n")
    path = write("ada", ADA, "project")
    chat = await open_chat()
    await chat.ask("hi")
    write("ada", BROKEN, "project")
    await takes_effect(lambda: said(chat, "keeps its last good version"))
    assert (await chat.ask("hi"))[0].startswith("Ada|project|")
    path.unlink()
    await takes_effect(lambda: prompts(chat) == {"ada": "user"})


async def test_live_reload_can_be_switched_off(
    write: Any, open_chat: Any, service: Any, prompts: Any
) -> None:
    service.config.PersonaManager.live_reload = False
    write("ada", ADA, "Old.")
    chat = await open_chat()
    await chat.ask("hi")
    write("ada", ADA, "New.")
    await asyncio.sleep(2.5)
    assert (await chat.ask("hi"))[0].startswith("Ada|Old.|")
    assert watchers() == []


async def test_nothing_is_watched_without_an_open_chat(
    write: Any, open_chat: Any, service: Any, prompts: Any
) -> None:
    assert watchers() == []
    first, second = await open_chat("a.chat"), await open_chat("b.chat")
    assert len(watchers()) == 1
    await service.detach(first.chat_id)
    write("ada", ADA, "A")
    await takes_effect(lambda: "ada" in prompts(second))
    await service.detach(second.chat_id)
    await takes_effect(lambda: watchers() == [])
    await open_chat("c.chat")
    assert len(watchers()) == 1
    await service.close()
    assert watchers() == []


async def test_folder_that_is_replaced_takes_effect(
    write: Any, open_chat: Any, prompts: Any
) -> None:
    path = write("ada", ADA, "A")
    chat = await open_chat()
    for number in range(2):
        shutil.rmtree(path.parent.parent)
        await takes_effect(lambda: prompts(chat) == {})
        write("ada", ADA, f"Again {number}.")
        await takes_effect(lambda n=number: prompts(chat) == {"ada": f"Again {n}."})


def watchers() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "persona-watcher"]
