"""Names, places and broken entries, from files of both kinds to a view."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona.core import Catalog, CatalogView, EngineRegistry, Location, Scope
from persona.loaders import MARKDOWN, TOML, Persona, TomlPersonaStore, load_toml

PRESETS = """
[tool_presets.read_only]
allow = ["read_*"]

[bias_profiles.explore]
prompt = "Look around."

[context_presets.papers]
include = ["*.pdf"]
"""


class World:
    """A user's folder and a project, with files of both kinds."""

    def __init__(self, folder: Path) -> None:
        self.user = folder / "home" / "personas.toml"
        self.root = folder / "root"
        self.near = self.root / "personas.toml"
        self.inner = self.root / ".jupyter" / "personas.toml"
        (self.root / ".jupyter" / "personas").mkdir(parents=True)
        self.user.parent.mkdir()
        self.catalog = Catalog(
            loaders=[MARKDOWN, TOML],
            registry=EngineRegistry([]),
            locations=[Location(self.user.parent / "personas", Scope.USER, self.user.parent)],
        )

    def markdown(self, slug: str, front: str) -> Path:
        file = self.root / ".jupyter" / "personas" / f"{slug}.persona.md"
        file.write_text(f"---\n{front.strip()}\n---\nHello.\n", encoding="utf-8")
        return file

    def view(self) -> CatalogView:
        return self.catalog.view(self.root)

    def codes(self) -> list[tuple[str, str, int, int]]:
        found = [d for d in self.view().diagnostics if d.code != "P301"]
        return [(d.code, d.file.name, d.line, d.column) for d in found]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_presets_of_all_scopes_can_be_named_in_files_of_both_kinds(world: World):
    world.user.write_text(PRESETS)
    world.inner.write_text('[tool_presets.mine]\nallow = []\n[personas.b]\ntool_preset = "mine"\n')
    world.near.write_text('[personas.a]\ncontext_preset = "papers"\nbias_profile = "explore"\n')
    world.markdown("c", "tool_preset: read_only")
    assert world.codes() == []
    presets = world.view().presets
    assert set(presets["tool_presets"]) == {"read_only", "mine"}
    assert presets["tool_presets"]["read_only"].values == {"allow": ["read_*"]}
    origin = presets["bias_profiles"]["explore"].origins["prompt"]
    assert (origin.file, origin.line, origin.column, origin.scope) == (
        world.user, 6, 10, Scope.USER,
    )  # fmt: skip


def test_misspelt_preset_is_told_where_it_stands(world: World):
    world.user.write_text(PRESETS)
    world.near.write_text('[personas.a]\nbias_profile = "explor"\n')
    world.markdown("c", "engine: x\ntool_preset:   readonly")
    assert world.codes() == [("P309", "c.persona.md", 3, 16), ("P309", "personas.toml", 2, 16)]
    fixes = [d.fix for d in world.view().diagnostics if d.code == "P309"]
    assert fixes == ["Did you mean 'read_only'?", "Did you mean 'explore'?"]


def test_inherited_preset_is_told_where_it_is_written(world: World):
    world.near.write_text(
        '[personas.base]\ntool_preset = "none"\n[personas.heir]\nextends = "base"\n'
    )
    assert world.codes() == [("P309", "personas.toml", 2, 15)]
    heir = world.view().findings("heir")
    assert "P309" in [d.code for d in heir]
    world.near.write_text(
        '[personas.base]\ntool_preset = "none"\nenabled = false\n'
        '[personas.heir]\nextends = "base"\ntool_preset = "some"\n[tool_presets.some]\n'
    )
    assert world.codes() == []


def test_nearer_preset_replaces_the_farther_one(world: World):
    world.user.write_text(PRESETS)
    world.near.write_text('[tool_presets.read_only]\ndeny = ["x"]\n')
    assert world.view().presets["tool_presets"]["read_only"].values == {"deny": ["x"]}
    assert world.view().presets["tool_presets"]["read_only"].source.file == world.near
    assert world.codes() == []


