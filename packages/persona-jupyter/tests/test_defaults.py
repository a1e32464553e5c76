"""Default personas of packages, and who answers when nobody is mentioned."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config
from traitlets.config.loader import DeferredConfigString

from persona.core import Location, Package, Scope
from persona.jupyter._policy import Policy, policy_of

HUGO = {"sender": {"username": "h1", "name": "Hugo"}}
PARROT = "engine: parrot\nidentity:\n  name: {name}"


@pytest.fixture
def bring(service: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Have an installed package bring default personas: names, and programs by engine."""
    folder = tmp_path / "site" / "kit" / "personas"
    folder.mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def install(*names: str, engines: bool = True, **programs: tuple[str, ...]) -> Path:
        for name in names:
            path = folder / f"{name.lower()}.persona.md"
            path.write_text(f"---\n{PARROT.format(name=name)}\n---\n")
        package = Package("heron-kit", engines, programs)
        level = Location(folder, Scope.BUILTIN, folder, package)
        service.catalog._locations = [level, *service.catalog._locations[-1:]]
        return folder

    return install


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    """Install a program on PATH."""

    def install(name: str) -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
        return path

    return install


async def slugs(server: Any, path: str = "a.chat") -> dict[str, str]:
    data = json.loads((await server.fetch(f"?path={path}")).body)
    return {row["slug"]: row["scope"] for row in data["personas"]}


async def default(server: Any, path: str = "a.chat") -> str | None:
    return json.loads((await server.fetch(f"?path={path}")).body)["default"]


# -- who is there ------------------------------------------------------------------


async def test_default_persona_is_there_when_its_program_is(
    server: Any, open_chat: Any, bring: Any, program: Any, service: Any
) -> None:
    bring("Heron", parrot=("heron", "heron-cli"))
    chat = await open_chat()
    assert await slugs(server) == {}
    (notice,) = await chat.ask("@Heron hi")
    assert "`@Heron` cannot run here. None of its programs heron, heron-cli is on PATH." in notice
    installed = program("heron-cli")
    assert "New: Heron." in (await chat.ask("/refresh-personas"))[0]
    assert await slugs(server) == {"heron": "builtin"}
    assert (await chat.ask("@Heron hi"))[0].startswith("Heron|")
    installed.unlink()
    await service.manager(chat.chat_id).reload()
    assert await slugs(server) == {}
    assert "cannot run here" in (await chat.ask("@Heron hi"))[0]


async def test_own_persona_of_that_name_wins(
    server: Any, open_chat: Any, bring: Any, write: Any
) -> None:
    bring("Heron", "Crane")
    write("heron", "extends: builtin:heron", "Mine.")
    write("tall", PARROT.format(name="Crane"), "Tall.")
    chat = await open_chat()
    assert await slugs(server) == {"heron": "project", "tall": "project"}
    assert (await chat.ask("@Heron hi"))[0].startswith("Heron|Mine.|")
    assert (await chat.ask("@Crane hi"))[0].startswith("Crane|Tall.|")
    data = json.loads((await server.fetch("?path=a.chat")).body)
    assert data["diagnostics"] == []


async def test_disabled_in_a_nearer_file_is_not_there(
    server: Any, open_chat: Any, bring: Any, write: Any
) -> None:
    bring("Heron", "Crane")
    write("heron", "enabled: false")
    await open_chat()
    assert await slugs(server) == {"crane": "builtin"}


async def test_admin_can_remove_all_default_personas_and_no_others(
    server: Any, open_chat: Any, bring: Any, write: Any, service: Any
) -> None:
    service.config.PersonaManager.default_personas = False
    bring("Heron", "Crane", parrot=("heron",))
    write("mine", "extends: builtin:crane\nidentity: Mine", "Mine.")
    chat = await open_chat()
    assert await slugs(server) == {"mine": "project"}
    assert (await chat.ask("hi"))[0].startswith("Mine|Mine.|")
    assert (await chat.ask("@Heron hi"))[0].startswith("Nobody here is called @Heron")
    bring("Heron", "Crane", engines=False)  # a package of personas alone
    await chat.ask("/refresh-personas")
    assert await slugs(server) == {"mine": "project", "crane": "builtin", "heron": "builtin"}


