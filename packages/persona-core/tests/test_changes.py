"""Values of one chat laid over a definition."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from persona.core import (
    ChangeError,
    PersonaDefinition,
    changed_definition,
    fitting_options,
    lies_below,
    value_at,
)


def definition(**values: Any) -> PersonaDefinition:
    return PersonaDefinition.model_validate(
        {
            "name": "ada",
            "identity": {"name": "Ada", "avatar": "A"},
            "model": {"model_id": "ollama/x", "model_url": "http://localhost:1", "top_p": 0.5},
            "context": {
                "system_prompt": "Old.",
                "mcp_servers": [{"name": "a", "type": "stdio", "command": "b"}],
            },
            "options": {"mode": "plan", "deep": {"a": 1, "b": 2}},
            **values,
        }
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("engine", "acp"),
        ("model.model_id", "ollama/y"),
        ("model.temperature", 0.2),
        ("context.system_prompt", "New."),
        ("identity.name", "Grace"),
        ("options.mode", "act"),
        ("options.deep.b", 3),
        ("options.other.new", [1, {"x": 2}]),
    ],
)
def test_one_value_is_changed_and_the_rest_is_kept(path: str, value: object) -> None:
    before = definition()
    after = changed_definition(before, {path: value})
    assert value_at(after, path) == value
    assert value_at(before, path) != value
    back = changed_definition(after, {path: value_at(before, path)})
    if value_at(before, path) is not None:
        assert back.model_dump() == before.model_dump()


def test_no_changes_give_the_same_object() -> None:
    before = definition()
    assert changed_definition(before, {}) is before


def test_none_takes_an_option_away_and_leaves_the_definition_alone() -> None:
    before = definition()
    after = changed_definition(before, {"options.deep.a": None, "options.mode": None})
    assert after.options == {"deep": {"b": 2}}
    assert before.options == {"mode": "plan", "deep": {"a": 1, "b": 2}}


def test_address_goes_with_the_provider_and_stays_with_a_model_of_the_same() -> None:
    same = changed_definition(definition(), {"model.model_id": "ollama/y"})
    assert same.model is not None and same.model.model_url == "http://localhost:1"
    other = changed_definition(definition(), {"model.model_id": "openai/y"})
    assert other.model is not None and other.model.model_url is None
    assert other.model.top_p == 0.5


def test_model_can_be_given_to_a_persona_without_one() -> None:
    after = changed_definition(definition(model=None), {"model.model_id": "a/b"})
    assert after.model is not None and after.model.model_id == "a/b"


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("identity.avatar", "x", "cannot be changed in a chat"),
        ("context.mcp_servers", [], "cannot be changed in a chat"),
        ("name", "eve", "cannot be changed in a chat"),
        ("model.model_url", "http://elsewhere", "cannot be changed in a chat"),
        ("options", {}, "cannot be changed in a chat"),
        ("engine", "", "must be a text"),
        ("engine", 3, "must be a text"),
        ("model.model_id", " ", "must be a text"),
        ("model.temperature", -1, "model.temperature"),
        ("model.top_p", "much", "model.top_p"),
        ("identity.name", "", "identity.name"),
        ("identity.name", "x" * 200, "identity.name"),
        ("context.system_prompt", 7, "context.system_prompt"),
    ],
)
def test_what_cannot_be_is_refused(path: str, value: object, why: str) -> None:
    with pytest.raises(ChangeError, match=why):
        changed_definition(definition(), {path: value})


def test_temperature_without_a_model_is_refused() -> None:
    with pytest.raises(ChangeError, match="model"):
        changed_definition(definition(model=None), {"model.temperature": 0.1})


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mode: Literal["plan", "act"] = "plan"
    effort: int = 1


class Needy(BaseModel):
    key: str


def test_options_that_an_engine_does_not_take_are_left_and_named() -> None:
    options = {"mode": "fly", "effort": 3, "pitch": "high"}
    assert fitting_options(Strict, options) == ({"effort": 3}, ["mode", "pitch"])
    assert fitting_options(None, options) == (options, [])
    assert fitting_options(Needy, {"x": 1}) == ({"x": 1}, [])


def test_options_that_only_the_engine_before_names_are_left() -> None:
    options = {"command": "agent", "effort": 3, "seed": 7}
    assert fitting_options(None, options, {"command", "effort"}) == (
        {"seed": 7},
        ["command", "effort"],
    )
    assert fitting_options(Strict, options, {"command", "effort"}) == (
        {"effort": 3},
        ["command", "seed"],
    )


def test_paths_lie_below_their_part() -> None:
    assert lies_below("model.model_id", "model")
    assert lies_below("options.a.b", "options")
    assert lies_below("context.system_prompt", "system-prompt")
    assert not lies_below("modeling", "model")
