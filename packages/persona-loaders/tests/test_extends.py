"""Personas that build on others, and where each value comes from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona.core import Catalog, CatalogView, EngineRegistry, Location, Scope
from persona.loaders import MARKDOWN

Write = Callable[..., Path]


class World:
    """A user's folder and a project."""

    def __init__(self, folder: Path) -> None:
        self.user = folder / "home" / "personas"
        self.root = folder / "root"
        self.root.mkdir(parents=True)
        self.catalog = Catalog(
            loaders=[MARKDOWN],
            registry=EngineRegistry(),
            locations=[Location(self.user, Scope.USER, self.user)],
        )

    @property
    def project(self) -> Path:
        return self.root / ".jupyter" / "personas"

    def write(self, folder: Path, slug: str, front: str = "", body: str = "") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{slug}.persona.md"
        path.write_text(f"---\n{front.strip()}\n---\n{body}\n", encoding="utf-8")
        return path

    def view(self) -> CatalogView:
        return self.catalog.view(self.root)

    def errors(self) -> dict[str, list[str]]:
        return {b.slug: [d.code for d in b.errors] for b in self.view().broken}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_heir_replaces_scalars_and_lists_and_merges_mappings(world):
    world.write(
        world.project,
        "base",
        "engine: other\nmodel:\n  model_id: x/big\n  temperature: 0.5\n"
        "context:\n  skills: [a, b]\nidentity: {name: Base, description: About}\n"
        "options: {deep: {a: 1, b: 2}, list: [1, 2]}",
        "Base prompt.",
    )
    world.write(
        world.project,
        "heir",
        "extends: base\nmodel:\n  temperature: 0.1\ncontext:\n  skills: [c]\n"
        "options: {deep: {b: 3}, list: [3]}",
    )
    heir = world.view().personas["heir"]
    assert heir.engine == "other"
    assert (heir.model.model_id, heir.model.temperature) == ("x/big", 0.1)
    assert heir.context.skills_paths == ["c"]
    assert heir.context.system_prompt == "Base prompt."
    assert heir.options == {"deep": {"a": 1, "b": 3}, "list": [3]}
    assert (heir.name, heir.identity.name, heir.identity.description) == ("heir", "Heir", "About")
    assert heir.extends == ["base"]
    assert world.view().diagnostics == tuple(
        d for d in world.view().diagnostics if d.code in ("P301", "P305")
    )


def test_several_bases_count_in_order(world):
    world.write(world.project, "a", "model: {model_id: x/a, temperature: 0.1}", "A.")
    world.write(world.project, "b", "model: {model_id: x/b, top_p: 0.2}")
    world.write(world.project, "heir", "extends: [a, b]")
    heir = world.view().personas["heir"]
    assert heir.model.model_dump(exclude_none=True) == {
        "model_id": "x/b",
        "temperature": 0.1,
        "top_p": 0.2,
    }
    assert heir.context.system_prompt == "A."


@pytest.mark.parametrize("base", ["user:coder", "coder"])
def test_project_builds_on_the_users_persona_of_its_name(world, base):
    world.write(world.user, "coder", "model: x/mine\nidentity: Code Wizard", "Mine.")
    world.write(world.project, "coder", f"extends: {base}\noptions: {{a: 1}}")
    coder = world.view().personas["coder"]
    assert (coder.model.model_id, coder.options) == ("x/mine", {"a": 1})
    assert coder.identity.name == "Code Wizard"
    assert coder.source.scope is Scope.PROJECT


def test_scope_in_front_of_the_name_passes_nearer_ones(world):
    world.write(world.user, "base", "model: x/user")
    world.write(world.project, "base", "model: x/project")
    world.write(world.project, "far", "extends: user:base")
    world.write(world.project, "near", "extends: base")
    personas = world.view().personas
    assert personas["far"].model.model_id == "x/user"
    assert personas["near"].model.model_id == "x/project"


def test_file_builds_never_on_a_nearer_scope(world):
    world.write(world.user, "base", "model: x/user")
    world.write(world.user, "heir", "extends: base")
    world.write(world.user, "lost", "extends: only-here")
    world.write(world.project, "base", "model: x/project")
    world.write(world.project, "only-here", "model: x/project")
    view = world.view()
    assert view.personas["heir"].model.model_id == "x/user"
    assert world.errors() == {"lost": ["P311"]}
    assert "project scope is nearer" in view.broken[0].errors[0].fix


