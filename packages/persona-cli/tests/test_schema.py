"""What `schema` prints is a JSON Schema that a validator and editors can use."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft7Validator

from persona.cli import main


def schema(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main(["schema", *words]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    data: dict[str, object] = json.loads(shown.out)
    Draft7Validator.check_schema(data)
    assert data["$schema"] == "http://json-schema.org/draft-07/schema#"
    return data


def test_schema_of_front_matter_takes_a_persona_and_refuses_a_misspelt_key(capsys):
    validator = Draft7Validator(schema(capsys))
    assert validator.is_valid({"model": "ollama/llama3.1", "context": {"skills": "a/*"}})
    assert not validator.is_valid({"modle": "ollama/llama3.1"})
    assert schema(capsys, "--markdown") == validator.schema


def test_schema_of_tables_takes_both_forms_and_presets(capsys):
    validator = Draft7Validator(schema(capsys, "--toml"))
    flat = {"preferred_models": [{"provider": "ollama", "model": "x"}], "system_prompt": "Hi."}
    blocks = {"extends": "flat", "model": {"temperature": 0.1}, "context": {"system_prompt": "Hi."}}
    presets = {"a": {"allow": ["x"], "more": 1}}
    assert validator.is_valid({"personas": {"flat": flat, "b": blocks}, "tool_presets": presets})
    assert not validator.is_valid({"personas": {"a": {"system_promt": "Hi."}}})
    assert not validator.is_valid({"tool_presets": {"a": {"allow": "x"}}})


def test_schema_suggests_installed_engines_and_takes_others(capsys, engines):
    data = schema(capsys)
    assert "puppet" in json.dumps(data)
    assert Draft7Validator(data).is_valid({"engine": "not-installed"})


def test_schema_takes_one_kind(capsys):
    assert main(["schema", "--toml", "--markdown"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
