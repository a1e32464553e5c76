"""The engine passes the tests that every engine must pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from persona.core import PersonaModel
from persona.engines.litellm import LiteLLMEngine
from persona.testing import ScriptedLLM
from persona.testing.conformance import EngineConformance

LONG = " ".join(map(str, range(1, 501)))


class TestLiteLLM(EngineConformance):
    engine_class = LiteLLMEngine

    @pytest.fixture
    def llm(self) -> Iterator[ScriptedLLM]:
        with ScriptedLLM.in_thread() as llm:
            llm.on("five hundred").reply(LONG, chunk=4, delay=0.01)
            yield llm

    @pytest.fixture
    def model(self, llm: ScriptedLLM) -> PersonaModel:
        return PersonaModel(model_id="openai/scripted", model_url=llm.url)

    @pytest.fixture
    def options(self) -> Mapping[str, Any]:
        return {"api_key": "test"}

    @pytest.fixture
    def failing(self) -> Mapping[str, Any]:
        return {
            "model": PersonaModel(model_id="openai/scripted", model_url="http://127.0.0.1:9/v1")
        }
