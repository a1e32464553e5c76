"""Commands, refresh and findings, in real chats of a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from persona.core import EngineSupport, PersonaEngine, Requirement, TurnError

PARROT = "engine: parrot\nidentity:\n  name: {name}"


@pytest.fixture(autouse=True)
def by_hand(service: Any) -> None:
    """Let nothing but the command apply what changed."""
    service.config.PersonaManager.live_reload = False


async def test_personas_lists_name_engine_model_origin_and_state(
    write: Any, open_chat: Any
) -> None:
    write("ada", PARROT.format(name="Ada") + "\nmodel: openai/gpt", "A")
    write("bad", "engine: [", "B")
    chat = await open_chat()
    (table,) = await chat.ask("/personas")
    assert (
        "| `@Ada` | parrot | openai/gpt | project: .jupyter/personas/ada.persona.md | ready |"
        in table
    )
    assert "bad.persona.md | broken: line" in table


class Picky(PersonaEngine):
    """Says what it honours; what its persona is called decides how it stands."""

    id = "picky"

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        yield "hello"

    def support(self) -> EngineSupport:
        if self.persona.name == "Bad":
            raise RuntimeError("| broken")
        missing = (Requirement("There is no *program*.", "Install it: curl x | sh"),)
        return EngineSupport(
            model="enforced",
            system_prompt="requested",
            skills="enforced",
            missing=() if self.persona.name == "Bob" else missing,
            ignored=("model.top_p",),
        )


async def test_personas_lists_what_is_missing_and_what_is_honoured(
    write: Any, open_chat: Any, service: Any
) -> None:
    service.catalog.registry.register(Picky)
    for name in ("Ada", "Bob", "Bad"):
        write(name.lower(), f"engine: picky\nidentity:\n  name: {name}", "A")
    write("lost", "engine: nowhere", "A")
    chat = await open_chat()
    assert await chat.ask("@Bob hi") == ["hello"]  # one is in use, the others are not
    (table,) = await chat.ask("/personas")
    lines = {name: [x for x in table.splitlines() if f"`@{name}`" in x] for name in ("Ada", "Bob")}
    assert lines["Ada"][0].endswith(
        r"| unavailable: There is no \*program\*. Install it: curl x \| sh |"
    )
    assert lines["Bob"][0].endswith("| ready |")
    honoured = "| enforced | requested | ignored | enforced | ignored | model.top\\_p |"
    assert lines["Ada"][1].endswith(honoured) and lines["Bob"][1].endswith(honoured)
    assert r"RuntimeError: \| broken" in table
    assert "nowhere" in table


async def test_unknown_command_is_told(open_chat: Any) -> None:
    chat = await open_chat()
    (text,) = await chat.ask("/persona")
    assert "Did you mean `/personas`?" in text


async def test_command_is_not_part_of_the_conversation(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    await chat.ask("@Ada one")
    await chat.ask("/personas")
    await chat.ask("/nonsense")
    (answer,) = await chat.ask("two")
    assert answer.split("|")[3] == "2"


async def test_path_at_the_start_is_no_command(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    assert (await chat.ask("/home/me/data.csv is what?"))[0].startswith("Ada|")


async def test_refresh_applies_only_what_changed(write: Any, open_chat: Any, service: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "Old prompt.")
    write("bob", PARROT.format(name="Bob"), "B")
    chat = await open_chat()
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|Old prompt.|")
    persona = service.manager(chat.chat_id).personas.live["ada"]
    engine = persona.engine
    write("ada", PARROT.format(name="Ada") + "\nmodel: a/b", "New prompt.")
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|Old prompt.|")
    (said,) = await chat.ask("/refresh-personas")
    assert said == "2 personas ready. Ada: model, context changed."
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|New prompt.|a/b|")
    assert persona.engine is engine
    assert engine.started == 1


async def test_refresh_swaps_the_engine_and_keeps_the_conversation(
    write: Any, open_chat: Any, service: Any
) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    await chat.ask("@Ada one")
    persona = service.manager(chat.chat_id).personas.live["ada"]
    old = persona.engine
    write("ada", "engine: cockatoo\nidentity:\n  name: Ada", "A")
    assert "engine changed" in (await chat.ask("/refresh-personas"))[0]
    assert (await chat.ask("two"))[0] == "cockatoo heard 2"
    assert service.manager(chat.chat_id).personas.live["ada"] is persona
    assert old.closed == 1


class Needy(PersonaEngine):
    """Starts with a model only."""

    id = "needy"

    async def start(self) -> None:
        if self.persona.model is None:
            raise TurnError("There is no model.")

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        yield f"needy heard {len(turn.history)}"


async def test_engine_that_could_not_start_is_tried_again_when_its_file_changes(
    write: Any, open_chat: Any, service: Any
) -> None:
    service.catalog.registry.register(Needy)
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    await chat.ask("@Ada one")
    needy = "engine: needy\nidentity:\n  name: Ada"
    write("ada", needy, "A")
    await chat.ask("/refresh-personas")
    await chat.until(lambda: [m for m in chat.messages.values() if "no model" in m["body"]])
    assert (await chat.ask("@Ada two"))[0].startswith("Ada|A|")
    write("ada", f"{needy}\nmodel: a/b", "A")
    await chat.ask("/refresh-personas")
    assert (await chat.ask("@Ada three"))[0] == "needy heard 4"


async def test_refresh_finds_new_and_removed_personas(write: Any, open_chat: Any) -> None:
    path = write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    await chat.ask("@Ada one")
    path.unlink()
    write("bob", PARROT.format(name="Bob"), "B")
    assert (await chat.ask("/refresh-personas"))[0] == "1 persona ready. New: Bob. Gone: Ada."
    assert (await chat.ask("hello"))[0].startswith("Bob|")


async def test_broken_file_is_told_once_and_the_good_one_works(write: Any, open_chat: Any) -> None:
    write("ada", PARROT.format(name="Ada"), "A")
    write("bad", "engine: parrot\nmodell: x/y", "B")
    chat = await open_chat()

    def told() -> list[dict[str, Any]]:
        return [m for m in chat.messages.values() if "needs a look" in m["body"]]

    await chat.until(told)
    assert "bad.persona.md:3" in told()[0]["body"]
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|")
    (why,) = await chat.ask("@bad hi")
    assert "cannot answer" in why and "model" in why
    await chat.ask("/refresh-personas")
    assert len(told()) == 1
    write("bad", PARROT.format(name="Bad"), "B")
    await chat.ask("/refresh-personas")
    assert told() == []
    assert (await chat.ask("@bad hi"))[0].startswith("Bad|B|")


async def test_broken_table_is_told_without_the_faults_of_others(open_chat: Any, root: Any) -> None:
    (root / "personas.toml").write_text(
        '[personas.ada]\nengine = "parrot"\nsystem_prompt = "A"\n'
        '[personas.odd]\nsytem_prompt = "x"\n[personas.heir]\nextends = "nobody"\n'
    )
    chat = await open_chat()
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|A|")
    (why,) = await chat.ask("@heir hi")
    assert "personas.toml:7" in why and "nobody" in why
    assert "sytem" not in why


async def test_nearer_scope_wins(write: Any, open_chat: Any, tmp_path: Any, root: Any) -> None:
    user = tmp_path / "user-personas"
    user.mkdir()
    (user / "ada.persona.md").write_text("---\n" + PARROT.format(name="Ada") + "\n---\nuser")
    (user / "eve.persona.md").write_text("---\n" + PARROT.format(name="Eve") + "\n---\nuser")
    write("ada", PARROT.format(name="Ada"), "root")
    (root / "deep").mkdir()
    write("ada", PARROT.format(name="Ada"), "deep", folder="deep")
    chat, deep = await open_chat("a.chat"), await open_chat("deep/b.chat")
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|root|")
    assert (await deep.ask("@Ada hi"))[0].startswith("Ada|deep|")
    assert (await deep.ask("@Eve hi"))[0].startswith("Eve|user|")


async def test_messages_that_waited_for_a_persona_that_is_gone_are_told(
    write: Any, open_chat: Any
) -> None:
    path = write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    first = await chat.say("@Ada slowly please")
    second = await chat.say("@Ada and then?")
    await chat.until(lambda: chat.answers(first))
    path.unlink()
    (text,) = await chat.ask("/refresh-personas")
    assert "Gone: Ada" in text
    (answer,) = await chat.until(lambda: chat.answers(second))
    assert answer["body"].startswith("Ada is gone")
    assert [m["body"].endswith("*Stopped.*") for m in chat.answers(first)] == [True]


async def test_name_cannot_break_the_table(write: Any, open_chat: Any) -> None:
    write("ada", "engine: parrot\nidentity: 'A | `B`'", "A")
    chat = await open_chat()
    (table,) = await chat.ask("/personas")
    assert "| @A-\\|-\\`B\\` | parrot |" in table
