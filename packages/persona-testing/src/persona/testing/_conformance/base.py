"""What every theme of the kit is given: settings, fixtures, a persona that is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from persona.core import BasePersona, PersonaContext, PersonaEngine, PersonaIdentity, PersonaModel
from persona.testing._conformance.reading import said_since
from persona.testing._observe import Observation, observe
from persona.testing.chat import MemoryChat


class EngineSuite:
    """Settings and fixtures. `EngineConformance` tells what each attribute means."""

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
        errors = [body for kind, body in said_since(persona, chat, message.id) if kind == "error"]
        assert not errors, (
            f"The turn failed: {errors[0]} Give the test what the engine needs by overriding "
            "the fixtures `engine`, `model`, `context` or `options`."
        )
        texts = [body for kind, body in said_since(persona, chat, message.id) if kind != "error"]
        assert "".join(texts).strip(), (
            f"Nothing was said to {text!r}. Yield some text in reply(), or raise TurnError."
        )
        return "\n".join(texts)
