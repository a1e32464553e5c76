"""Definitions as data: names, paths, there and back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from persona.core import (
    Origin,
    PersonaContext,
    PersonaDefinition,
    PersonaIdentity,
    PersonaModel,
    Scope,
    Source,
    persona_id,
    slugify,
    title_of,
)


def define(name: str = "ada", *skills: str) -> PersonaDefinition:
    return PersonaDefinition(
        name=name,
        model=PersonaModel(model_id="a/b"),
        context=PersonaContext(skills_paths=list(skills)),
        identity=PersonaIdentity(name="Ada"),
        options={"deep": {"er": [1, None, "x"]}},
    )


def test_definition_comes_back_from_json() -> None:
    definition = define("ada", "skills")
    again = PersonaDefinition.model_validate_json(definition.model_dump_json())
    assert again == definition
    assert again.id == "persona::ada" == persona_id("ada")


def test_two_definitions_share_no_value() -> None:
    one, two = define("one"), define("two")
    one.options["deep"]["er"].append(2)
    one.context.mcp_servers.append(None)  # type: ignore[arg-type]
    assert two.options["deep"]["er"] == [1, None, "x"]
    assert two.context.mcp_servers == []
    plain = PersonaDefinition(name="a", identity=PersonaIdentity(name="A"))
    plain.context.skills_paths.append("x")
    other = PersonaDefinition(name="b", identity=PersonaIdentity(name="B"))
    assert other.context.skills_paths == []


@pytest.mark.parametrize("name", ["", "Ada", "a b", "-a", "a-", "a/b", "..", "ä", "a" * 65])
def test_name_that_is_no_slug_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="lower-case"):
        define(name)


@given(st.text(max_size=100))
def test_slugify_gives_a_name_or_nothing(text: str) -> None:
    slug = slugify(text)
    if slug:
        assert define(slug).name == slug
        assert slugify(slug) == slug


def test_title_is_made_from_the_slug() -> None:
    assert title_of("data-sage_v2.1") == "Data Sage V2 1"


def test_located_copy_knows_where_it_stands(tmp_path: Path) -> None:
    source = Source(tmp_path / "ada.persona.md", Scope.USER, tmp_path)
    origins = {"model.model_id": Origin(source.file, 3, Scope.USER)}
    definition = define()
    located = definition.located(source, origins)
    assert (located.source, located.origins["model.model_id"].line) == (source, 3)
    assert definition.source is None
    assert definition.origins == {}
    assert located.model_dump() == definition.model_dump()


def test_skills_are_looked_up_beside_the_file_then_in_the_project(tmp_path: Path) -> None:
    project = tmp_path / "[odd]"
    folder = project / ".jupyter" / "personas"
    for path in (folder / "mine", project / "shared" / "one", project / "deep" / "er"):
        path.mkdir(parents=True)
    source = Source(folder / "a.persona.md", Scope.PROJECT, project)
    skills = ["mine", "shared/*", "gone", "**/er", "/abs", "", "bad\0", "~nobody-here/x"]
    paths = define("ada", *skills).located(source, {}).resolved_context().skills_paths
    assert paths == [
        str(folder / "mine"),
        str(project / "shared/*"),
        str(folder / "gone"),
        str(project / "**/er"),
        "/abs",
        str(folder),
        str(folder / "bad\0"),
        str(folder / "~nobody-here/x"),
    ]


def test_context_without_source_is_left_alone() -> None:
    definition = define("ada", "skills")
    assert definition.resolved_context() is definition.context


def test_slugify_keeps_letters_without_their_accents() -> None:
    assert slugify("Dr. Müller") == "dr.-muller"
    assert slugify("Ärzte & Straße") == "arzte-strasse"


def test_first_model_is_the_one_and_the_others_follow():
    definition = PersonaDefinition(
        name="a",
        identity=PersonaIdentity(name="A"),
        model=PersonaModel(model_id="openrouter/meta/llama", temperature=0.5, max_output_tokens=9),
        models=[PersonaModel(model_id="gpt-4o")],
    )
    assert (definition.provider, definition.temperature) == ("openrouter", 0.5)
    assert (definition.top_p, definition.max_output_tokens) == (None, 9)
    first, second = definition.preferred_models
    assert (first["provider"], first["model"]) == ("openrouter", "meta/llama")
    assert (second["provider"], second["model"]) == (None, "gpt-4o")


def test_definition_without_model_has_no_values_of_one():
    plain = PersonaDefinition(name="a", identity=PersonaIdentity(name="A"))
    assert plain.preferred_models == []
    assert plain.provider is None and plain.temperature is None
    assert plain.top_p is None and plain.max_output_tokens is None


def test_models_to_escalate_to_need_a_first_one():
    with pytest.raises(ValidationError, match="first choice"):
        PersonaDefinition(
            name="a", identity=PersonaIdentity(name="A"), models=[PersonaModel(model_id="a/b")]
        )


def test_key_is_the_written_name_or_the_short_one():
    plain = PersonaDefinition(name="a", identity=PersonaIdentity(name="A"))
    assert (plain.key, plain.keyed("The A").key, plain.keyed("The A").name) == ("a", "The A", "a")


def test_definition_is_placed_as_it_is_or_as_a_copy(tmp_path: Path) -> None:
    source = Source(tmp_path / "a.persona.md", Scope.USER, tmp_path)
    made = PersonaDefinition(name="a", identity=PersonaIdentity(name="A"))
    origins = {"name": Origin(source.file, 2, Scope.USER)}
    copy = made.located(source, origins)
    assert (made.source, copy.source, copy.origins) == (None, source, origins)
    assert made.placed(source, origins, frozenset({"identity.name"})) is made
    assert (made.source, made.origins, made.key) == (source, origins, "a")
    assert made.implied == {"identity.name"}
    assert made.keyed("A b").key == "A b"
    assert made.keyed("A b").source == source
