"""Findings about what a definition names: engines, servers, models, programs, variables."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from persona.core import (
    KNOWN_ENGINES,
    CatalogView,
    Diagnostic,
    EngineNotFound,
    EngineRegistry,
    LoadResult,
    Origin,
    PersonaDefinition,
    PresetDefinition,
    Scope,
    Source,
    check_definition,
    check_surroundings,
)

HERE = Path("/nowhere")
SOURCE = Source(HERE / "x.persona.md", Scope.USER, HERE)
NO_ENGINES = EngineRegistry([])
LITELLM = EngineRegistry([EntryPoint("litellm", "nowhere:X", "persona.engines")])


def defined(keys: tuple[str, ...] = (), **values: Any) -> PersonaDefinition:
    data = {"name": "x", "identity": {"name": "X"}, **values}
    origins = {key: Origin(SOURCE.file, 5, Scope.USER, column=9) for key in keys}
    return PersonaDefinition.model_validate(data).located(SOURCE, origins)


def found(definition: PersonaDefinition, code: str) -> list[Diagnostic]:
    return [d for d in check_definition(definition, LITELLM) if d.code == code]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("claude", "claude-acp"), ("Claude Code", "claude-acp"), ("codex", "codex-acp"),
        ("opencode", "opencode-acp"), ("gemini-cli", "gemini-acp"), ("gemini_cli", "gemini-acp"),
        ("kiro-cli", "kiro-acp"), ("qwen-code", "qwen-acp"), ("goose", "goose-acp"),
        ("copilot", "copilot-acp"), ("mistral-vibe", "mistral-vibe-acp"), ("kilocode", "kilo-acp"),
        ("claud-acp", "claude-acp"),
    ],
)  # fmt: skip
def test_engine_of_another_spelling_is_named_with_its_package(written: str, meant: str):
    definition = defined(("engine",), engine=written)
    (told,) = check_definition(definition, LITELLM)
    assert (told.code, told.line, told.column) == ("P301", 5, 9)
    assert told.fix.startswith(f"Did you mean {meant!r}? It comes with the package ")
    assert KNOWN_ENGINES[meant] in told.fix
    assert "pip install" not in told.fix


@pytest.mark.parametrize("engine", KNOWN_ENGINES)
def test_known_engine_that_is_missing_says_what_brings_it(engine: str):
    (told,) = check_definition(defined(engine=engine), NO_ENGINES)
    assert told.fix.startswith(f"It comes with the package {KNOWN_ENGINES[engine]}; ")
    with pytest.raises(EngineNotFound) as caught:
        NO_ENGINES.load(engine)
    assert caught.value.fix == told.fix


@pytest.mark.parametrize("written", ["jupyternaut", "Jupyternaut", "openai", "litelm"])
def test_engine_that_is_installed_needs_no_package(written: str):
    (told,) = check_definition(defined(engine=written), LITELLM)
    assert told.fix == "Did you mean 'litellm'?"


def test_unknown_engine_names_those_that_are_there():
    (told,) = check_definition(defined(engine="zzz"), LITELLM)
    assert "use one of: litellm" in told.fix
    (told,) = check_definition(defined(engine="zzz"), NO_ENGINES)
    assert told.fix == "Install the package that offers it."


def test_each_model_needs_a_provider():
    models = [{"model_id": m} for m in ("a/b", "gpt-4o", "openai/", "/x")]
    definition = defined(("models.1.model_id", "models"), model=models[0], models=models[1:])
    told = found(definition, "P306")
    assert [d.message.split("'")[1] for d in told] == ["gpt-4o", "openai/", "/x"]
    assert "has no name" in told[1].message
    assert {d.severity for d in told} == {"warning"}


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://", "no host"), ("https:///path", "no host"), ("http://a b/", "space"),
        ("http://h:99999/", "not valid"), ("http://[::1/", "not valid"), ("http://h:x/", "valid"),
    ],
)  # fmt: skip
def test_wrong_address_of_a_server_is_told(url: str, word: str):
    context = {"mcp_servers": [{"name": "tools", "url": url}]}
    (told,) = found(defined(("context.mcp_servers.0.url",), context=context), "P317")
    assert word in told.message
    assert (told.line, told.severity) == (5, "warning")


@pytest.mark.parametrize(
    "url", ["http://localhost:3001/mcp", "https://[::1]:5/", "http://${HOST}:${PORT}/mcp"]
)
def test_right_address_is_not_told(url: str):
    context = {"mcp_servers": [{"name": "tools", "url": url}]}
    definition = defined(context=context, model={"model_id": "a/b", "model_url": url})
    assert check_definition(definition, LITELLM) == []


@pytest.mark.parametrize("url", ["localhost:11434", "ftp://x/", "example.org/v1"])
def test_wrong_address_of_a_model_is_told(url: str):
    definition = defined(model={"model_id": "a/b", "model_url": url})
    (told,) = found(definition, "P317")
    assert "does not start with http" in told.message
    models = {"model": {"model_id": "a/b"}, "models": [{"model_id": "a/c", "model_url": url}]}
    assert found(defined(**models), "P317")


def test_address_that_a_variable_holds_is_not_judged():
    assert not found(defined(model={"model_id": "a/b", "model_url": "${BASE}/v1"}), "P317")


@pytest.mark.parametrize(
    ("names", "word"),
    [
        (["🔧"], "cannot carry"),
        (["--"], "cannot carry"),
        (["x" * 41], "no room"),
        (["My Tools", "my_tools"], "begin as those of"),
    ],
)
def test_server_name_that_no_tool_can_carry_is_told(names: list[str], word: str):
    servers = [{"name": name, "command": "python"} for name in names]
    (told,) = found(defined(context={"mcp_servers": servers}), "P314")
    assert word in told.message
    assert told.severity == "warning"
    assert told.fix


def test_ordinary_server_names_are_not_told():
    servers = [{"name": n, "command": "python"} for n in ("Research tools", "files", "Zoë", "a.b")]
    assert check_definition(defined(context={"mcp_servers": servers}), LITELLM) == []


def test_two_servers_of_one_name_are_refused():
    servers = [{"name": "a", "command": "x"}, {"name": "a", "url": "http://x"}]
    with pytest.raises(ValueError, match="two MCP servers are named 'a'"):
        defined(context={"mcp_servers": servers})


def test_kind_of_server_that_is_no_text_is_refused():
    with pytest.raises(ValueError, match="type"):
        defined(context={"mcp_servers": [{"name": "a", "type": [], "url": "http://x"}]})


# -- what the machine has --------------------------------------------------------------


def surroundings(folder: Path, **server: Any) -> list[Diagnostic]:
    context = {"mcp_servers": [{"name": "tools", **server}]}
    return check_surroundings(defined(("context.mcp_servers",), context=context), folder)


def test_variables_that_are_not_set_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("IS_SET", "1")
    monkeypatch.delenv("NOT_SET", raising=False)
    told = surroundings(
        tmp_path,
        command=sys.executable,
        args=["${IS_SET}", "--x=${NOT_SET}"],
        env={"A": "${ALSO_NOT_SET}${NOT_SET}", "B": "$NOT_ONE"},
    )
    assert [d.code for d in told] == ["P315"] * 3
    assert {d.severity for d in told} == {"warning"}
    assert "ALSO_NOT_SET" in told[1].message
    assert (told[0].line, told[0].column) == (5, 9)
    (told_url,) = surroundings(tmp_path, url="http://${NOT_SET}/", headers={"X": "${IS_SET}"})
    assert "NOT_SET" in told_url.message
    model = {"model_id": "a/b", "model_url": "${NOT_SET}/v1"}
    (told_model,) = check_surroundings(defined(model=model), tmp_path)
    assert "the model needs it" in told_model.message
    options = {"a": ["${IS_SET}", {"b": "x ${NOT_SET}"}], "c": 5}
    (told_option,) = check_surroundings(defined(("options.a",), options=options), tmp_path)
    assert "an option needs it" in told_option.message
    assert told_option.line == 5


def test_program_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    for command, word in (
        ("no-such-program", "Install it"),
        ("npx", "Node.js"),
        ("uvx", "Install uv"),
        ("python -m tools", "the rest as args"),
        ("./tools/run", "Correct the path"),
    ):
        (told,) = surroundings(tmp_path, command=command)
        assert (told.code, told.severity) == ("P316", "warning")
        assert word in told.fix
    program = tmp_path / "here"
    program.write_text("#!/bin/sh\n")
    assert surroundings(tmp_path, command="here")  # not executable
    program.chmod(0o755)
    assert surroundings(tmp_path, command="here") == []
    (tmp_path / "deeper").mkdir()
    assert surroundings(tmp_path / "deeper", command="../here") == []
    assert surroundings(tmp_path, command=str(program)) == []


def test_program_is_looked_for_on_the_servers_own_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", "")
    program = tmp_path / "here"
    program.touch(mode=0o755)
    assert surroundings(tmp_path, command="here", env={"PATH": str(tmp_path)}) == []
    assert surroundings(tmp_path, command="here")


def test_listing_asks_nothing_of_the_machine(tmp_path: Path):
    context = {"mcp_servers": [{"name": "tools", "command": "no-such", "args": ["${NO_SUCH}"]}]}
    assert check_definition(defined(context=context), LITELLM) == []


# -- presets ---------------------------------------------------------------------------


def view(*results: tuple[Source, LoadResult]) -> CatalogView:
    return CatalogView(results, LITELLM)


def preset(name: str, source: Source = SOURCE, **values: Any) -> PresetDefinition:
    return PresetDefinition("tool_presets", name, source, values)


def test_preset_that_does_not_exist_is_told_with_a_guess():
    heir = defined(("tool_preset",), tool_preset="read_onyl")
    seen = view((SOURCE, LoadResult((heir,), presets=(preset("read_only"),))))
    (told,) = seen.diagnostics
    assert (told.code, told.line, told.column) == ("P309", 5, 9)
    assert told.fix == "Did you mean 'read_only'?"
    assert told.severity == "error"
    assert seen.findings("x") == (told,)
    assert list(seen.personas) == ["x"]  # it is there, with its finding


def test_preset_of_another_kind_does_not_count():
    heir = defined(bias_profile="read_only")
    (told,) = view((SOURCE, LoadResult((heir,), presets=(preset("read_only"),)))).diagnostics
    assert told.message == "There is no bias_profile 'read_only'."
    assert "[bias_profiles.<name>]" in told.fix


def test_broken_preset_is_told_as_such_unless_a_farther_one_is_there():
    error = Diagnostic("P202", "wrong", SOURCE.file)
    broken = PresetDefinition("tool_presets", "safe", SOURCE, errors=(error,))
    heir = defined(tool_preset="safe")
    result = LoadResult((heir,), (error,), presets=(broken,))
    seen = view((SOURCE, result))
    assert [d.code for d in seen.diagnostics] == ["P202", "P309"]
    assert "cannot be used" in seen.diagnostics[1].message
    assert seen.broken == ()
    far = Source(HERE / "far" / "personas.toml", Scope.ENVIRONMENT, HERE / "far")
    seen = view((far, LoadResult(presets=(preset("safe", far),))), (SOURCE, result))
    assert [d.code for d in seen.diagnostics] == ["P202"]


def test_nearer_preset_wins_whole():
    far = Source(HERE / "far" / "personas.toml", Scope.ENVIRONMENT, HERE / "far")
    seen = view(
        (far, LoadResult(presets=(preset("a", far, allow=["x"]), preset("b", far)))),
        (SOURCE, LoadResult(presets=(preset("a", deny=["y"]),))),
    )
    assert set(seen.presets["tool_presets"]) == {"a", "b"}
    assert seen.presets["tool_presets"]["a"].values == {"deny": ["y"]}
    assert seen.presets["tool_presets"]["b"].source is far
    assert seen.diagnostics == ()
    assert seen.broken == ()


def test_preset_twice_in_one_scope_is_told_and_the_first_is_used():
    second = Source(HERE / "personas.toml", Scope.USER, HERE)
    origins = {"name": Origin(second.file, 3, Scope.USER, column=7)}
    again = PresetDefinition("tool_presets", "a", second, {"deny": ["y"]}, origins)
    seen = view(
        (SOURCE, LoadResult(presets=(preset("a"),))), (second, LoadResult(presets=(again,)))
    )
    (told,) = seen.diagnostics
    assert (told.code, told.file, told.line, told.column) == ("P303", second.file, 3, 7)
    assert "x.persona.md" in told.message
    assert seen.presets["tool_presets"]["a"].source is SOURCE