async def test_other_rules_hold_for_default_personas_too(
    server: Any, open_chat: Any, bring: Any, service: Any
) -> None:
    service.config.PersonaManager.disabled_personas = ["heron"]
    service.config.PersonaManager.allowed_personas = ["stork"]
    bring("Heron", "Crane", "Stork")
    chat = await open_chat()
    assert await slugs(server) == {"crane": "builtin", "stork": "builtin"}
    assert "is not allowed on this server" in (await chat.ask("@Crane hi"))[0]
    assert (await chat.ask("@Stork hi"))[0].startswith("Stork|")


@pytest.mark.parametrize("given", [False, DeferredConfigString("False")])
def test_rule_is_read_from_files_and_from_the_command_line(given: Any) -> None:
    assert policy_of(Config()).default_personas
    policy = policy_of(Config({"PersonaManager": {"default_personas": given}}))
    assert policy == Policy(default_personas=False)


# -- who answers -------------------------------------------------------------------


async def test_only_own_persona_answers_beside_default_ones(
    server: Any, open_chat: Any, bring: Any, write: Any
) -> None:
    bring("Heron", "Crane", "Stork")
    write("ada", PARROT.format(name="Ada"))
    assert await default(server, "not-open.chat") == "ada"
    chat = await open_chat()
    assert await default(server) == "ada"
    assert (await chat.ask("hi"))[0].startswith("Ada|")


async def test_only_default_persona_answers(server: Any, open_chat: Any, bring: Any) -> None:
    bring("Heron")
    chat = await open_chat()
    assert await default(server) == "heron"
    assert (await chat.ask("hi"))[0].startswith("Heron|")


async def test_among_several_nobody_answers_and_own_ones_are_named_first(
    server: Any, open_chat: Any, bring: Any, write: Any
) -> None:
    bring(*(f"Bird{n:02}" for n in range(14)))
    chat = await open_chat()
    assert await default(server) is None
    (notice,) = await chat.ask("hi")
    assert notice.startswith("Who should answer?")
    assert notice.endswith("`@Bird11` and 2 more (`/personas`).")
    for name in ("Ada", "Bob"):
        write(name.lower(), PARROT.format(name=name))
    write("broken", "engin: parrot")
    await chat.ask("/refresh-personas")
    assert await default(server) is None
    (notice,) = await chat.ask("hi")
    assert "one of: `@Ada`, `@Bob`, `@Bird00`, " in notice
    assert "roken" not in notice


async def test_persona_that_may_not_answer_is_not_the_only_one_s_rival(
    server: Any, open_chat: Any, write: Any, service: Any
) -> None:
    service.config.PersonaManager.allowed_personas = ["ada"]
    write("ada", PARROT.format(name="Ada"))
    write("bob", PARROT.format(name="Bob"))
    chat = await open_chat()
    assert await default(server) == "ada"
    assert (await chat.ask("hi"))[0].startswith("Ada|")


async def test_named_default_that_is_not_there_is_told_with_the_question(
    server: Any, open_chat: Any, write: Any, service: Any, caplog: pytest.LogCaptureFixture
) -> None:
    service.config.PersonaManager.default_persona = "Adda"
    write("ada", PARROT.format(name="Ada"))
    write("bob", PARROT.format(name="Bob"))
    service.log.propagate = True
    chat = await open_chat()
    for _ in range(2):
        (notice,) = await chat.ask("hi")
        assert notice.startswith("Adda is to answer when nobody is mentioned")
        assert "is not here. Did you mean" in notice
        assert "Who should answer?" in notice
    assert await default(server) is None
    assert (await chat.ask("@Bob hi"))[0].startswith("Bob|")
    assert (await chat.ask("and you?"))[0].startswith("Bob|")  # last addressed: nothing to tell
    told = {id(r) for r in caplog.records if "default_persona" in r.getMessage()}
    assert len(told) == 1


