"""A persona at work: queue, stop, failures, and swapping each block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from persona.core import (
    BasePersona,
    EngineContractError,
    EngineRegistry,
    EngineSupport,
    PersonaContext,
    PersonaDefinition,
    PersonaEngine,
    PersonaIdentity,
    PersonaModel,
    Scope,
    Source,
    Turn,
    TurnError,
)
from persona.testing.chat import MemoryChat

if TYPE_CHECKING:
    from conftest import RealChat, Until


class Probe(PersonaEngine):
    """An engine that does what its message says, and notes what is done to it."""

    id = "probe"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.turns: list[Turn] = []
        self.log_: list[str] = []
        self.gate = asyncio.Event()
        self.start_gate = asyncio.Event()
        self.start_gate.set()
        self.start_error: Exception | None = None

    async def start(self) -> None:
        self.log_.append("start")
        await self.start_gate.wait()
        if self.start_error is not None:
            raise self.start_error
        self.log_.append("started")

    async def shutdown(self) -> None:
        self.log_.append("shutdown")

    def apply_model(self, model: PersonaModel | None) -> None:
        self.log_.append(f"model {model.model_id if model else None}")

    def apply_context(self, context: PersonaContext) -> None:
        self.log_.append(f"context {context.system_prompt}")

    def apply_options(self, options: Mapping[str, Any]) -> None:
        if options.get("refuse"):
            raise TurnError("These options make no sense.")
        self.log_.append(f"options {dict(options)}")

    async def reply(self, turn: Turn) -> AsyncIterator[str]:
        self.turns.append(turn)
        self.log_.append(f"turn {turn.text}")
        try:
            yield f"{turn.text}:"
            if "hold" in turn.text:
                await self.gate.wait()
            match turn.text:
                case "raise":
                    raise LookupError("secret detail of sk-abcdefgh12 at http://ada:horse@h/")
                case "cancel":
                    raise asyncio.CancelledError
                case "turn error":
                    raise TurnError("No key.", fix="Get one.", kind="auth")
            yield " done"
        finally:
            self.log_.append(f"end {turn.text}")


def make(chat: RealChat, engine: PersonaEngine | None = None, **kwargs: Any) -> BasePersona:
    kwargs.setdefault("identity", PersonaIdentity(name="Ada Bot"))
    return BasePersona(ychat=chat.model, engine=engine or Probe(), **kwargs)


def ask(bot: BasePersona, chat: RealChat, text: str) -> asyncio.Task[None]:
    return asyncio.create_task(bot.process_message(chat.say(text)))


async def test_message_is_answered(chat: RealChat) -> None:
    bot = make(chat)
    await bot.process_message(chat.say("@ada-bot hi"))
    assert chat.bodies() == ["hi: done"]
    user = chat.model.get_users()[bot.id]
    assert (user.bot, user.display_name, user.mention_name) == (True, "Ada Bot", "Ada-Bot")
    assert not bot.busy


async def test_turns_of_one_persona_keep_their_order(chat: RealChat, until: Until) -> None:
    engine = Probe()
    bot = make(chat, engine)
    tasks = [ask(bot, chat, text) for text in ("hold 1", "2", "3")]
    await until(lambda: engine.turns)
    assert bot.busy
    engine.gate.set()
    await asyncio.gather(*tasks)
    assert chat.bodies() == ["hold 1: done", "2: done", "3: done"]
    assert [u.text for u in engine.turns[2].history if u.role == "self"] == chat.bodies()[:2]


async def test_personas_work_side_by_side(chat: RealChat, until: Until) -> None:
    engine = Probe()
    slow = ask(make(chat, engine), chat, "hold")
    await until(lambda: engine.turns)
    quick = make(chat, identity=PersonaIdentity(name="Bob"))
    await quick.process_message(chat.say("hi"))
    assert chat.bodies("persona::bob") == ["hi: done"]
    assert not slow.done()
    engine.gate.set()
    await slow
    assert chat.bodies() == ["hold: done"]


async def test_stop_keeps_the_text_and_the_next_turn_works(chat: RealChat, until: Until) -> None:
    engine = Probe()
    bot = make(chat, engine)
    tasks = [ask(bot, chat, text) for text in ("hold", "queued")]
    await until(chat.bodies)
    assert await bot.stop() == 2
    await asyncio.gather(*tasks)
    assert chat.bodies() == ["hold:\n\n*Stopped.*", "*Stopped before an answer.*"]
    assert "end hold" in engine.log_
    assert "turn queued" not in engine.log_
    await bot.process_message(chat.say("again"))
    assert chat.bodies()[-1] == "again: done"
    assert await bot.stop() == 0


async def test_stop_before_any_text_leaves_a_word(chat: RealChat, until: Until) -> None:
    engine = Probe()
    engine.start_gate.clear()
    bot = make(chat, engine)
    task = ask(bot, chat, "hi")
    await until(lambda: "start" in engine.log_)
    assert await bot.stop() == 1
    await task
    assert chat.bodies() == ["*Stopped before an answer.*"]
    assert chat.notes()[0]["kind"] == "notice"


async def test_stop_while_a_tool_runs_says_so(chat: RealChat, until: Until) -> None:
    from persona.core import ToolCall

    class Tooling(Probe):
        async def reply(self, turn: Turn) -> AsyncIterator[Any]:
            yield ToolCall("1", "search")
            await self.gate.wait()

    bot = make(chat, Tooling())
    task = ask(bot, chat, "hi")
    await until(chat.bodies)
    await bot.stop()
    await task
    assert chat.bodies()[-1] == "*Stopped.*"


async def test_cancellation_of_the_caller_passes_on(chat: RealChat, until: Until) -> None:
    engine = Probe()
    bot = make(chat, engine)
    task, queued = ask(bot, chat, "hold"), ask(bot, chat, "queued")
    await until(chat.bodies)
    queued.cancel()
    with pytest.raises(asyncio.CancelledError):
        await queued
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "end hold" in engine.log_
    assert not bot.busy
    await bot.process_message(chat.say("again"))
    assert chat.bodies()[-1] == "again: done"


async def test_turn_error_is_told(chat: RealChat) -> None:
    await make(chat).process_message(chat.say("turn error"))
    assert chat.bodies() == ["turn error:", "⚠ **No key.**\n\nGet one."]
    assert chat.notes()[1]["error"] == "auth"


async def test_any_error_is_told_in_one_line_with_folded_details(chat: RealChat) -> None:
    bot = make(chat)
    await bot.process_message(chat.say("raise"))
    text, error = chat.bodies()
    assert text == "raise:"
    assert error.splitlines()[0] == "⚠ **Something went wrong: LookupError.**"
    assert "secret detail" in error.partition("<details>")[2]
    assert "sk-" not in error and "horse" not in error
    await bot.process_message(chat.say("again"))
    assert chat.bodies()[-1] == "again: done"


async def test_engine_that_cancels_itself_is_told(chat: RealChat) -> None:
    bot = make(chat)
    await bot.process_message(chat.say("cancel"))
    assert "The engine probe broke off." in chat.bodies()[-1]
    await bot.process_message(chat.say("again"))
    assert chat.bodies()[-1] == "again: done"


async def test_deleted_message_in_mid_stream_is_told(chat: RealChat, until: Until) -> None:
    engine = Probe()
    task = ask(make(chat, engine), chat, "hold")
    await until(chat.bodies)
    chat.delete(chat.of("persona::ada-bot")[0].id)
    engine.gate.set()
    await task
    assert "was removed from the chat" in chat.bodies()[-1]


class Coroutine(PersonaEngine):
    id = "coroutine"

    async def reply(self, turn: Turn) -> str:  # type: ignore[override]
        return "oops"


class Iterator(PersonaEngine):
    id = "iterator"

    def reply(self, turn: Turn) -> AsyncIterator[str]:
        class Once:
            said = False

            def __aiter__(self) -> Once:
                return self

            async def __anext__(self) -> str:
                if self.said:
                    raise StopAsyncIteration
                self.said = True
                return "fine"

        return Once()


async def test_reply_that_is_no_generator_is_told(chat: RealChat) -> None:
    await make(chat, Coroutine()).process_message(chat.say("x"))
    assert "coroutine, not a generator" in chat.bodies()[0]
    assert "`yield`" in chat.bodies()[0]


async def test_reply_may_be_any_async_iterator(chat: RealChat) -> None:
    await make(chat, Iterator()).process_message(chat.say("x"))
    assert chat.bodies() == ["fine"]


async def test_engine_may_write_to_the_chat_itself(chat: RealChat, until: Until) -> None:
    class Free(PersonaEngine):
        id = "free"

        async def process_message(self, message: Any) -> None:
            self.persona.conversation.add("by hand", {})

    await make(chat, Free()).process_message(chat.say("x"))
    assert chat.bodies() == ["by hand"]


@pytest.mark.parametrize(("level", "named"), [("ignored", None), ("enforced", "a/b")])
async def test_reply_names_only_a_model_that_had_a_part_in_it(
    chat: RealChat, level: Any, named: str | None
) -> None:
    class Thinker(PersonaEngine):
        id = "thinker"

        async def reply(self, turn: Turn) -> AsyncIterator[str]:
            yield "Hm."

        def support(self) -> EngineSupport:
            return EngineSupport(model=level)

    bot = make(chat, Thinker(), model=PersonaModel(model_id="a/b"))
    await bot.process_message(chat.say("x"))
    (note,) = chat.notes()
    assert note.get("model") == named
    assert note["engine"] == "thinker"


async def test_turn_begins_when_its_engine_is_ready(chat: RealChat, until: Until) -> None:
    engine = Probe()
    engine.start_gate.clear()
    bot = make(chat, engine)
    turn = ask(bot, chat, "hold")
    await until(lambda: "start" in engine.log_)
    assert (bot.busy, bot.replying) == (True, False)
    engine.start_gate.set()
    await until(lambda: bot.replying)
    engine.gate.set()
    await turn
    assert (bot.busy, bot.replying) == (False, False)


def test_engine_without_reply_or_id_is_refused() -> None:
    class Nothing(PersonaEngine):
        id = "nothing"

    class Nameless(PersonaEngine):
        async def reply(self, turn: Turn) -> AsyncIterator[str]:
            yield ""

    with pytest.raises(EngineContractError, match="neither reply"):
        Nothing()
    with pytest.raises(EngineContractError, match="has no id"):
        Nameless()


async def test_engine_serves_one_persona_only(chat: RealChat) -> None:
    engine = Probe()
    with pytest.raises(EngineContractError, match="not bound"):
        _ = engine.persona
    bot = make(chat, engine)
    assert engine.persona is bot
    with pytest.raises(EngineContractError, match="two personas"):
        make(chat, engine)


# -- replacing blocks ------------------------------------------------------------


async def test_engine_swapped_in_a_turn_answers_the_next(chat: RealChat, until: Until) -> None:
    old, new = Probe(), Probe()
    bot = make(chat, old)
    task = ask(bot, chat, "hold")
    await until(chat.bodies)
    bot.update_engine(new)
    assert bot.engine is new
    waiting = ask(bot, chat, "next")
    await asyncio.sleep(0.01)
    assert "shutdown" not in old.log_
    assert new.log_ == []
    old.gate.set()
    await asyncio.gather(task, waiting)
    assert chat.bodies() == ["hold: done", "next: done"]
    assert [u.text for u in new.turns[0].history] == ["hold", "hold: done"]
    await until(lambda: "shutdown" in old.log_)
    await bot.shutdown()
    assert (old.log_.count("shutdown"), new.log_.count("shutdown")) == (1, 1)


async def test_engine_swapped_when_idle_is_shut_down_at_once(chat: RealChat, until: Until) -> None:
    old, new = Probe(), Probe()
    bot = make(chat, old)
    await bot.process_message(chat.say("one"))
    bot.update_engine(new)
    await until(lambda: "shutdown" in old.log_)
    assert new.log_[-2:] == ["start", "started"]
    await bot.process_message(chat.say("two"))
    assert new.log_.count("start") == 1
    assert chat.bodies()[-1] == "two: done"
    assert "turn two" in new.log_


async def test_engine_swapped_twice_in_a_turn_drops_the_middle_one(
    chat: RealChat, until: Until
) -> None:
    old, middle, new = Probe(), Probe(), Probe()
    bot = make(chat, old)
    task = ask(bot, chat, "hold")
    await until(chat.bodies)
    bot.update_engine(middle)
    bot.update_engine(new)
    await until(lambda: middle.log_ == ["shutdown"])
    old.gate.set()
    await task
    await bot.process_message(chat.say("two"))
    assert "turn two" in new.log_


async def test_swap_taken_back_in_a_turn_changes_nothing(chat: RealChat, until: Until) -> None:
    old, other = Probe(), Probe()
    bot = make(chat, old)
    task = ask(bot, chat, "hold")
    await until(chat.bodies)
    bot.update_engine(other)
    bot.update_engine(old)
    old.gate.set()
    await task
    await bot.process_message(chat.say("two"))
    assert bot.engine is old
    assert "shutdown" not in old.log_
    assert other.log_ == ["shutdown"]


async def test_same_engine_again_when_idle_is_not_shut_down(chat: RealChat) -> None:
    engine = Probe()
    bot = make(chat, engine)
    await bot.process_message(chat.say("one"))
    bot.update_engine(engine)
    await bot.process_message(chat.say("two"))
    assert "shutdown" not in engine.log_
    assert engine.log_.count("start") == 1


async def test_swap_while_the_old_engine_starts_waits_for_it(chat: RealChat, until: Until) -> None:
    old, new = Probe(), Probe()
    old.start_gate.clear()
    bot = make(chat, old)
    preparing = asyncio.create_task(bot.prepare())
    await until(lambda: "start" in old.log_)
    bot.update_engine(new)
    await asyncio.sleep(0.01)
    assert "shutdown" not in old.log_
    old.start_gate.set()
    await preparing
    await until(lambda: "shutdown" in old.log_)
    assert old.log_[-3:] == ["start", "started", "shutdown"]
    assert new.log_[-2:] == ["start", "started"]
    await bot.process_message(chat.say("hi"))
    assert new.log_.count("start") == 1


async def test_shutdown_while_starting_waits_for_it(chat: RealChat, until: Until) -> None:
    engine = Probe()
    engine.start_gate.clear()
    bot = make(chat, engine)
    preparing = asyncio.create_task(bot.prepare())
    await until(lambda: "start" in engine.log_)
    closing = asyncio.create_task(bot.shutdown())
    await asyncio.sleep(0.01)
    engine.start_gate.set()
    await asyncio.gather(preparing, closing)
    assert engine.log_[-2:] == ["started", "shutdown"]


async def test_failed_swap_candidate_can_be_replaced(chat: RealChat) -> None:
    broken = Probe()
    broken.start_error = TurnError("No program.", fix="Install it.")
    bot = make(chat, broken)
    await bot.process_message(chat.say("one"))
    assert chat.bodies() == ["⚠ **No program.**\n\nInstall it."]
    bot.update_engine(Probe())
    await bot.process_message(chat.say("two"))
    assert chat.bodies()[-1] == "two: done"


async def test_engine_that_cannot_start_leaves_the_old_one_and_says_why(
    chat: RealChat, until: Until
) -> None:
    old, broken = Probe(), Probe()
    broken.start_error = TurnError("No program.", fix="Install it.", kind="missing")
    bot = make(chat, old)
    await bot.process_message(chat.say("one"))
    bot.update_engine(broken)
    await until(lambda: "shutdown" in broken.log_)
    assert bot.engine is old
    said = "⚠ **The engine probe could not start, probe goes on: No program.**\n\nInstall it."
    assert chat.bodies()[1:] == [said]
    assert chat.notes()[1] == {"kind": "error", "state": "failed", "error": "missing"}
    await bot.process_message(chat.say("two"))
    assert chat.bodies()[2:] == ["two: done"]
    assert (old.log_.count("start"), "shutdown" in old.log_) == (1, False)
    assert broken.log_.count("start") == 1


async def test_engine_that_cannot_start_after_a_turn_does_not_hinder_the_next(
    chat: RealChat, until: Until
) -> None:
    old, broken = Probe(), Probe()
    broken.start_error = LookupError("secret detail")
    bot = make(chat, old)
    task = ask(bot, chat, "hold")
    await until(chat.bodies)
    bot.update_engine(broken)
    waiting = ask(bot, chat, "next")
    old.gate.set()
    await asyncio.gather(task, waiting)
    texts = chat.bodies()
    assert (texts[0], texts[2:]) == ("hold: done", ["next: done"])
    assert "The engine probe could not start, probe goes on" in texts[1]
    assert [turn.text for turn in old.turns] == ["hold", "next"]
    assert "shutdown" not in old.log_


async def test_engine_that_cannot_start_is_told_before_anything_was_started(
    chat: RealChat,
) -> None:
    old, broken = Probe(), Probe()
    broken.start_error = TurnError("No program.")
    bot = make(chat, old)
    bot.update_engine(broken)
    await bot.process_message(chat.say("one"))
    assert ["No program." in body for body in chat.bodies()] == [True, False]
    assert chat.bodies()[1] == "one: done"


async def test_message_while_the_new_engine_starts_waits_for_it(
    chat: RealChat, until: Until
) -> None:
    old, new = Probe(), Probe()
    new.start_gate.clear()
    bot = make(chat, old)
    await bot.process_message(chat.say("one"))
    bot.update_engine(new)
    await until(lambda: "start" in new.log_)
    task = ask(bot, chat, "two")
    await asyncio.sleep(0.01)
    bot.update_options({"late": 1})
    new.start_gate.set()
    await task
    assert new.log_.count("start") == 1
    assert new.log_[-3:] == ["options {'late': 1}", "turn two", "end two"]
    assert "turn two" not in old.log_
    await until(lambda: "shutdown" in old.log_)


async def test_engine_replaced_while_it_starts_is_let_go(chat: RealChat, until: Until) -> None:
    old, middle, new = Probe(), Probe(), Probe()
    middle.start_gate.clear()
    bot = make(chat, old)
    await bot.process_message(chat.say("one"))
    bot.update_engine(middle)
    await until(lambda: "start" in middle.log_)
    bot.update_engine(new)
    middle.start_gate.set()
    await until(lambda: "shutdown" in old.log_ and "shutdown" in middle.log_)
    await bot.process_message(chat.say("two"))
    assert "turn two" in new.log_
    assert "turn two" not in middle.log_
    await bot.shutdown()
    assert [e.log_.count("shutdown") for e in (old, middle, new)] == [1, 1, 1]


async def test_new_engine_that_hangs_at_its_start_does_not_hinder_the_end(
    chat: RealChat, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persona.core._slot.PATIENCE", 0.1)
    old, hung = Probe(), Probe()
    hung.start_gate.clear()
    bot = make(chat, old)
    await bot.process_message(chat.say("one"))
    bot.update_engine(hung)
    await until(lambda: "start" in hung.log_)
    async with asyncio.timeout(5):
        await bot.shutdown()
    assert (old.log_.count("shutdown"), hung.log_.count("shutdown")) == (1, 1)


async def test_new_engine_that_hangs_at_its_start_gives_way_after_a_stop(
    chat: RealChat, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persona.core._slot.PATIENCE", 0.1)
    old, hung, new = Probe(), Probe(), Probe()
    hung.start_gate.clear()
    bot = make(chat, old)
    await bot.process_message(chat.say("one"))
    bot.update_engine(hung)
    await until(lambda: "start" in hung.log_)
    waiting = ask(bot, chat, "two")
    await until(lambda: bot.busy)
    await bot.stop()
    await waiting
    waiting = ask(bot, chat, "three")
    bot.update_engine(new)
    async with asyncio.timeout(5):
        await waiting
    assert "turn three" in new.log_
    await until(lambda: "shutdown" in hung.log_)
    await bot.shutdown()


async def test_first_engine_that_hangs_as_it_is_prepared_gives_way(
    chat: RealChat, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persona.core._slot.PATIENCE", 0.1)
    hung, new = Probe(), Probe()
    hung.start_gate.clear()
    bot = make(chat, hung)
    preparing = asyncio.create_task(bot.prepare())
    await until(lambda: "start" in hung.log_)
    waiting = ask(bot, chat, "one")
    bot.update_engine(new)
    async with asyncio.timeout(5):
        await asyncio.gather(waiting, preparing)
    assert "turn one" in new.log_
    await until(lambda: "shutdown" in hung.log_)
    await bot.shutdown()


async def test_restart_helps_one_that_hangs_as_it_is_prepared(
    chat: RealChat, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persona.core._slot.PATIENCE", 0.1)
    engine = Probe()
    engine.start_gate.clear()
    bot = make(chat, engine)
    preparing = asyncio.create_task(bot.prepare())
    await until(lambda: "start" in engine.log_)
    await bot.restart()
    with pytest.raises(TurnError):
        await preparing
    engine.start_gate.set()
    async with asyncio.timeout(5):
        await bot.process_message(chat.say("one"))
    assert "turn one" in engine.log_
    await bot.shutdown()


async def test_swap_during_stop_shuts_the_old_engine_down(chat: RealChat, until: Until) -> None:
    class Slow(Probe):
        async def shutdown(self) -> None:
            await asyncio.sleep(0.05)
            await super().shutdown()

    old, new = Slow(), Probe()
    bot = make(chat, old)
    bot.update_engine(new)
    task = ask(bot, chat, "hold")
    await until(lambda: new.turns)
    await bot.stop()
    await task
    await until(lambda: "shutdown" in old.log_)


async def test_engine_is_prepared_once_under_concurrency(chat: RealChat) -> None:
    engine = Probe()
    bot = make(chat, engine)
    say = chat.say("hi")
    await asyncio.gather(bot.prepare(), bot.prepare(), bot.process_message(say), bot.prepare())
    assert engine.log_.count("start") == 1


async def test_failed_start_is_tried_again(chat: RealChat) -> None:
    engine = Probe()
    engine.start_error = TurnError("Not yet.")
    bot = make(chat, engine)
    with pytest.raises(TurnError):
        await bot.prepare()
    engine.start_error = None
    await bot.process_message(chat.say("hi"))
    assert engine.log_.count("start") == 2
    assert chat.bodies() == ["hi: done"]


async def test_updates_in_a_turn_take_effect_in_the_next(chat: RealChat, until: Until) -> None:
    engine = Probe()
    bot = make(chat, engine, model=PersonaModel(model_id="a/old"), options={"n": 1})
    task = ask(bot, chat, "hold")
    await until(chat.bodies)
    bot.update_model(PersonaModel(model_id="a/new"))
    bot.update_context(PersonaContext(system_prompt="new"))
    bot.update_options({"n": 2})
    first = engine.turns[0]
    engine.gate.set()
    await task
    assert (first.model, first.options) == (PersonaModel(model_id="a/old"), {"n": 1})
    assert engine.log_[-1] == "end hold"
    await bot.process_message(chat.say("next"))
    assert engine.log_[-5:] == [
        "model a/new",
        "context new",
        "options {'n': 2}",
        "turn next",
        "end next",
    ]
    second = engine.turns[1]
    assert (second.model, second.options) == (PersonaModel(model_id="a/new"), {"n": 2})
    assert second.context.system_prompt == "new"


async def test_only_changed_blocks_are_applied(chat: RealChat) -> None:
    engine = Probe()
    bot = make(chat, engine)
    await bot.process_message(chat.say("one"))
    assert engine.log_[:3] == ["model None", "context None", "options {}"]
    del engine.log_[:]
    bot.update_options({"a": 1})
    await bot.process_message(chat.say("two"))
    assert engine.log_ == ["options {'a': 1}", "turn two", "end two"]


async def test_new_engine_is_given_all_blocks(chat: RealChat) -> None:
    bot = make(chat, model=PersonaModel(model_id="a/b"))
    await bot.process_message(chat.say("one"))
    new = Probe()
    bot.update_engine(new)
    await bot.process_message(chat.say("two"))
    assert new.log_[:4] == ["model a/b", "context None", "options {}", "start"]


async def test_options_that_are_refused_are_told_in_each_turn(chat: RealChat) -> None:
    bot = make(chat)
    await bot.process_message(chat.say("one"))
    bot.update_options({"refuse": True})
    for _ in range(2):
        await bot.process_message(chat.say("two"))
        assert "These options make no sense." in chat.bodies()[-1]
    bot.update_options({})
    await bot.process_message(chat.say("three"))
    assert chat.bodies()[-1] == "three: done"


async def test_identity_changes_at_once_and_the_id_stays(chat: RealChat) -> None:
    bot = make(chat)
    await bot.process_message(chat.say("one"))
    bot.update_identity(PersonaIdentity(name="New Name", avatar="🦊"))
    user = chat.model.get_users()["persona::ada-bot"]
    assert user.display_name == "New Name"
    assert str(user.avatar_url).startswith("data:image/svg+xml;base64,")
    assert bot.mention_names() == ("New Name", "New-Name", "ada-bot")
    await bot.process_message(chat.say("two"))
    assert len(chat.bodies()) == 2


async def test_bad_avatar_does_not_hinder_an_answer(chat: RealChat) -> None:
    bot = make(chat, identity=PersonaIdentity(name="Ada Bot", avatar="nul\0.png"))
    await bot.process_message(chat.say("hi"))
    assert chat.bodies() == ["hi: done"]
    assert chat.model.get_users()[bot.id].avatar_url is None


# -- the end ---------------------------------------------------------------------


async def test_shutdown_ends_all_and_is_done_once(chat: RealChat, until: Until) -> None:
    engine, waiting = Probe(), Probe()
    bot = make(chat, engine)
    tasks = [ask(bot, chat, text) for text in ("hold", "queued")]
    await until(chat.bodies)
    bot.update_engine(waiting)
    await bot.shutdown()
    await bot.shutdown()
    await asyncio.gather(*tasks)
    assert engine.log_[-2:] == ["end hold", "shutdown"]
    assert waiting.log_ == ["shutdown"]
    before = chat.bodies()
    await bot.process_message(chat.say("too late"))
    await bot.prepare()
    assert chat.bodies() == before
    assert "turn too late" not in engine.log_


async def test_engine_that_fails_to_shut_down_does_not_hinder(chat: RealChat) -> None:
    class Clinging(Probe):
        async def shutdown(self) -> None:
            raise OSError("no")

    bot = make(chat, Clinging())
    bot.update_engine(Probe())
    await bot.process_message(chat.say("hi"))
    assert chat.bodies() == ["hi: done"]
    await bot.shutdown()


def test_persona_can_be_made_and_changed_without_a_loop(tmp_path: Path) -> None:
    from jupyterlab_chat.websocket_model import WsChatModel

    model = WsChatModel("a.chat", tmp_path)
    bot = BasePersona(ychat=model, engine=Probe(), slug="x")
    new = Probe()
    bot.update_engine(new)
    bot.update_model(PersonaModel(model_id="a/b"))
    assert (bot.id, bot.name, bot.engine) == ("persona::x", "x", new)
    assert bot.chat is bot.ychat is model


async def test_persona_is_made_from_a_definition(chat: RealChat, tmp_path: Path) -> None:
    registry = EngineRegistry([])
    registry.register(Probe)
    (tmp_path / "skills").mkdir()
    definition = PersonaDefinition(
        name="ada-bot",
        engine="probe",
        model=PersonaModel(model_id="a/b"),
        context=PersonaContext(skills_paths=["skills"]),
        identity=PersonaIdentity(name="Ada"),
        options={"o": 1},
    ).located(Source(tmp_path / "a.md", Scope.USER, tmp_path), {})
    bot = BasePersona.from_definition(definition, ychat=chat.model, registry=registry)
    await bot.process_message(chat.say("hi"))
    (turn,) = bot.engine.turns  # type: ignore[attr-defined]
    assert turn.context.skills_paths == [str(tmp_path / "skills")]
    assert (turn.model, turn.options, turn.identity.name) == (definition.model, {"o": 1}, "Ada")
    assert bot.engine.support().model == "ignored"
    assert bot.engine.support().ready


class Stubborn(PersonaEngine):
    """Does not let itself be stopped until it is freed."""

    id = "stubborn"

    def __init__(self, **kwargs: Any) -> None:
        self.free = asyncio.Event()  # and forgets super().__init__(), as people do

    async def reply(self, turn: Turn) -> AsyncIterator[str]:
        yield f"begun {turn.text}"
        while not self.free.is_set():
            try:
                await self.free.wait()
            except asyncio.CancelledError:
                continue


async def test_engine_that_cannot_be_stopped_does_not_silence_its_persona(
    chat: RealChat, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persona.core._queue.PATIENCE", 0.05)
    monkeypatch.setattr("persona.core._slot.PATIENCE", 0.05)
    engine = Stubborn()
    ada = BasePersona(ychat=chat.model, engine=engine, identity=PersonaIdentity(name="Ada Bot"))
    first = asyncio.create_task(ada.process_message(chat.say("one")))
    await until(lambda: chat.bodies() == ["begun one"])
    assert await ada.stop() == 1
    await first
    assert chat.bodies()[-1] == "*Stopped.*"
    await ada.process_message(chat.say("two"))
    assert "has not let its last turn be stopped" in chat.bodies()[-1]
    engine.free.set()
    await until(lambda: not ada._turns.is_stuck())
    await ada.process_message(chat.say("three"))
    assert chat.bodies()[-1] == "begun three"
    await ada.shutdown()


async def test_engine_that_exits_is_told_and_ends_nothing(chat: RealChat) -> None:
    class Exits(PersonaEngine):
        id = "exits"

        async def reply(self, turn: Turn) -> AsyncIterator[str]:
            yield "Bye"
            raise SystemExit(3)

    ada = BasePersona(ychat=chat.model, engine=Exits(), identity=PersonaIdentity(name="Ada Bot"))
    await ada.process_message(chat.say("one"))
    assert chat.bodies()[0] == "Bye"
    assert "SystemExit" in chat.bodies()[1]


async def test_stream_that_never_waits_can_be_stopped(chat: RealChat, until: Until) -> None:
    class Flood(PersonaEngine):
        id = "flood"

        async def reply(self, turn: Turn) -> AsyncIterator[str]:
            for _ in range(20_000_000):
                yield "a"

    ada = BasePersona(ychat=chat.model, engine=Flood(), identity=PersonaIdentity(name="Ada Bot"))
    task = asyncio.create_task(ada.process_message(chat.say("one")))
    await until(lambda: chat.bodies())
    assert await ada.stop() == 1
    await task
    assert chat.bodies()[0].endswith("a\n\n*Stopped.*")


async def test_character_cut_in_two_by_the_stream_is_whole_in_the_end(chat: RealChat) -> None:
    class Cut(PersonaEngine):
        id = "cut"

        async def reply(self, turn: Turn) -> AsyncIterator[str]:
            yield "a \ud83d"
            yield "\ude00 b \ud800 c"

    ada = BasePersona(ychat=chat.model, engine=Cut(), identity=PersonaIdentity(name="Ada Bot"))
    await ada.process_message(chat.say("one"))
    assert chat.bodies() == ["a \U0001f600 b \ufffd c"]
    assert chat.notes()[0]["state"] == "complete"


async def test_names_without_latin_letters_give_different_ids(ws: RealChat) -> None:
    ids = {make(ws, slug=None, identity=PersonaIdentity(name=name)).id for name in ("研究員", "🤖")}
    assert len(ids) == 2


async def test_slow_start_of_an_engine_is_shown(until: Until) -> None:
    chat, engine = MemoryChat(), Probe()
    engine.start_gate.clear()
    persona = BasePersona(ychat=chat, engine=engine, slug="ada")
    turn = asyncio.create_task(persona.process_message(chat.say("hello")))

    def shown() -> list[object]:
        return [w.status["typingIndicator"] for w in chat.writing if w.status]

    await until(lambda: len(shown()) == 2)
    assert shown() == ["is thinking…", "is starting…"]
    engine.start_gate.set()
    await turn
    assert shown() == ["is thinking…", "is starting…", "is thinking…"]
    assert not chat.writers
    await persona.process_message(chat.say("again"))
    assert shown()[3:] == ["is thinking…"]