def test_findings_of_one_persona_leave_out_those_of_its_neighbours(world: World):
    world.near.write_text('[personas."Data Sage"]\n[personas."Other One"]\n[personas.plain]\n')
    view = world.view()
    lines = {
        slug: [d.line for d in view.findings(slug) if d.code == "P307"] for slug in view.personas
    }
    assert lines == {"data-sage": [1], "other-one": [2], "plain": []}
    assert [d.line for d in view.diagnostics if d.code == "P307"] == [1, 2]
    world.near.write_text('[personas.other]\n[personas."A B"]\n[personas.a-b]\n')
    view = world.view()
    codes = {slug: [d.code for d in view.findings(slug)] for slug in view.personas}
    assert "P303" in codes["a-b"]  # the table that is passed over has no definition of its own
    assert "P303" not in codes["other"]


def test_empty_provider_is_told_as_empty(world: World):
    world.near.write_text('[personas.x]\npreferred_models = [{provider = "", model = "m"}]\n')
    (found,) = [d for d in world.view().diagnostics if d.code == "P202"]
    assert found.message == "preferred_models[1].provider must not be empty."


def test_broken_presets_are_told_and_break_no_persona(world: World):
    world.near.write_text(
        "[tool_presets.a]\nallow = 5\n[tool_presets]\nb = 1\n"
        '[personas.x]\ntool_preset = "a"\n[personas.y]\ntool_preset = "b"\n'
    )
    assert world.codes() == [
        ("P202", "personas.toml", 2, 9), ("P202", "personas.toml", 4, 1),
        ("P309", "personas.toml", 6, 15), ("P309", "personas.toml", 8, 15),
    ]  # fmt: skip
    assert set(world.view().personas) == {"x", "y"}
    assert world.view().broken == ()
    assert not any(world.view().presets.values())


def test_file_of_presets_alone_is_no_broken_persona(world: World):
    world.near.write_text("[tool_presets.a]\nallow = 5\n")
    assert world.view().broken == ()
    assert len(world.view().diagnostics) == 1


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("[personas.bad]\ntemprature = 1", "P201"),
        ("[personas.bad]\nengine = 5", "P202"),
        ("[personas.bad.model]\ntemperature = 1", "P203"),
        ("[personas]\nbad = 5", "P202"),
        ("[personas.bad]\nname = 'x'", "P201"),
    ],
)
def test_table_with_a_fault_is_a_broken_persona_and_its_neighbours_load(
    world: World, table: str, code: str
):
    world.near.write_text(f"{table}\n[personas.good]\nsystem_prompt = 'x'\n")
    view = world.view()
    assert list(view.personas) == ["good"]
    (broken,) = view.broken
    assert (broken.slug, broken.source.file) == ("bad", world.near)
    assert [d.code for d in broken.errors] == [code]
    assert view.findings("bad") == broken.errors


def test_broken_table_is_listed_by_its_short_name_and_is_no_base(world: World):
    world.near.write_text('[personas."Code Reviewer"]\nengine = 5\n')
    world.markdown("heir", "extends: code-reviewer")
    assert {b.slug: [d.code for d in b.errors] for b in world.view().broken} == {
        "code-reviewer": ["P202"],
        "heir": ["P313"],
    }


@pytest.mark.parametrize(
    ("front", "code", "column"),
    [
        ("engine: litelm", "P301", 9),
        ("model:\n  model_id:   gpt-4o", "P306", 15),
        ("models: [a/b, gpt-4o]\nmodel: a/b", "P306", 15),
        ("context: {skills: [none/*]}", "P305", 20),
        ("identity: {name: X, avatar: none.png}", "P302", 29),
        ("context:\n  mcp_servers:\n    - {name: '🔧', command: x}", "P314", 14),
        ("extends: [nobody]", "P311", 11),
        ("extends:   nobody", "P311", 12),
    ],
)
def test_finding_points_at_the_value(world: World, front: str, code: str, column: int):
    world.markdown("x", front)
    (told,) = [d for d in world.view().diagnostics if d.code == code]
    assert told.column == column


def test_finding_in_a_table_points_at_the_value(world: World):
    world.near.write_text('[personas.x]\n  model = "gpt-4o"\n[personas.y]\nengine = "no"\n')
    found = {d.code: (d.line, d.column) for d in world.view().diagnostics if d.line != 1}
    assert found == {"P306": (2, 11), "P301": (4, 10)}


def test_engine_that_no_file_names_is_told_at_the_persona(world: World):
    world.near.write_text("# first\n[personas.x]\n")
    (told,) = world.view().diagnostics
    assert (told.code, told.line, told.column) == ("P301", 2, 11)


