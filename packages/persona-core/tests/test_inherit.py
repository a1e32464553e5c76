"""Definitions that extend others, without any file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from persona.core import (
    CatalogView,
    EngineRegistry,
    LoadResult,
    Origin,
    PersonaDefinition,
    Scope,
    Source,
    slugify,
)

HERE = Path("/nowhere")


def result(scope: Scope, name: str, **values: Any) -> tuple[Source, LoadResult]:
    """Return what a loader gives for one file; every value stands on line 7."""
    source = Source(HERE / scope / f"{slugify(name)}.persona.x", scope, HERE / scope)
    implied = frozenset[str]()
    if "identity" not in values:
        values["identity"] = {"name": name.title()}
        implied = frozenset({"identity.name"})
    definition = PersonaDefinition.model_validate({"name": name, **values})
    origins = {
        key: Origin(source.file, 7, scope)
        for key in ("extends", "engine", "options", "options.a", "context.system_prompt")
    }
    return source, LoadResult((definition.located(source, origins, implied),))


def view(*results: tuple[Source, LoadResult]) -> CatalogView:
    return CatalogView(results, EngineRegistry([]))


def test_heir_is_merged_and_the_base_stays_as_it_is() -> None:
    seen = view(
        result(Scope.USER, "base", engine="e", options={"a": 1, "b": {"c": 1}}),
        result(Scope.PROJECT, "heir", extends="base", options={"b": {"d": 2}}),
    )
    assert seen.personas["heir"].options == {"a": 1, "b": {"c": 1, "d": 2}}
    assert seen.personas["heir"].engine == "e"
    assert seen.personas["base"].options == {"a": 1, "b": {"c": 1}}
    assert seen.personas["heir"].origins["options.a"].scope is Scope.USER


def test_persona_without_base_and_without_rival_is_handed_on_untouched() -> None:
    given = result(Scope.USER, "alone")
    assert view(given).personas["alone"] is given[1].definitions[0]


def test_own_name_means_the_next_farther_one_through_all_scopes() -> None:
    seen = view(
        result(Scope.ENVIRONMENT, "a", options={"a": 1}, identity={"name": "Shown"}),
        result(Scope.USER, "a", extends="a", options={"b": 2}),
        result(Scope.PROJECT, "a", extends=["a"], options={"c": 3}),
    )
    assert seen.personas["a"].options == {"a": 1, "b": 2, "c": 3}
    assert seen.personas["a"].identity.name == "Shown"
    assert [d.source.scope for d in seen.hidden["a"] if d.source] == [
        Scope.USER,
        Scope.ENVIRONMENT,
    ]


def test_merging_an_heir_again_with_its_base_changes_nothing() -> None:
    seen = view(
        result(Scope.PROJECT, "a", engine="e", options={"a": [1], "b": {"c": None}}),
        result(Scope.PROJECT, "b", extends=["a"], options={"b": {"d": 1}}),
        result(Scope.PROJECT, "c", extends=["a", "b", "b"]),
    )
    b, c = seen.personas["b"], seen.personas["c"]
    assert (b.engine, b.options) == (c.engine, c.options)


def test_broken_heir_hides_the_farther_one_and_is_listed() -> None:
    seen = view(
        result(Scope.USER, "a"),
        result(Scope.PROJECT, "a", extends="none"),
    )
    assert seen.personas == {}
    (broken,) = seen.broken
    assert (broken.slug, broken.source.scope) == ("a", Scope.PROJECT)
    assert [(d.code, d.line) for d in broken.errors] == [("P311", 7)]
    assert seen.diagnostics == broken.errors


def test_file_may_leave_the_model_to_its_base_only_if_it_has_one() -> None:
    data = {"name": "a", "identity": {"name": "A"}, "model": {"top_p": 0.5}}
    part = PersonaDefinition.model_validate({**data, "extends": "b"})
    assert part.model_dump(exclude_unset=True)["model"] == {"top_p": 0.5}
    with pytest.raises(ValidationError, match="model_id"):
        PersonaDefinition.model_validate(data)
    with pytest.raises(ValidationError, match="no short name"):
        PersonaDefinition.model_validate({**data, "extends": "B!"})


def test_definition_with_bases_survives_a_round_trip() -> None:
    whole = PersonaDefinition(name="a", extends=["user:b"], identity={"name": "A"})  # type: ignore[arg-type]
    assert PersonaDefinition.model_validate_json(whole.model_dump_json()).extends == ["user:b"]