async def test_only_persona_stands_in_for_a_named_default_and_says_so_once(
    server: Any, open_chat: Any, write: Any, bring: Any, service: Any
) -> None:
    service.config.PersonaManager.default_persona = "heron"
    bring("Heron", parrot=("heron",))
    write("ada", PARROT.format(name="Ada"))
    chat = await open_chat()
    assert await default(server) == "ada"
    notice, answer = await chat.ask("hi", count=2)
    assert "heron is to answer when nobody is mentioned" in notice
    assert "cannot run here. Its program heron is not on PATH." in notice
    assert "Ada answers instead" in notice
    assert answer.startswith("Ada|")
    (answer,) = await chat.ask("again")
    assert answer.startswith("Ada|")


async def test_named_default_whose_file_is_broken_says_what_to_repair(
    server: Any, open_chat: Any, write: Any, service: Any
) -> None:
    service.config.PersonaManager.default_persona = "helper"
    write("ada", PARROT.format(name="Ada"))
    write("helper", "engin: parrot")
    chat = await open_chat()
    assert await default(server) == "helper"
    (notice,) = await chat.ask("hi")
    assert "helper cannot answer." in notice
    assert "helper.persona.md:2" in notice


@pytest.mark.parametrize("name", ["Bob B", "bob-b", "@Bob-B", " bob "])
async def test_default_is_named_as_people_would(
    server: Any, open_chat: Any, write: Any, service: Any, name: str
) -> None:
    service.config.PersonaManager.default_persona = name
    write("ada", PARROT.format(name="Ada"))
    write("bob", PARROT.format(name="Bob B"))
    assert await default(server, "not-open.chat") == "bob"
    chat = await open_chat()
    assert await default(server) == "bob"
    assert (await chat.ask("hi"))[0].startswith("Bob B|")


# -- who was addressed last, after a restart ------------------------------------------


async def reopened(open_chat: Any, service: Any, chat: Any) -> Any:
    # A chat in which somebody is at work is not let go of, and so not opened anew.
    model = service.manager(chat.chat_id).chat
    await chat.until(lambda: not model.is_kept_alive)
    await chat.close()
    await service.detach(chat.chat_id)
    return await open_chat()


async def test_last_addressed_is_who_a_person_addressed_not_who_spoke_last(
    open_chat: Any, service: Any, write: Any
) -> None:
    write("ada", PARROT.format(name="Ada"))
    write("bob", PARROT.format(name="Bob"))
    chat = await open_chat()
    first = await chat.say("@ada pass to bob", **HUGO)  # Bob answers Ada's answer, and so on
    await chat.until(lambda: [m for m in chat.messages.values() if "was not asked" in m["body"]])
    assert [m for m in chat.messages.values() if m["sender"] == "persona::bob"]
    assert chat.answers(first)
    chat = await reopened(open_chat, service, chat)
    assert (await chat.ask("and now?", **HUGO))[0].startswith("Ada|")


async def test_last_addressed_counts_though_it_could_not_answer(
    open_chat: Any, service: Any, write: Any
) -> None:
    write("ada", PARROT.format(name="Ada"))
    write("bob", PARROT.format(name="Bob"))
    chat = await open_chat()
    await chat.ask("@ada hi", **HUGO)
    await chat.ask("@bob explode", **HUGO)
    chat = await reopened(open_chat, service, chat)
    assert (await chat.ask("and now?", **HUGO))[0].startswith("Bob|")


async def test_of_several_addressed_the_last_mentioned_counts(
    open_chat: Any, service: Any, write: Any
) -> None:
    write("ada", PARROT.format(name="Ada"))
    write("bob", PARROT.format(name="Bob"))
    chat = await open_chat()
    await chat.ask("@bob and @ada hi", count=2, **HUGO)
    assert (await chat.ask("who?", **HUGO))[0].startswith("Ada|")
    chat = await reopened(open_chat, service, chat)
    assert (await chat.ask("and now?", **HUGO))[0].startswith("Ada|")