def test_disabled_base_lends_its_values_and_is_not_shown(world):
    world.write(world.project, "base", "enabled: false\nmodel: x/y")
    world.write(world.project, "heir", "extends: base")
    assert list(world.view().personas) == ["heir"]
    assert world.view().personas["heir"].enabled


@pytest.mark.parametrize("mark", ["{{ parent }}", "{{parent}}", "  {{ parent }}  "])
def test_prompt_takes_in_the_parents(world, mark):
    world.write(world.project, "first", "", "One.")
    world.write(world.project, "second", "extends: first", f"{mark}\n\nTwo.")
    world.write(world.project, "third", "extends: second", f"Three.\n{mark}")
    world.write(world.project, "own", "extends: second", "Own {{ parent }} only.")
    personas = world.view().personas
    assert personas["second"].context.system_prompt == "One.\n\nTwo."
    assert personas["third"].context.system_prompt == "Three.\nOne.\n\nTwo."
    assert personas["own"].context.system_prompt == "Own {{ parent }} only."
    origin = personas["third"].origins["context.system_prompt"]
    assert [o.file.name for o in origin.includes] == ["second.persona.md", "first.persona.md"]
    assert origin.hides == ()


def test_parents_prompt_is_left_out_if_there_is_none(world):
    world.write(world.project, "first", "model: x/y")
    world.write(world.project, "second", "extends: first", "{{ parent }}\nTwo.")
    assert world.view().personas["second"].context.system_prompt == "Two."


def test_circle_is_told_on_each_line_and_the_heirs_are_broken(world):
    world.write(world.project, "a", "model: x/y\nextends: b")
    world.write(world.project, "b", "extends:\n  - good\n  - c")
    world.write(world.project, "c", "extends: a")
    world.write(world.project, "d", "extends: a")
    world.write(world.project, "good", "model: x/y")
    assert world.errors() == {"a": ["P310"], "b": ["P310"], "c": ["P310"], "d": ["P313"]}
    assert list(world.view().personas) == ["good"]
    lines = {d.file.name[0]: d.line for b in world.view().broken for d in b.errors}
    assert lines == {"a": 3, "b": 4, "c": 2, "d": 2}
    assert "'b', which extends 'c', which extends 'a'" in world.view().broken[0].errors[0].message


def test_missing_base_is_told_with_a_guess(world):
    world.write(world.project, "base", "model: x/y")
    world.write(world.project, "heir", "extends: bace")
    world.write(world.project, "self", "extends: self")
    world.write(world.project, "scoped", "extends: user:base")
    assert world.errors() == {"heir": ["P311"], "self": ["P311"], "scoped": ["P311"]}
    fixes = {b.slug: b.errors[0].fix for b in world.view().broken}
    assert fixes["heir"] == "Did you mean 'base'?"


def test_base_that_cannot_be_read_breaks_its_heirs(world):
    world.write(world.project, "base", "model: [")
    world.write(world.project, "heir", "extends: base")
    assert world.errors() == {"base": ["P106"], "heir": ["P313"]}


def test_sixteen_levels_are_allowed_and_one_more_is_not(world):
    world.write(world.project, "p0", "model: x/deep")
    for number in range(1, 19):
        world.write(world.project, f"p{number}", f"extends: p{number - 1}")
    assert world.errors() == {"p17": ["P312"], "p18": ["P313"]}
    assert world.view().personas["p16"].model.model_id == "x/deep"


def test_many_levels_with_many_bases_take_no_time(world):
    for level in range(30):
        for number in range(6):
            bases = [f"l{level - 1}-{n}" for n in range(6)] if level else []
            world.write(world.project, f"l{level}-{number}", f"extends: {json.dumps(bases)}")
    assert {code for codes in world.errors().values() for code in codes} == {"P312", "P313"}
    assert len(world.view().personas) == 17 * 6


def test_model_without_id_needs_a_base_that_has_one(world):
    world.write(world.project, "base", "options: {a: 1}")
    world.write(world.project, "heir", "extends: base\nmodel:\n  temperature: 0.1")
    world.write(world.project, "alone", "model:\n  temperature: 0.1")
    assert world.errors() == {"heir": ["P203"], "alone": ["P203"]}
    world.write(world.project, "bad", "extends: base\nmodel:\n  temperature: hot")
    assert world.errors()["bad"] == ["P202"]


@pytest.mark.parametrize("value", ["Not A Slug", "galaxy:base", "[a, 'b c']", "{a: b}", "3"])
def test_base_that_is_no_name_is_refused_on_its_line(world, value):
    world.write(world.project, "heir", f"model: x/y\nextends: {value}")
    (broken,) = world.view().broken
    assert [(d.code, d.line) for d in broken.errors] == [("P202", 3)]


