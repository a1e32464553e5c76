"""The key `formerly` in all formats: read, written, checked, never inherited."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from persona.core import Catalog, EngineRegistry, PersonaDefinition
from persona.loaders import (
    MARKDOWN,
    TOML,
    MarkdownPersonaStore,
    TomlPersonaStore,
    json_schema,
    load_markdown,
    load_toml,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".jupyter" / "personas").mkdir(parents=True)
    return tmp_path


def put(project: Path, name: str, front: str, body: str = "Be.") -> Path:
    path = project / ".jupyter" / "personas" / f"{name}.persona.md"
    path.write_text(f"---\n{front}\n---\n{body}\n", encoding="utf-8")
    return path


def view(project: Path):
    catalog = Catalog(loaders=[MARKDOWN, TOML], registry=EngineRegistry(()), locations=[])
    return catalog.view(project)


@pytest.mark.parametrize("written", ["ada", "[ada]", "\n  - ada"])
def test_markdown_takes_one_name_or_a_list(project: Path, written: str):
    result = load_markdown(put(project, "grace", f"formerly: {written}"))
    assert result.diagnostics == ()
    (grace,) = result.definitions
    assert grace.formerly == ["ada"]
    assert grace.origins["formerly"].line in (2, 3)


def test_markdown_takes_what_is_too_rich_for_the_quick_way(project: Path):
    path = put(project, "grace", 'formerly: &old "ada"\nidentity: {description: *old}')
    (grace,) = load_markdown(path).definitions
    assert grace.formerly == ["ada"]


@pytest.mark.parametrize("written", ['"ada"', '["ada", "eva"]'])
def test_toml_takes_one_name_or_a_list(tmp_path: Path, written: str):
    path = tmp_path / "personas.toml"
    path.write_text(f'[personas.grace]\nformerly = {written}\nsystem_prompt = "x"\n')
    result = load_toml(path)
    assert result.diagnostics == ()
    assert result.definitions[0].formerly[0] == "ada"


@pytest.mark.parametrize("wrong", ["Ada Lovelace", "user:ada", "3", "[1]", "{a: b}", '""'])
def test_what_is_no_short_name_is_an_error_at_its_line(project: Path, wrong: str):
    result = load_markdown(put(project, "grace", f"model: a/b\nformerly: {wrong}"))
    assert result.definitions == ()
    (found,) = result.diagnostics
    assert (found.code, found.line, found.severity) == ("P202", 3, "error")
    assert not Draft7Validator(json_schema("markdown")).is_valid(
        {"model": "a/b", "formerly": {"a": "b"}}
    )


@pytest.mark.parametrize("kind", ["markdown", "toml"])
def test_schema_takes_one_name_or_a_list(kind: str):
    schema = Draft7Validator(json_schema(kind))

    def valid(formerly: object) -> bool:
        entry = {"formerly": formerly}
        return schema.is_valid(entry if kind == "markdown" else {"personas": {"grace": entry}})

    assert valid("ada") and valid(["ada", "eva"]) and valid([])
    assert not valid("Ada L") and not valid([1]) and not valid({"a": "b"})


def test_heir_is_not_who_its_base_was(project: Path):
    put(project, "base", "formerly: ada")
    put(project, "heir", "extends: base")
    put(project, "other", "extends: base\nformerly: eva")
    found = view(project)
    assert {slug: d.formerly for slug, d in found.personas.items()} == {
        "base": ["ada"],
        "heir": [],
        "other": ["eva"],
    }
    assert found.renamed == {"ada": "base", "eva": "other"}
    assert found.personas["other"].origins["formerly"].file.name == "other.persona.md"


def test_claims_that_do_not_count_are_warned_of_where_they_stand(project: Path):
    put(project, "ada", "model: a/b")
    put(project, "grace", "model: a/b\nformerly:\n  - eva\n  - ada")
    put(project, "zoe", "formerly: eva")
    found = view(project)
    assert found.renamed == {"eva": "grace"}
    told = [(d.file.name, d.line, d.severity) for d in found.diagnostics if d.code == "P318"]
    assert told == [("grace.persona.md", 5, "warning"), ("zoe.persona.md", 2, "warning")]
    assert [d.code for d in found.findings("zoe") if d.code == "P318"] == ["P318"]


def test_name_of_a_broken_file_is_still_that_persona_s(project: Path):
    put(project, "grace", "formerly: ada")
    put(project, "ada", "modell: a/b")
    assert view(project).renamed == {}


def test_disabled_persona_leaves_its_name(project: Path):
    put(project, "grace", "formerly: ada")
    put(project, "ada", "enabled: false")
    assert view(project).renamed == {"ada": "grace"}


def test_saving_keeps_it_in_both_formats(project: Path):
    definition = PersonaDefinition.model_validate(
        {"name": "grace", "identity": {"name": "Grace"}, "formerly": ["ada", "eva"]}
    )
    markdown = MarkdownPersonaStore(project / ".jupyter" / "personas")
    markdown.save_persona(definition)
    assert markdown.load_definitions()["grace"].formerly == ["ada", "eva"]
    toml = TomlPersonaStore(project)
    toml.save_persona(definition.model_copy(update={"name": "hopper", "formerly": ["x"]}))
    assert toml.load_definitions()["hopper"].formerly == ["x"]
