"""We stand back where Jupyter AI, installed too, answers with the same class or has a command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterlab_chat.models import Message

from persona.core import PersonaDefinition, PersonaIdentity
from persona.jupyter._jupyter_ai import JupyterAI
from persona.loaders.python import load_python

ECHO = "jupyter-ai-personas::echo_persona::EchoPersona"
FILE = """
from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class EchoPersona(BasePersona):
    defaults = PersonaDefaults(name="Echo", description="d", avatar_path="", system_prompt="u")
"""
THERE: Mapping[str, Any] = {
    "jupyter-ai": {"persona-managers": {"chat": SimpleNamespace(personas={ECHO: object()})}}
}


@pytest.fixture
def echo(tmp_path: Path) -> PersonaDefinition:
    file = tmp_path / "echo_persona.py"
    file.write_text(FILE, encoding="utf-8")
    (definition,) = load_python(file).definitions
    return definition


def message(metadata: Any) -> Message:
    return Message(id="m", body="@Echo hi", time=0.0, sender="ada", metadata=metadata)


def test_persona_stands_back_when_jupyter_ai_answers_with_its_class(
    echo: PersonaDefinition,
) -> None:
    assert JupyterAI(THERE, "chat").answers_with(echo, message({"to_persona": ECHO}))


@pytest.mark.parametrize(
    "metadata",
    [None, {}, {"to_persona": None}, {"to_persona": ECHO.replace("Echo", "Owl")}, {"to": ECHO}],
)
def test_persona_answers_when_jupyter_ais_picker_names_somebody_else(
    echo: PersonaDefinition, metadata: Any
) -> None:
    assert not JupyterAI(THERE, "chat").answers_with(echo, message(metadata))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"jupyter-ai": None},
        {"jupyter-ai": {}},
        {"jupyter-ai": {"persona-managers": {}}},
        {"jupyter-ai": {"persona-managers": {"other": SimpleNamespace(personas={ECHO: 1})}}},
        {"jupyter-ai": {"persona-managers": {"chat": SimpleNamespace(personas={})}}},
        {"jupyter-ai": {"persona-managers": {"chat": object()}}},
    ],
)
def test_persona_answers_when_jupyter_ai_has_it_not_in_this_chat(
    echo: PersonaDefinition, settings: Mapping[str, Any]
) -> None:
    assert not JupyterAI(settings, "chat").answers_with(echo, message({"to_persona": ECHO}))


@pytest.mark.parametrize(
    "definition", [None, PersonaDefinition(name="echo", identity=PersonaIdentity(name="Echo"))]
)
def test_persona_without_a_class_always_answers(definition: PersonaDefinition | None) -> None:
    assert not JupyterAI(THERE, "chat").answers_with(definition, message({"to_persona": ECHO}))


@pytest.mark.parametrize(
    ("word", "metadata", "taken"),
    [
        ("/generate", {}, True),
        ("/export-json", {}, True),
        ("/export", {}, False),
        ("/generates", {}, False),
        ("/compact", {"to_persona": ECHO}, True),  # of the persona itself
        ("/compact", {"to_persona": "jupyter-ai-personas::gone::Gone"}, False),
        ("/compact", None, False),
    ],
)
def test_command_is_left_to_jupyter_ai_when_it_has_it(
    word: str, metadata: Any, taken: bool
) -> None:
    router = SimpleNamespace(
        slash_cmd_observers={"chat": {"generate": [], "export-(json|csv)": [], "(": []}}
    )
    settings = {"jupyter-ai": {**THERE["jupyter-ai"], "router": router}}
    assert JupyterAI(settings, "chat").takes_command(word, message(metadata)) is taken
    assert not JupyterAI(settings, "other").takes_command(word, message(metadata))


@pytest.mark.parametrize("settings", [{}, {"jupyter-ai": {}}, {"jupyter-ai": {"router": None}}])
def test_no_command_is_left_to_jupyter_ai_when_it_is_not_there(settings: Any) -> None:
    there = JupyterAI(settings, "chat")
    assert not there.takes_command("/generate", message({"to_persona": ECHO}))