def test_changed_base_changes_the_heirs_of_the_next_view_only(world):
    path = world.write(world.user, "base", "model: x/one")
    world.write(world.project, "heir", "extends: base")
    first = world.view()
    assert world.view() is first
    world.write(world.user, "base", "model: x/another")
    assert world.view().personas["heir"].model.model_id == "x/another"
    assert first.personas["heir"].model.model_id == "x/one"
    assert world.catalog.reads == 3
    path.unlink()
    assert world.errors() == {"heir": ["P311"]}


def test_inherited_paths_are_relative_to_the_file_that_says_them(world):
    world.write(
        world.user, "base", "identity: {name: B, avatar: b.png}\ncontext: {skills: skills/*}"
    )
    (world.user / "skills" / "one").mkdir(parents=True)
    (world.user / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    world.write(world.project, "heir", "extends: base")
    view = world.view()
    heir = view.personas["heir"]
    assert heir.resolved_context().skills_paths == [str(world.user / "skills/*")]
    assert world.user in heir.avatar_folders
    assert {d.code for d in view.findings("heir")} <= {"P301"}


def test_two_heirs_share_no_value(world):
    world.write(world.project, "base", "options: {deep: {list: [1]}}")
    world.write(world.project, "one", "extends: base")
    world.write(world.project, "two", "extends: base")
    personas = world.view().personas
    personas["one"].options["deep"]["list"].append(2)
    assert personas["two"].options == personas["base"].options == {"deep": {"list": [1]}}


def test_fault_of_a_base_is_told_once_where_it_stands(world):
    world.write(world.project, "base", "model: nothing")
    world.write(world.project, "heir", "extends: base")
    found = [d for d in world.view().diagnostics if d.code == "P306"]
    assert [d.file.name for d in found] == ["base.persona.md"]
    assert "P306" in [d.code for d in world.view().findings("heir")]


def test_origins_tell_file_line_scope_and_what_is_hidden(world):
    world.write(world.user, "sage", "model:\n  model_id: x/user\n  top_p: 0.5")
    base = world.write(world.project, "base", "model:\n  model_id: x/base\n  temperature: 0.5")
    own = world.write(world.project, "sage", "extends: base\nmodel:\n  model_id: x/own")
    origins = world.view().personas["sage"].origins
    chosen = origins["model.model_id"]
    assert (chosen.file, chosen.line, chosen.scope) == (own, 4, Scope.PROJECT)
    assert [(o.file.parent.parent.name, o.line, o.value) for o in chosen.hides] == [
        (".jupyter", 3, "x/base"),
        ("home", 3, "x/user"),
    ]
    inherited = origins["model.temperature"]
    assert (inherited.file, inherited.line, inherited.hides) == (base, 4, ())
    assert "model.top_p" not in origins
    assert origins["extends"].line == 2


def test_definition_that_replaces_another_tells_what_its_values_hide(world):
    world.write(world.user, "sage", "engine: far\noptions: {a: [1, 2], b: {c: 1}}\nenabled: false")
    world.write(world.project, "sage", "engine: near\noptions:\n  a: [3]\n  b: 5\nenabled: true")
    origins = world.view().personas["sage"].origins
    assert [o.value for o in origins["engine"].hides] == ["far"]
    assert [o.value for o in origins["options.a"].hides] == [[1, 2]]
    assert [o.value for o in origins["options.b"].hides] == [{"c": 1}]
    assert [o.value for o in origins["enabled"].hides] == [False]
    assert origins["options.a.0"].line == 4
    assert "identity.name" not in origins


# -- properties ------------------------------------------------------------

WORDS = st.text("abcdef", min_size=1, max_size=6)
LEAVES = st.integers(0, 99) | WORDS | st.lists(WORDS, max_size=3)
OPTIONS = st.dictionaries(
    st.sampled_from(["p", "q", "r"]),
    LEAVES | st.dictionaries(st.sampled_from(["s", "t"]), LEAVES, min_size=1, max_size=2),
    max_size=3,
)
BLOCKS = st.fixed_dictionaries(
    {"model": st.fixed_dictionaries({"model_id": WORDS.map("x/{}".format)})},
    optional={
        "engine": WORDS,
        "options": OPTIONS,
        "identity": st.fixed_dictionaries(
            {}, optional={"name": WORDS, "description": WORDS, "avatar": st.just("🦉")}
        ),
        "context": st.fixed_dictionaries(
            {},
            optional={
                "history": st.sampled_from(["shared", "isolated"]),
                "skills": st.lists(WORDS, max_size=2),
                "system_prompt": WORDS,
            },
        ),
    },
).map(lambda blocks: {key: block for key, block in blocks.items() if block})


def yaml_of(data: object, depth: int = 0) -> str:
    """Write each value on a line of its own, as JSON."""
    lines = []
    for key, value in data.items():
        if isinstance(value, dict) and value:
            lines.append(f"{' ' * depth}{key}:\n{yaml_of(value, depth + 2)}")
        else:
            shown = json.dumps(value, ensure_ascii=False)
            lines.append(f"{' ' * depth}{key}: {shown}")
    return "\n".join(lines)


def leaves(data: object, path: str = "") -> list[tuple[str, object]]:
    if isinstance(data, dict) and (data or not path):
        return [leaf for k, v in data.items() for leaf in leaves(v, f"{path}.{k}" if path else k)]
    return [(path, data)]


def stands(value: object, file: Path, line: int) -> bool:
    text = file.read_text(encoding="utf-8").splitlines()[line - 1]
    if isinstance(value, dict) and value:  # a mapping starts at its key
        return text.rstrip().endswith(":")
    return text.strip().endswith(json.dumps(value, ensure_ascii=False))


def laid_over(far: dict[str, object], near: dict[str, object]) -> dict[str, object]:
    both = {k: laid_over(far[k], v) for k, v in near.items() if is_map(far.get(k)) and is_map(v)}
    return {**far, **near, **both}


def is_map(value: object) -> bool:
    return isinstance(value, dict)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(BLOCKS, min_size=2, max_size=4), st.booleans())
