"""The conformance kit for engines. Needs the extra `chat` (jupyterlab-chat).

Three lines make a test module::

    from persona.testing.conformance import EngineConformance

    class TestEcho(EngineConformance):
        engine_class = Echo

Every failure says what to do. Where an engine differs on purpose, `deviations` takes the
test's name and a written reason; the test must then fail, so that no reason outlives its
cause.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from persona.core import (
    META,
    BasePersona,
    EngineError,
    EngineRegistry,
    EngineSupport,
    PersonaContext,
    PersonaEngine,
    PersonaIdentity,
    PersonaModel,
    ReplyEvent,
    Requirement,
    Text,
    slugify,
)
from persona.testing._observe import Observation, children, observe
from persona.testing.chat import MemoryChat

__all__ = ["EngineConformance"]

_LEVELS = ("enforced", "requested", "ignored")


class EngineConformance:
    """Tests that every engine must pass. Subclass it and give `engine_class`.

    Override the fixtures `engine`, `model`, `context` and `options` if the engine needs
    settings to answer in a test, for example the address of a scripted server; and
    `failing` to show a turn that fails.

    Attributes:
        engine_class: The engine.
        prompt: A message that the engine answers with some text.
        long_prompt: A message whose answer takes a while, to be stopped in the middle.
        asking_prompt: A message on which the engine asks for permission; None if it never asks.
        deviations: For each test that the engine fails on purpose, the reason.
        answer_seconds: How long an answer may take here.
        stop_seconds: How long the end of a stopped turn may take.
        support_seconds: How long `support` may take.
    """

    engine_class: ClassVar[type[PersonaEngine]]
    prompt: ClassVar[str] = "Say hello."
    long_prompt: ClassVar[str] = "Count from one to five hundred, one number a line."
    asking_prompt: ClassVar[str | None] = None
    deviations: ClassVar[Mapping[str, str]] = MappingProxyType({})
    answer_seconds: ClassVar[float] = 30.0
    stop_seconds: ClassVar[float] = 3.0
    support_seconds: ClassVar[float] = 0.2

    # -- what may be overridden ----------------------------------------------

    @pytest.fixture
    def engine(self) -> PersonaEngine:
        """Return a new engine."""
        return self.engine_class()

    @pytest.fixture
    def model(self) -> PersonaModel | None:
        """Return the model to use."""
        return None

    @pytest.fixture
    def context(self) -> PersonaContext:
        """Return the context to use."""
        return PersonaContext()

    @pytest.fixture
    def options(self) -> Mapping[str, Any]:
        """Return the options to use."""
        return {}

    @pytest.fixture
    def failing(self) -> Mapping[str, Any] | None:
        """Return what to give `BasePersona` (``model=`` ...) so that a turn fails; None: no way."""
        return None

    # -- machinery -------------------------------------------------------------

    @pytest.fixture(autouse=True)
    def _deviation(self, request: pytest.FixtureRequest) -> None:
        name = request.node.originalname
        if reason := self.deviations.get(name, "").strip():
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))

    @pytest.fixture
    def observed(self) -> Observation:
        """Return what the class does in a fresh process."""
        return observe(self.engine_class)

    @pytest.fixture
    def chat(self) -> MemoryChat:
        """Return an empty chat."""
        return MemoryChat()

    @pytest.fixture
    def persona(
        self,
        engine: PersonaEngine,
        chat: MemoryChat,
        model: PersonaModel | None,
        context: PersonaContext,
        options: Mapping[str, Any],
    ) -> BasePersona:
        """Return a persona with the engine and the settings."""
        return self._persona(engine, chat, model=model, context=context, options=options)

    @staticmethod
    def _persona(engine: PersonaEngine, chat: MemoryChat, **blocks: Any) -> BasePersona:
        identity = PersonaIdentity(name="Probe")
        return BasePersona(ychat=chat, engine=engine, identity=identity, **blocks)

    async def _answer(self, persona: BasePersona, chat: MemoryChat, text: str) -> str:
        """Ask and return the text of the reply; fail if there is none."""
        message = chat.say(text)
        try:
            async with asyncio.timeout(self.answer_seconds):
                await persona.process_message(message)
        except TimeoutError:
            pytest.fail(
                f"No end of the answer to {text!r} in {self.answer_seconds:g} s. "
                "End reply(), or raise `answer_seconds` if the engine is just slow."
            )
        errors = [body for kind, body in _said(persona, chat, message.id) if kind == "error"]
        assert not errors, (
            f"The turn failed: {errors[0]} Give the test what the engine needs by overriding "
            "the fixtures `engine`, `model`, `context` or `options`."
        )
        texts = [body for kind, body in _said(persona, chat, message.id) if kind != "error"]
        assert "".join(texts).strip(), (
            f"Nothing was said to {text!r}. Yield some text in reply(), or raise TurnError."
        )
        return "\n".join(texts)

    # -- the class -------------------------------------------------------------

    def test_deviations_have_reasons(self) -> None:
        for name, reason in self.deviations.items():
            assert callable(getattr(self, name, None)), (
                f"`deviations` names {name!r}, which is no test here. Remove or correct it."
            )
            assert len(reason.split()) >= 3, (
                f"The deviation {name!r} has no reason. Write a sentence that says why."
            )

    def test_class_follows_the_contract(self) -> None:
        cls = self.engine_class
        assert isinstance(cls, type), "`engine_class` is no class. Give the class, not an instance."
        assert issubclass(cls, PersonaEngine), f"Derive {cls.__name__} from PersonaEngine."
        id_ = getattr(cls, "id", None)
        assert isinstance(id_, str), f'Write `id = "..."` in {cls.__name__}.'
        assert slugify(id_) == id_, (
            f"The id {id_!r} is hard to write in a file. Use lower-case letters, digits, dashes."
        )
        assert cls.type in ("server", "lab"), "`type` must be 'server' or 'lab'."
        options = cls.options_model
        assert options is None or issubclass(options, BaseModel), (
            "`options_model` must be a Pydantic model class or None."
        )

    def test_is_found_by_its_entry_point(self) -> None:
        cls = self.engine_class
        line = f'{cls.id} = "{cls.__module__}:{cls.__qualname__}"'
        table = f'[project.entry-points."persona.engines"]\n{line}'
        try:
            found = EngineRegistry().load(cls.id)
        except EngineError as exc:
            pytest.fail(f"{exc}\nWrite in pyproject.toml and install again:\n{table}")
        assert found is cls, (
            f"The id {cls.id!r} leads to {found.__module__}:{found.__qualname__}. "
            f"Correct the entry point and install again:\n{table}"
        )

    def test_state_is_not_kept_in_the_class(self) -> None:
        usual = vars(type("Bare", (PersonaEngine,), {})).keys()
        own = self.engine_class.mro()[: self.engine_class.mro().index(PersonaEngine)]
        shared = [
            f"{cls.__name__}.{name}"
            for cls in own
            for name, value in vars(cls).items()
            if isinstance(value, list | dict | set) and name not in usual
        ]
        assert not shared, (
            f"{', '.join(shared)} is shared by all instances. Make it in __init__, "
            "or make it a constant (tuple, frozenset, MappingProxyType)."
        )

    def test_import_is_light(self, observed: Observation) -> None:
        assert not observed.error.startswith("import"), (
            f"The module cannot be imported: {observed.error}"
        )
        assert not observed.imports["import"], (
            f"Importing the module loads {', '.join(observed.imports['import'])}. "
            "Import it in start() or reply(), off the event loop if it is slow."
        )
        assert not observed.acts.get("import"), (
            f"Importing the module does {observed.acts['import']}. Do it in start()."
        )

    def test_init_does_nothing(self, observed: Observation) -> None:
        assert not observed.error.startswith("init"), (
            f"The engine cannot be made without arguments: {observed.error}. "
            "What is missing to run is support()'s answer."
        )
        assert not observed.imports["init"], (
            f"__init__ loads {', '.join(observed.imports['init'])}. Import it in start()."
        )
        assert not observed.acts.get("init"), (
            f"__init__ does {observed.acts['init']}. Do it in start()."
        )

    def test_support_is_quick_and_has_no_effect(self, observed: Observation) -> None:
        assert not observed.error, f"support() cannot be asked: {observed.error}"
        assert not observed.imports["support"], (
            f"support() loads {', '.join(observed.imports['support'])}. "
            "Use importlib.util.find_spec to see whether a package is there."
        )
        assert not observed.acts.get("support"), (
            f"support() does {observed.acts['support']}. Look with shutil.which or at a file; "
            "the rest is told as a TurnError on use."
        )
        assert observed.support_seconds < self.support_seconds, (
            f"support() takes {observed.support_seconds:.2f} s, more than "
            f"{self.support_seconds:g} s. It is called for every listing: look less far."
        )

    def test_support_says_what_is_honoured(self, engine: PersonaEngine) -> None:
        support = engine.support()
        assert isinstance(support, EngineSupport), "support() must return an EngineSupport."
        for block in ("model", "system_prompt", "mcp_servers", "skills", "options"):
            level = getattr(support, block)
            assert level in _LEVELS, f"support().{block} is {level!r}; use one of {_LEVELS}."
        for missing in support.missing:
            assert isinstance(missing, Requirement), "support().missing must hold Requirements."
            assert missing.what.strip(), "A Requirement must say in `what` what is missing."
            assert missing.fix.strip(), (
                f"Say in `fix` how to provide what is missing: {missing.what}"
            )
        assert engine.support() == support, "support() must answer the same when asked again."
        honoured = self.engine_class.apply_options is not PersonaEngine.apply_options
        declared = self.engine_class.options_model is not None
        assert support.options != "ignored" or not (honoured or declared), (
            "The engine takes options, but support().options is 'ignored'. Say 'enforced'."
        )

    # -- a turn ------------------------------------------------------------------

    @pytest.mark.asyncio
    async def test_reply_yields_text_and_events(
        self, persona: BasePersona, chat: MemoryChat
    ) -> None:
        engine = persona.engine
        if type(engine).reply is PersonaEngine.reply:
            pytest.skip("The engine writes to the chat in process_message().")
        await persona.prepare()
        turn = persona.new_turn(chat.say(self.prompt))
        before = (turn.context.model_dump_json(), repr(turn.options))
        text = ""
        try:
            async with asyncio.timeout(self.answer_seconds):
                async for event in engine.reply(turn):
                    assert isinstance(event, str | ReplyEvent), (
                        f"reply() yields {event!r}. Yield str or a ReplyEvent."
                    )
                    text += event if isinstance(event, str) else ""
                    text += event.text if isinstance(event, Text) else ""
        finally:
            await persona.shutdown()
        assert text.strip(), f"reply() yields no text for {self.prompt!r}."
        assert before == (turn.context.model_dump_json(), repr(turn.options)), (
            "reply() changes the turn's context or options. Copy what you want to change."
        )

    @pytest.mark.asyncio
    async def test_reply_grows_in_the_chat(self, persona: BasePersona, chat: MemoryChat) -> None:
        await self._answer(persona, chat, self.prompt)
        bodies: dict[str, str] = {}
        for update in chat.updates:
            known = bodies.get(update.message_id, "")
            kind = _kind(chat, update.message_id)
            assert kind != "reply" or update.body.startswith(known), (
                "Text that was shown is taken back later. Yield only what stays."
            )
            bodies[update.message_id] = update.body
        assert not chat.writers, (
            "The chat still shows that the persona writes. Call show_status(None) at the end."
        )
        await persona.shutdown()

    @pytest.mark.asyncio
    async def test_conversation_goes_on(self, persona: BasePersona, chat: MemoryChat) -> None:
        for _ in range(3):
            await self._answer(persona, chat, self.prompt)
        await persona.shutdown()

    @pytest.mark.asyncio
    async def test_any_script_is_understood(self, persona: BasePersona, chat: MemoryChat) -> None:
        await self._answer(
            persona, chat, f"{self.prompt} Здравствуй 你好 مرحبا 👩🏽‍🔬 e\u0301 \u200b"
        )
        await persona.shutdown()

    @pytest.mark.asyncio
    async def test_failure_is_told_in_the_chat(
        self, engine: PersonaEngine, chat: MemoryChat, failing: Mapping[str, Any] | None
    ) -> None:
        blocks = dict(failing or {})
        persona = self._persona(blocks.pop("engine", engine), chat, **blocks)
        message = chat.say(self.prompt)
        async with asyncio.timeout(self.answer_seconds):
            await persona.process_message(message)
        said = _said(persona, chat, message.id)
        assert said, "Nothing was said. Raise TurnError with what happened and what to do."
        errors = [_note(chat, key) for key in _ids(chat) if _kind(chat, key) == "error"]
        assert errors or failing is None, "`failing` gave settings with which the turn works."
        assert all(error.get("error") != "unexpected" for error in errors), (
            f"The failure was not expected by the engine: {said[-1][1]}\n"
            "Catch it where it is raised and raise TurnError(summary, fix=...) from it."
        )
        await persona.shutdown()

    # -- stopping ------------------------------------------------------------------

    @pytest.mark.asyncio
    @pytest.mark.parametrize("when", ["at once", "in the middle"])
    async def test_stop_ends_the_turn_and_the_next_works(
        self, persona: BasePersona, chat: MemoryChat, when: str
    ) -> None:
        turn = asyncio.create_task(persona.process_message(chat.say(self.long_prompt)))
        deadline = time.monotonic() + self.answer_seconds
        while not turn.done() and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
            if when == "at once" or any(_kind(chat, key) for key in _ids(chat)):
                break
        begun = time.monotonic()
        stopping = asyncio.gather(persona.stop(), turn, return_exceptions=True)
        await asyncio.wait({stopping}, timeout=self.stop_seconds)
        if not stopping.done():
            turn.cancel()
            pytest.fail(
                f"A stopped turn did not end in {self.stop_seconds:g} s. Let CancelledError "
                "pass (catch Exception, never BaseException), and clean up in `finally` quickly."
            )
        assert time.monotonic() - begun <= self.stop_seconds, (
            f"The event loop was blocked while the turn ended, more than {self.stop_seconds:g} s."
        )
        before = len(chat.updates)
        await asyncio.sleep(0.2)  # nothing tells that something will not come
        assert len(chat.updates) == before, (
            "Something is written after the stop. End what reply() has begun in `finally`."
        )
        await self._answer(persona, chat, self.prompt)
        await persona.shutdown()

    # -- permission ----------------------------------------------------------------

    async def _until_asked(self, persona: BasePersona, turn: asyncio.Task[None]) -> None:
        deadline = time.monotonic() + self.answer_seconds
        while not turn.done() and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
            if persona.permissions:
                break
        if not persona.permissions:
            turn.cancel()
            await asyncio.wait({turn})
            pytest.fail(
                f"The engine did not ask for permission on {self.asking_prompt!r}. Yield a "
                "PermissionRequest, or leave `asking_prompt` None if it never asks."
            )

    @pytest.mark.asyncio
    async def test_stop_withdraws_what_was_asked_and_ends_the_turn(
        self, persona: BasePersona, chat: MemoryChat
    ) -> None:
        if self.asking_prompt is None:
            pytest.skip("The engine asks for no permission (`asking_prompt` is None).")
        message = chat.say(self.asking_prompt)
        turn = asyncio.create_task(persona.process_message(message))
        await self._until_asked(persona, turn)
        requests = persona.permissions
        stopping = asyncio.gather(persona.stop(), turn, return_exceptions=True)
        await asyncio.wait({stopping}, timeout=self.stop_seconds)
        if not stopping.done():
            turn.cancel()
            pytest.fail(
                f"A turn that waited for permission did not end in {self.stop_seconds:g} s after "
                "a stop. Await `request.decision()` and let CancelledError pass; a decision "
                "without an option means that nobody will answer."
            )
        assert all(r.decided is not None and r.decided.option is None for r in requests), (
            "A stopped request was decided by the engine. Leave that to people."
        )
        states = {
            _note(chat, key)["state"] for key in _ids(chat) if _kind(chat, key) == "permission"
        }
        assert states == {"withdrawn"}, "The chat still shows a request that nobody can answer."
        await self._answer(persona, chat, self.prompt)
        await persona.shutdown()

    @pytest.mark.asyncio
    @pytest.mark.parametrize("answer", ["allow_once", "reject_once"])
    async def test_turn_goes_on_when_permission_is_answered(
        self, persona: BasePersona, chat: MemoryChat, answer: str
    ) -> None:
        if self.asking_prompt is None:
            pytest.skip("The engine asks for no permission (`asking_prompt` is None).")
        message = chat.say(self.asking_prompt)
        turn = asyncio.create_task(persona.process_message(message))
        await self._until_asked(persona, turn)
        deadline = time.monotonic() + self.answer_seconds
        while not turn.done() and time.monotonic() < deadline:
            for request in persona.permissions:
                option = next((o for o in request.options if o.kind == answer), None)
                assert option is not None, (
                    f"The request offers no answer of the kind {answer!r}: people must be able "
                    "to allow once and to reject once."
                )
                persona.decide(request.id, option.id, "ada", "Ada")
            await asyncio.sleep(0.005)
        if not turn.done():
            await persona.stop()
            pytest.fail(
                f"The turn did not end in {self.answer_seconds:g} s after the answer. "
                "Go on when `request.decision()` returns."
            )
        errors = [body for kind, body in _said(persona, chat, message.id) if kind == "error"]
        assert not errors, f"The turn failed after the answer {answer}: {errors[0]}"
        await persona.shutdown()

    # -- life ------------------------------------------------------------------------

    @pytest.mark.asyncio
    async def test_shutdown_works_without_start_and_twice(self, engine: PersonaEngine) -> None:
        for time_ in ("without start()", "for the second time"):
            try:
                async with asyncio.timeout(self.stop_seconds):
                    await engine.shutdown()
            except Exception as exc:  # boundary: a plugin's errors are the finding
                pytest.fail(f"shutdown() {time_} raises {exc!r}. Release only what is there.")

    @pytest.mark.asyncio
    async def test_restart_lets_the_next_turn_work(
        self, persona: BasePersona, chat: MemoryChat
    ) -> None:
        try:
            for _ in range(2):
                await persona.restart()
                await self._answer(persona, chat, self.prompt)
        except (AssertionError, pytest.fail.Exception) as exc:
            pytest.fail(
                f"After a restart the engine fails: {exc}\n"
                "restart() calls shutdown(); override it if start() does not work after that."
            )
        await persona.shutdown()

    @pytest.mark.asyncio
    async def test_shutdown_leaves_nothing_running(
        self, persona: BasePersona, chat: MemoryChat
    ) -> None:
        tasks, processes = asyncio.all_tasks(), children()
        await self._answer(persona, chat, self.prompt)
        await persona.shutdown()
        deadline = time.monotonic() + self.stop_seconds
        left: set[Any] = set()
        while time.monotonic() < deadline:
            left = {t for t in asyncio.all_tasks() - tasks if not t.done()}
            left |= children() - processes
            if not left:
                break
            await asyncio.sleep(0.02)
        assert not left, (
            f"After shutdown() still run: {sorted(map(str, left))}. "
            "End and await them in shutdown()."
        )

    @pytest.mark.asyncio
    async def test_instances_are_isolated(self, persona: BasePersona, chat: MemoryChat) -> None:
        other_engine = type(persona.engine)()
        blocks = {"model": persona.model, "context": persona.context, "options": persona.options}
        other_chat = MemoryChat("other.chat")
        other = self._persona(other_engine, other_chat, **blocks)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._answer(persona, chat, self.prompt))
            group.create_task(self._answer(other, other_chat, self.prompt))
        await other.shutdown()
        try:
            await self._answer(persona, chat, self.prompt)
        except (AssertionError, pytest.fail.Exception) as exc:
            pytest.fail(f"After another instance was shut down this one fails: {exc}")
        await persona.shutdown()

    # -- the blocks ------------------------------------------------------------------

    @pytest.mark.asyncio
    async def test_blocks_can_be_replaced_between_and_in_turns(
        self, persona: BasePersona, chat: MemoryChat
    ) -> None:
        def replace() -> None:
            persona.update_model(persona.model)
            persona.update_context(persona.context.model_copy())
            persona.update_options(dict(persona.options))

        await self._answer(persona, chat, self.prompt)
        replace()
        running = asyncio.create_task(self._answer(persona, chat, self.prompt))
        await asyncio.sleep(0)
        replace()
        await running
        await self._answer(persona, chat, self.prompt)
        await persona.shutdown()


def _ids(chat: MemoryChat) -> list[str]:
    """Return the ids of all messages of a chat."""
    return [message.id for message in chat.get_messages()]


def _note(chat: MemoryChat, key: str) -> Mapping[str, Any]:
    message = chat.get_message(key)
    return {} if message is None else (message.metadata or {}).get(META, {})


def _kind(chat: MemoryChat, key: str) -> str:
    return str(_note(chat, key).get("kind", ""))


def _said(persona: BasePersona, chat: MemoryChat, after: str) -> list[tuple[str, str]]:
    """Return kind and body of what the persona has written since a message."""
    messages = chat.get_messages()
    start = [message.id for message in messages].index(after)
    mine = [m for m in messages[start:] if m.sender == persona.id]
    return [(str((m.metadata or {}).get(META, {}).get("kind", "")), m.body) for m in mine]
