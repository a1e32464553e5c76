"""What whoever runs the server allows, as rules and in chats of a real server."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from traitlets.config import Config
from traitlets.config.loader import DeferredConfigString

from persona.core import (
    Catalog,
    EngineError,
    EngineRegistry,
    PersonaDefinition,
    PersonaEngine,
    PersonaIdentity,
    PersonaModel,
)
from persona.jupyter._last_good import LastGood, LiveView
from persona.jupyter._policy import AdminRules, Policy, policy_of, restrict
from persona.loaders import MARKDOWN, TOML

PARROT = "engine: parrot\nidentity:\n  name: {name}"
COUNTED = "engine: counted\nidentity:\n  name: {name}"
NO_COUNTED = "The engine 'counted' is not allowed on this server."


class Counted(PersonaEngine):
    """Must not be made."""

    id = "counted"

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        yield f"counted {turn.text}"


def persona(name: str = "ada", engine: str = "parrot", *models: str) -> PersonaDefinition:
    first, *others = [PersonaModel(model_id=model) for model in models] or [None]
    return PersonaDefinition(
        name=name,
        engine=engine,
        model=first,
        models=[model for model in others if model],
        identity=PersonaIdentity(name=name.title()),
    )


# -- the rules ---------------------------------------------------------------------


def test_everything_is_allowed_by_default() -> None:
    policy = policy_of(Config())
    assert policy == Policy()
    assert policy.refusal(persona("ada", "any", "a/b", "c/d")) is None
    assert not policy.hides("ada")


@pytest.mark.parametrize(
    ("pattern", "hidden"),
    [
        ("ada", True),
        ("Ada", True),
        ("a*", True),
        ("[ab]da", True),
        ("?da", True),
        ("ad", False),
        ("da", False),
        ("", False),
    ],
)
def test_disabled_personas_are_whole_names_or_patterns(pattern: str, hidden: bool) -> None:
    assert Policy(disabled_personas=("x", pattern)).hides("ada") is hidden


@pytest.mark.parametrize(
    ("models", "refused"),
    [
        ((), None),
        (("ollama/llama3.1",), None),
        (("ollama/library/llama3.1:8b",), None),
        (("openai/gpt-x",), "openai/gpt-x"),
        (("not-ollama/llama",), "not-ollama/llama"),
        (("ollama/a", "anthropic/b"), "anthropic/b"),
        (("ollama/a", "ollama/b", "c"), "c"),
        (("ollama",), "ollama"),
    ],
)
def test_every_model_must_be_allowed(models: tuple[str, ...], refused: str | None) -> None:
    found = Policy(allowed_models=("ollama/*",)).refusal(persona("ada", "parrot", *models))
    if refused is None:
        assert found is None
        return
    assert found is not None
    assert found.what == f"The model {refused!r} is not allowed on this server."
    assert found.fix == "Allowed models: ollama/*."


def test_model_with_brackets_is_allowed_by_its_own_name() -> None:
    assert Policy(allowed_models=("a/b[1]",)).allows_model("a/b[1]")


def test_escalation_models_count_where_there_is_no_first_model() -> None:
    definition = persona().model_copy(update={"models": [PersonaModel(model_id="openai/x")]})
    assert Policy(allowed_models=("ollama/*",)).refusal(definition) is not None


def test_engines_are_allowed_by_id_or_pattern_and_none_by_an_empty_list() -> None:
    policy = Policy(allowed_engines=("litellm", "*-acp"))
    assert [policy.allows_engine(e) for e in ("litellm", "claude-acp", "acp", "litellm2")] == [
        *(True, True),
        *(False, False),
    ]
    nothing = Policy(allowed_engines=()).refusal(persona())
    assert nothing is not None
    assert nothing.fix == "This server allows no engines."
    with pytest.raises(EngineError, match="The engine 'parrot' is not allowed") as caught:
        policy.check(persona())
    assert caught.value.fix == "Allowed engines: litellm, *-acp."


def test_persona_that_is_not_allowed_is_told_which_are() -> None:
    policy = Policy(allowed_personas=("Ada", "team-*"))
    assert policy.refusal(persona("ada")) is None
    assert policy.refusal(persona("team-x")) is None
    found = policy.refusal(persona("eve"))
    assert found is not None
    assert (found.what, found.fix) == (
        "The persona 'eve' is not allowed on this server.",
        "Allowed personas: Ada, team-*.",
    )


def test_long_lists_are_cut_in_messages() -> None:
    found = Policy(allowed_engines=tuple(f"e{n}" for n in range(40))).refusal(persona())
    assert found is not None
    assert found.fix.endswith("e11 and 28 more.")


def test_other_settings_of_the_section_do_no_harm() -> None:
    config = Config({"PersonaManager": {"max_hops": 1, "allowed_engines": ["a"]}})
    assert policy_of(config) == Policy(allowed_engines=("a",))


def test_list_that_is_appended_to_allows_only_what_it_holds() -> None:
    config = Config()
    config.PersonaManager.allowed_engines.append("litellm")
    config.PersonaManager.disabled_personas.append("ada")
    assert policy_of(config) == Policy(("ada",), allowed_engines=("litellm",))
    rules = AdminRules(config=Config({"AdminRules": config.PersonaManager}))
    assert rules.policy == Policy(("ada",), allowed_engines=("litellm",))


@pytest.mark.parametrize(
    ("written", "engines"),
    [
        ("litellm", ("litellm",)),
        ("*-acp", ("*-acp",)),
        ("['a', \"b\"]", ("a", "b")),
        ("[]", ()),
        ("7", ("7",)),
        ("None", None),
    ],
)
def test_one_word_on_the_command_line_is_a_list_of_one(
    written: str, engines: tuple[str, ...] | None
) -> None:
    config = Config({"PersonaManager": {"allowed_engines": DeferredConfigString(written)}})
    assert policy_of(config) == Policy(allowed_engines=engines)


@pytest.fixture
def look(tmp_path: Path) -> Callable[[], LiveView]:
    """Return what a project sees now."""
    registry = EngineRegistry()
    registry.register(Counted)
    catalog = Catalog(loaders=[MARKDOWN, TOML], registry=registry, locations=[])
    memory = LastGood(registry)
    return lambda: memory.view(tmp_path, catalog.results(tmp_path, tmp_path))


def test_view_is_the_same_where_nothing_is_restricted(
    look: Callable[[], LiveView], tmp_path: Path
) -> None:
    (tmp_path / "personas.toml").write_text('[personas.ada]\nengine = "counted"\n')
    view = look()
    assert restrict(view, Policy(("eve",), ("ada",), ("c*",), ("a/*",))) is view
    assert restrict(view, Policy(("ada",))).personas == {}
    assert list(view.personas) == ["ada"]  # it is shared


def test_findings_of_disabled_personas_vanish_and_others_stay(
    look: Callable[[], LiveView], tmp_path: Path
) -> None:
    table = "[personas.{}]\nengine = {}\n{}\n"
    entries = (
        ("ada", '"counted"', "sytem = 1"),
        ("bob", '"counted"', "sytem = 2"),
        ("eve", '"nowhere"', ""),
    )
    (tmp_path / "personas.toml").write_text("".join(table.format(*e) for e in entries))
    (tmp_path / ".jupyter" / "personas").mkdir(parents=True)
    (tmp_path / ".jupyter" / "personas" / "max.persona.md").write_text("---\n[\n---\n")
    before = look()
    assert before.findings("eve")
    assert {b.slug for b in before.broken} == {"ada", "bob", "max"}
    after = restrict(before, Policy(("ada", "eve", "max")))
    assert [b.slug for b in after.broken] == ["bob"]
    assert list(after.personas) == []
    assert after.diagnostics == after.findings("bob")
    assert [d.line for d in after.diagnostics] == [6]


def test_base_that_is_disabled_is_still_built_on(
    look: Callable[[], LiveView], tmp_path: Path
) -> None:
    (tmp_path / "personas.toml").write_text(
        '[personas.base]\nengine = "counted"\n[personas.ada]\nextends = "base"\n'
    )
    view = restrict(look(), Policy(("base",)))
    assert {slug: d.engine for slug, d in view.personas.items()} == {"ada": "counted"}
    refused = restrict(look(), Policy(("base",), allowed_engines=("litellm",))).refused
    assert list(refused) == ["ada"]  # what is inherited counts


# -- in chats ----------------------------------------------------------------------


@pytest.fixture
def made(service: Any) -> list[PersonaEngine]:
    """Every instance of the engine ``counted`` that is made on the server."""
    found: list[PersonaEngine] = []

    class Here(Counted):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            found.append(self)

    service.catalog.registry.register(Here)
    return found


@pytest.fixture
def admin(service: Any) -> Callable[..., None]:
    """Set what the server's configuration says."""

    def configure(**rules: list[str]) -> None:
        service.config.PersonaManager.update(rules)

    return configure