def test_provenance_is_complete_and_true(tmp_path_factory, files, same_name):
    world = World(tmp_path_factory.mktemp("w"))
    slug = "p0"
    merged = files[0]
    at = [world.write(world.user, slug, yaml_of(merged))]
    for number, data in enumerate(files[1:], start=1):
        base = f"user:{slug}" if number == 1 else slug
        slug = slug if same_name and number == 1 else f"p{number}"
        at.append(world.write(world.project, slug, f"extends: {base}\n{yaml_of(data)}"))
        if base.rpartition(":")[2] != slug and "name" in merged.get("identity", {}):
            identity = {k: v for k, v in merged["identity"].items() if k != "name"}
            merged = {k: v for k, v in merged.items() if k != "identity"}
            merged |= {"identity": identity} if identity else {}
        merged = laid_over(merged, data)
    definition = world.view().personas[slug]
    origins = definition.origins
    dumped = definition.model_dump(exclude={"name", "extends", "enabled"})
    for path, value in leaves(merged):
        path = path.replace("context.skills", "context.skills_paths")
        got: object = dumped
        for key in path.split("."):
            got = got[key]
        if value != {}:
            assert got == value
        assert stands(value, origins[path].file, origins[path].line), path
        nearest = next(
            file
            for file, data in zip(reversed(at), reversed(files), strict=True)
            if path.replace("skills_paths", "skills") in dict(all_paths(data))
        )
        assert origins[path].file == nearest
    for path, origin in origins.items():
        assert path in ("name", "extends") or origin.file in at
        for hidden in origin.hides:
            assert stands(hidden.value, hidden.file, hidden.line), path


def all_paths(data: object, prefix: str = "") -> list[tuple[str, object]]:
    found = []
    for key, value in data.items():
        found.append((f"{prefix}{key}", value))
        if isinstance(value, dict):
            found += all_paths(value, f"{prefix}{key}.")
    return found


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(BLOCKS, BLOCKS, BLOCKS)
def test_extending_one_after_the_other_is_extending_all_in_order(tmp_path_factory, a, b, c):
    world = World(tmp_path_factory.mktemp("w"))
    for name, data, front in (
        ("a", a, ""),
        ("b", b, ""),
        ("c", c, ""),
        ("ba", b, "extends: a\n"),
        ("chained", c, "extends: ba\n"),
        ("listed", c, "extends: [a, b]\n"),
        ("all", {}, "extends: [a, b, c]\n"),
        ("twice", {}, "extends: [ba, c, c]\n"),
    ):
        world.write(world.project, name, front + (yaml_of(data) if data else ""))
    personas = world.view().personas

    def blocks(name: str) -> dict[str, object]:
        data = personas[name].model_dump(exclude={"name", "extends", "identity"})
        shown = personas[name].identity.model_dump(exclude={"name"})
        return {**data, "identity": shown}

    assert blocks("chained") == blocks("listed") == blocks("all") == blocks("twice")