@pytest.mark.parametrize("strategy", ["'automatic'", "5"])
def test_wrong_aggregation_strategy_names_the_right_ones(world: World, strategy: str):
    world.near.write_text(f"[personas.x]\naggregation_strategy = {strategy}\n")
    (broken,) = world.view().broken
    assert "'auto', 'full', 'summarize' or 'skeleton'" in broken.errors[0].message


# -- inheritance of models and presets -------------------------------------------------


def test_heir_may_leave_the_first_model_to_its_base(world: World):
    world.markdown("base", "model: a/first")
    world.markdown("heir", "extends: base\nmodels: [a/second]")
    heir = world.view().personas["heir"]
    assert heir.model is not None
    assert (heir.model.model_id, [m.model_id for m in heir.models]) == ("a/first", ["a/second"])
    assert heir.origins["models"].file.name == "heir.persona.md"
    assert heir.origins["model.model_id"].file.name == "base.persona.md"
    world.near.write_text('[personas.flat]\nextends = "base"\nmodels = ["a/third"]\n')
    assert [m.model_id for m in world.view().personas["flat"].models] == ["a/third"]


def test_models_without_any_first_model_are_told(world: World):
    world.markdown("base", "engine: x")
    world.markdown("heir", "extends: base\nmodels: [a/second]")
    (broken,) = world.view().broken
    assert (broken.slug, broken.errors[0].code, broken.errors[0].line) == ("heir", "P202", 3)
    assert "neither this nor a base has one" in broken.errors[0].message
    world.markdown("alone", "models: [a/second]")
    assert "P202" in [c for c, file, *_ in world.codes() if file == "alone.persona.md"]


def test_models_and_presets_of_an_heir_replace_those_of_the_base(world: World):
    world.user.write_text(PRESETS + "[tool_presets.all]\n")
    world.markdown(
        "base",
        "model: {model_id: a/b, temperature: 0.5}\n"
        "models: [a/1, {model_id: a/2, temperature: 0.1}]\n"
        "tool_preset: read_only\nbias_profile: explore\naggregation_strategy: full",
    )
    world.markdown("same", "extends: base")
    world.markdown("other", "extends: base\nmodels: [a/3]\ntool_preset: all")
    world.markdown("none", "extends: base\nmodels: []\naggregation_strategy: skeleton")
    personas = world.view().personas
    assert [m.model_id for m in personas["same"].models] == ["a/1", "a/2"]
    assert personas["same"].models[1].temperature == 0.1
    assert (personas["same"].tool_preset, personas["same"].aggregation_strategy) == (
        "read_only", "full",
    )  # fmt: skip
    assert [m.model_id for m in personas["other"].models] == ["a/3"]
    assert (personas["other"].tool_preset, personas["other"].bias_profile) == ("all", "explore")
    assert personas["none"].models == []
    assert personas["none"].aggregation_strategy == "skeleton"
    assert world.codes() == []
    hidden = personas["other"].origins["tool_preset"].hides
    assert [o.value for o in hidden] == ["read_only"]


def test_flat_list_of_models_replaces_the_whole_list_of_the_base(world: World):
    world.near.write_text("""
[personas.base]
preferred_models = [
    { provider = "ollama", model = "x", max_output_tokens = 9, model_url = "http://here" },
    { provider = "ollama", model = "y" },
]
[personas.heir]
extends = "base"
preferred_models = [{ provider = "openai", model = "z", temperature = 0.3 }]
""")
    heir = world.view().personas["heir"]
    assert heir.model is not None
    assert heir.model.model_dump() == {
        "model_id": "openai/z", "model_url": None, "temperature": 0.3, "top_p": 1.0,
        "max_output_tokens": None,
    }  # fmt: skip
    assert heir.models == []
    assert world.codes() == []


def test_heir_with_escalation_models_alone_is_saved_and_read_back(tmp_path: Path):
    file = tmp_path / "personas.toml"
    file.write_text('[personas.heir]\nextends = "base"\nmodels = ["a/second"]\n')
    store = TomlPersonaStore(tmp_path, user_path=tmp_path / "user.toml")
    persona = store.load_all()["heir"]
    persona.system_prompt = "Hello."
    store.save_persona(persona)
    (saved,) = load_toml(file).definitions
    assert saved.model is None
    assert [m.model_id for m in saved.models] == ["a/second"]
    assert saved.extends == ["base"]
    assert Persona.from_definition(saved).to_definition().model_dump() == saved.model_dump()
