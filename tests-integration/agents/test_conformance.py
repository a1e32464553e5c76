"""The engines pass the tests that every engine must pass, on the real agents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from persona.core import EngineRegistry, PersonaModel
from persona.testing import ScriptedLLM
from persona.testing.conformance import EngineConformance

from .conftest import NAMES
from .profiles import PROFILES, Profile

USUAL = ("claude", "codex", "goose", "opencode")
"""The agents that the kit runs on every time; on the others when all is asked for."""

LONG = " ".join(map(str, range(1, 501)))


class OnAgent(EngineConformance):
    """The kit with a real agent; the classes below name it."""

    agent: ClassVar[str]
    asking_prompt = "MARK-REMOVE the file."
    # Where a machine is busy an agent takes long to start.
    answer_seconds = 90.0
    stop_seconds = 5.0
    support_seconds = 1.0

    @pytest.fixture
    def profile(self) -> Profile:
        return PROFILES[self.agent]

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The root that personas of the kit have: the agents read and write there."""
        folder = tmp_path / "project"
        folder.mkdir()
        monkeypatch.chdir(folder)
        return folder

    @pytest.fixture
    def llm(self, profile: Profile, folder: Path) -> Iterator[ScriptedLLM]:
        with ScriptedLLM.in_thread() as llm:
            llm.on(when=profile.is_turn).reply("Hello there.")
            llm.on("five hundred", when=profile.is_turn).reply(LONG, delay=0.01)
            # Asked before: told again to an agent that was stopped before it had it.
            llm.on("</chat-history>", when=profile.is_turn).reply("Hello there.")
            # The chat goes on in the prompt: only the last message counts.
            call = profile.write(folder / "removed.txt", "MARK")
            asked = llm.on("MARK-REMOVE", when=profile.is_turn)
            asked.tool_calls([call], times=1).reply("Well then.")
            yield llm

    @pytest.fixture
    def model(self, profile: Profile, llm: ScriptedLLM) -> PersonaModel:
        model_id = f"{profile.provider}/{profile.models[0]}"
        return PersonaModel(model_id=model_id, model_url=getattr(llm, profile.address))

    @pytest.fixture
    def failing(self) -> Mapping[str, Any]:
        return {"options": {"start_seconds": 0.01}}


for _name in NAMES:
    _class = f"Test{_name.title()}"
    _engine = EngineRegistry().load(PROFILES[_name].engine)
    _made = type(_class, (OnAgent,), {"agent": _name, "engine_class": _engine})
    globals()[_class] = _made if _name in USUAL else pytest.mark.slow(_made)