async def rows(server: Any, path: str = "a.chat") -> dict[str, dict[str, Any]]:
    data = json.loads((await server.fetch(f"?path={path}")).body)
    return {row["slug"]: row for row in data["personas"]}


async def until(found: Callable[[], Any], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_disabled_persona_vanishes_everywhere(
    write: Any, open_chat: Any, server: Any, admin: Any
) -> None:
    admin(disabled_personas=["ev*", "bad"])
    for name in ("Ada", "Eve"):
        path = write(name.lower(), PARROT.format(name=name) + "\n  avatar: a.svg", name)
    (path.parent / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    write("bad", "nonsense: 1")
    assert list(await rows(server)) == ["ada"]  # no chat is open
    chat = await open_chat()
    assert (await chat.ask("hi"))[0].startswith("Ada|")  # the only one there is
    assert list(await rows(server)) == ["ada"]
    (table,) = await chat.ask("/personas")
    assert "Eve" not in table and "eve" not in table and "bad" not in table
    (text,) = await chat.ask("@Eve hi")
    assert text.startswith("Nobody here is called @Eve.")
    data = json.loads((await server.fetch("?path=a.chat")).body)
    assert data["diagnostics"] == []
    assert (await server.fetch("/avatar/ada?path=a.chat")).code == 200
    with pytest.raises(HTTPClientError, match="404"):
        await server.fetch("/avatar/eve?path=a.chat")
    senders = {m["sender"] for m in chat.messages.values()}
    assert "persona::eve" not in senders


async def test_refused_engine_is_listed_with_the_reason_and_never_made(
    write: Any, open_chat: Any, server: Any, service: Any, admin: Any, made: list[PersonaEngine]
) -> None:
    admin(allowed_engines=["parrot", "*-acp"])
    write("ada", PARROT.format(name="Ada"), "A")
    write("eve", COUNTED.format(name="Eve"), "E")
    reason = f"{NO_COUNTED} Allowed engines: parrot, *-acp."
    before = await rows(server)
    assert (before["eve"]["state"], before["eve"]["detail"]) == ("unavailable", reason)
    assert before["ada"]["state"] == "ready"
    chat = await open_chat()
    (answer,) = await chat.ask("@Eve hi")
    shown = reason.replace("*", "\\*")
    assert answer == f"**Eve cannot answer.** {shown}"
    both = await chat.ask("@Ada @Eve hi", count=2)
    assert len([a for a in both if a.startswith("Ada|")]) == 1
    (table,) = await chat.ask("/personas")
    (line,) = [x for x in table.splitlines() if "`@Eve`" in x]  # not in what engines honour
    assert line.endswith(f"| unavailable: {shown} |")
    body = json.dumps({"chat_id": chat.chat_id, "slug": "eve"})
    assert (await server.post("/prepare", body)).code == 202
    manager = service.manager(chat.chat_id)
    await manager.prepare("eve")
    await manager.refresh()
    assert (await rows(server))["eve"]["detail"] == reason
    assert made == []


async def test_refused_models_are_told(write: Any, open_chat: Any, admin: Any) -> None:
    admin(allowed_models=["ollama/*"])
    write("ada", PARROT.format(name="Ada") + "\nmodel: ollama/x", "A")
    write("eve", PARROT.format(name="Eve") + "\nmodel: openai/x", "E")
    write("max", PARROT.format(name="Max") + "\nmodel: ollama/x\nmodels: [ollama/y, other/z]", "M")
    chat = await open_chat()
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|A|ollama/x|")
    fix = r"Allowed models: ollama/\*."
    for name, model in (("Eve", "openai/x"), ("Max", "other/z")):
        (answer,) = await chat.ask(f"@{name} hi")
        assert answer == (
            f"**{name} cannot answer.** The model '{model}' is not allowed on this server. {fix}"
        )


async def test_only_allowed_personas_answer(
    write: Any, open_chat: Any, server: Any, admin: Any
) -> None:
    admin(allowed_personas=["ada"])
    write("ada", PARROT.format(name="Ada"), "A")
    write("eve", PARROT.format(name="Eve"), "E")
    chat = await open_chat()
    assert (await chat.ask("@Ada hi"))[0].startswith("Ada|")
    assert "The persona 'eve' is not allowed on this server." in (await chat.ask("@Eve hi"))[0]
    assert (await rows(server))["eve"]["state"] == "unavailable"


async def test_edit_to_a_refused_engine_takes_effect_after_the_reply_and_back(
    write: Any, open_chat: Any, service: Any, admin: Any, made: list[PersonaEngine]
) -> None:
    admin(allowed_engines=["parrot"])
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    asked = await chat.say("slowly")
    await chat.until(lambda: chat.answers(asked))
    manager = service.manager(chat.chat_id)
    old = manager.personas.live["ada"].engine
    write("ada", COUNTED.format(name="Ada"), "A")
    await until(lambda: "ada" in manager.view.refused)
    (answer,) = await chat.ask("@Ada now")
    assert NO_COUNTED in answer
    await chat.until(lambda: chat.answers(asked, "complete"), seconds=60)
    await until(lambda: old.closed == 1)
    write("ada", PARROT.format(name="Ada"), "B")
    await until(lambda: not manager.view.refused)
    assert (await chat.ask("@Ada back"))[0].startswith("Ada|B|")
    assert made == []


async def test_refresh_lets_a_refused_persona_go_and_counts_it(
    write: Any, open_chat: Any, service: Any, admin: Any, made: list[PersonaEngine]
) -> None:
    admin(allowed_engines=["parrot"], live_reload=False)
    write("ada", PARROT.format(name="Ada"), "A")
    chat = await open_chat()
    await chat.ask("hi")
    engine = service.manager(chat.chat_id).personas.live["ada"].engine
    running = await chat.say("slowly")
    await chat.until(lambda: chat.answers(running))
    waiting = await chat.say("waits")
    write("ada", COUNTED.format(name="Ada"), "A")
    (text,) = await chat.ask("/refresh-personas")
    assert text.startswith("0 personas ready.")
    assert "1 persona is not allowed on this server: see `/personas`." in text
    assert engine.closed == 1
    await chat.until(lambda: any(NO_COUNTED in m["body"] for m in chat.answers(waiting)))
    assert made == []


async def test_unchanged_files_are_not_applied_again(
    write: Any, open_chat: Any, service: Any, admin: Any
) -> None:
    admin(allowed_engines=["parrot"], disabled_personas=["eve"])
    write("ada", PARROT.format(name="Ada"), "A")
    write("eve", PARROT.format(name="Eve"), "E")
    chat = await open_chat()
    manager = service.manager(chat.chat_id)
    await manager.ready()
    view = manager.view
    await manager.reload()
    assert manager.view is view
    assert await service.view("a.chat") is view


async def test_engines_say_whether_they_are_allowed(service: Any, server: Any, admin: Any) -> None:
    async def allowed() -> dict[str, bool]:
        engines = json.loads((await server.fetch("/engines")).body)["engines"]
        return {e["id"]: e["allowed"] for e in engines}

    assert set((await allowed()).values()) == {True}
    admin(allowed_engines=["parr*"])
    found = await allowed()
    assert (found["parrot"], found["cockatoo"]) == (True, False)
