"""One persona that moves between real agents, a model and a Python engine in one conversation."""

from __future__ import annotations

import os
import shutil

import pytest

from persona.core import BasePersona, PersonaEngine, PersonaModel
from persona.testing import RecordedRequest, ScriptedEngine

from .bench import Bench, until_gone
from .conftest import FOLDER, NAMES
from .install import bin_folder, why_missing
from .profiles import PROFILES, Profile

ROUNDS = max(1, int(os.environ.get("PERSONA_SOAK") or 4) // 4)
"""Each round is four swaps; `nox -s soak` makes a hundred, over all agents."""


class Repeats(ScriptedEngine):
    """Says what it knows of the conversation."""

    async def reply(self, turn):  # type: ignore[no-untyped-def]
        yield " ".join([*(said.text for said in turn.history), turn.text])


def _next(profile: Profile) -> Profile:
    """Return the next agent that is installed, so that all together make a ring."""
    here = [name for name in NAMES if why_missing(FOLDER, name) is None]
    return PROFILES[here[(here.index(profile.name) + 1) % len(here)]]


class Mover:
    """Moves a persona and asks what it was asked first."""

    def __init__(self, bench: Bench, persona: BasePersona) -> None:
        self.bench = bench
        self.persona = persona
        self.marks: list[str] = []

    async def to_agent(self, profile: Profile) -> None:
        address = getattr(self.bench.llm, profile.address)
        model = PersonaModel(model_id=f"{profile.provider}/{profile.models[0]}", model_url=address)
        self._move(self.bench.registry.create(profile.engine), model)
        asked = await self._ask(profile)
        assert "ADA-PROMPT" in asked.text

    async def to_model(self) -> None:
        model = PersonaModel(model_id="openai/fake-1", model_url=self.bench.llm.url)
        self._move(self.bench.registry.create("litellm"), model)
        await self._ask(None)

    async def to_python(self) -> None:
        self._move(Repeats(), None)
        mark = self._mark()
        said = await self.bench.ask(self.persona, f"{mark} what did I ask first?")
        assert all(known in said for known in self.marks), said

    def _move(self, engine: PersonaEngine, model: PersonaModel | None) -> None:
        self.persona.update_engine(engine)
        self.persona.update_model(model)
        # Without a grace, so that it can be seen that the process ends.
        self.persona.update_options({"idle_seconds": 0} if engine.id.endswith("-acp") else {})

    def _mark(self) -> str:
        self.marks.append(f"MARK-{len(self.marks):03}")
        return self.marks[-1]

    async def _ask(self, profile: Profile | None) -> RecordedRequest:
        mark = self._mark()
        when = profile.is_turn if profile is not None else None
        self.bench.llm.on(text=mark, when=when).reply(f"Answer to {mark}.")
        said = await self.bench.ask(self.persona, f"{mark} what did I ask first?")
        assert f"Answer to {mark}." in said
        sent = [r for r in self.bench.sent(mark) if profile is None or profile.is_turn(r)]
        missing = [known for known in self.marks if known not in sent[-1].text]
        assert not missing, f"not told: {missing}"
        return sent[-1]


async def test_persona_moves_between_engines_and_knows_what_was_said(
    bench: Bench, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = _next(profile)
    programs = str(bin_folder(FOLDER, other.name))
    monkeypatch.setenv("PATH", os.pathsep.join([programs, os.environ["PATH"]]))
    for name, value in (other.env or {}).items():
        monkeypatch.setenv(name, value)
    persona = bench.persona(prompt="ADA-PROMPT")
    who = persona.id, persona.as_user(), persona.mention_names()
    mover = Mover(bench, persona)
    for _ in range(ROUNDS):
        await mover.to_agent(profile)
        agents = bench.look()
        await mover.to_model()
        await until_gone(agents)
        await mover.to_agent(other)
        await mover.to_python()
    assert (persona.id, persona.as_user(), persona.mention_names()) == who
    asked = [m.body.split()[0] for m in bench.chat.get_messages() if m.sender != persona.id]
    assert asked == mover.marks


async def test_agent_that_is_not_installed_leaves_the_one_that_answers(
    bench: Bench, profile: Profile
) -> None:
    if shutil.which("kiro-cli"):
        pytest.skip("Kiro is installed here")
    persona = bench.persona(prompt="ADA-PROMPT")
    bench.llm.on(text="MARK-ONE", when=profile.is_turn).reply("One.")
    assert "One." in await bench.ask(persona, "MARK-ONE")
    agent = persona.engine
    persona.update_engine(bench.registry.create("kiro-acp"))
    bench.llm.on(text="MARK-TWO", when=profile.is_turn).reply("Two.")
    said = await bench.ask(persona, "MARK-TWO")
    assert "kiro-acp could not start" in "\n".join(m.body for m in bench.chat.get_messages())
    assert "Two." in said
    assert persona.engine is agent
