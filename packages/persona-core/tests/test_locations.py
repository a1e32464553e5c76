"""Where persona files lie: levels, a folder per persona, personas.toml, links."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from persona.core import (
    Catalog,
    Diagnostic,
    EngineRegistry,
    LoadResult,
    Location,
    PersonaDefinition,
    Scope,
    Source,
    avatar_data_uri,
    slug_of,
)

PNG = b"\x89PNG\r\n\x1a\n"


class TableLoader:
    """A small real loader: several personas in one file."""

    id = "tables"

    def claims(self, filename: str) -> bool:
        return filename == "personas.toml"

    def load(self, source: Source) -> LoadResult:
        try:
            tables = tomllib.loads(source.file.read_text())
        except (OSError, tomllib.TOMLDecodeError) as exc:
            return LoadResult(diagnostics=(Diagnostic("P101", str(exc), source.file),))
        found = [
            PersonaDefinition.model_validate({"name": n, "identity": {"name": n}, **values})
            for n, values in tables.get("personas", {}).items()
        ]
        return LoadResult(tuple(d.located(source, {}) for d in found))


class JsonLoader:
    """A small real loader: one persona a file."""

    id = "json"

    def claims(self, filename: str) -> bool:
        return filename.endswith(".persona.json") or filename == "persona.json"

    def load(self, source: Source) -> LoadResult:
        try:
            data = json.loads(source.file.read_text())
        except (OSError, ValueError) as exc:
            return LoadResult(diagnostics=(Diagnostic("P101", str(exc), source.file),))
        name = data.setdefault("name", slug_of(source.file))
        definition = PersonaDefinition.model_validate({"identity": {"name": name}, **data})
        return LoadResult((definition.located(source, {}),))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def catalog(home: Path) -> Catalog:
    folder = home / "personas"
    return Catalog(
        loaders=[JsonLoader(), TableLoader()],
        registry=EngineRegistry(),
        locations=[Location(folder, Scope.USER, folder)],
    )


def write(path: Path, **values: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))
    return path


def table(path: Path, *names: str, engine: str = "litellm") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f'[personas.{n}]\nengine = "{engine}"\n' for n in names))
    return path


def project(folder: Path) -> Path:
    return folder / ".jupyter" / "personas"


def test_tables_are_read_beside_each_folder_of_personas(
    catalog: Catalog, home: Path, root: Path
) -> None:
    table(home / "personas.toml", "mine", "both")
    table(root / ".jupyter" / "personas.toml", "inner", "both")
    table(root / "personas.toml", "outer")
    table(root / "sub" / "personas.toml", "deep")
    personas = catalog.view(root / "sub", root).personas
    assert set(personas) == {"mine", "both", "inner", "outer", "deep"}
    assert next(iter(personas)) == "deep"
    source = personas["both"].source
    assert source is not None
    assert (source.scope, source.root) == (Scope.PROJECT, root)
    assert "deep" not in catalog.view(root, root).personas


def test_changed_table_is_read_again_alone(catalog: Catalog, root: Path) -> None:
    file = table(root / "personas.toml", "one")
    write(project(root) / "other.persona.json")
    first = catalog.view(root)
    assert catalog.view(root) is first
    table(file, "one", "two")
    assert set(catalog.view(root).personas) == {"one", "two", "other"}
    assert catalog.reads == 3


def test_tables_elsewhere_are_not_read(catalog: Catalog, root: Path) -> None:
    table(project(root) / "personas.toml", "inside")
    table(project(root) / "one" / "personas.toml", "deeper")
    (root / "personas.toml").mkdir()
    assert catalog.view(root).personas == {}


def test_users_tables_inside_of_the_root_stay_the_users(tmp_path: Path) -> None:
    folder = tmp_path / ".jupyter" / "personas"
    catalog = Catalog(
        loaders=[TableLoader()],
        registry=EngineRegistry(),
        locations=[Location(folder, Scope.USER, folder)],
    )
    table(tmp_path / ".jupyter" / "personas.toml", "mine")
    table(tmp_path / "personas.toml", "ours")
    found = catalog.view(tmp_path).personas
    scopes = {name: d.source.scope.value for name, d in found.items() if d.source}
    assert scopes == {"mine": "user", "ours": "project"}


def test_folder_of_a_persona_gives_its_name(catalog: Catalog, root: Path) -> None:
    write(project(root) / "sage" / "persona.json")
    write(project(root) / "Data Owl" / "Data Owl.persona.json")
    write(project(root) / "plain.persona.json")
    assert set(catalog.view(root).personas) == {"sage", "data-owl", "plain"}


def test_other_files_and_drafts_in_folders_are_left_alone(catalog: Catalog, root: Path) -> None:
    write(project(root) / "sage" / "other.persona.json")
    write(project(root) / "sage" / "deep" / "persona.json")
    write(project(root) / "_draft" / "persona.json")
    write(project(root) / ".git" / "persona.json")
    write(project(root) / "persona.json")
    assert catalog.view(root).personas == {}
    assert catalog.reads == 0


def test_broken_file_in_a_folder_has_the_folders_name(catalog: Catalog, root: Path) -> None:
    write(project(root) / "sage" / "persona.json").write_text("{")
    (broken,) = catalog.view(root).broken
    assert broken.slug == "sage"
    assert [d.code for d in broken.errors] == ["P101"]


def test_doubled_name_in_one_level_names_both_files(catalog: Catalog, root: Path) -> None:
    first = write(project(root) / "sage" / "persona.json", engine="first")
    second = write(project(root) / "sage.persona.json")
    third = table(root / "personas.toml", "sage")
    view = catalog.view(root)
    assert view.personas["sage"].engine == "first"
    doubled = [d for d in view.diagnostics if d.code == "P303"]
    assert {d.file for d in doubled} == {second, third}
    assert all(str(first.relative_to(root)) in d.message for d in doubled)


def test_same_name_in_two_levels_is_no_fault(catalog: Catalog, root: Path) -> None:
    write(project(root) / "sage.persona.json")
    table(root / "sub" / "personas.toml", "sage", engine="near")
    view = catalog.view(root / "sub", root)
    assert view.personas["sage"].engine == "near"
    assert "P303" not in [d.code for d in view.diagnostics]


def test_avatar_lies_beside_the_file_or_above_it_inside_of_the_project(
    catalog: Catalog, root: Path
) -> None:
    (root / "up.png").write_bytes(PNG)
    (root.parent / "secret.png").write_bytes(PNG)
    write(project(root) / "a" / "persona.json", identity={"name": "A", "avatar": "own.png"})
    (project(root) / "a" / "own.png").write_bytes(PNG)
    write(project(root) / "b.persona.json", identity={"name": "B", "avatar": "../../up.png"})
    write(project(root) / "c.persona.json", identity={"name": "C", "avatar": "../../../secret.png"})
    (project(root) / "link.png").symlink_to(root.parent / "secret.png")
    write(project(root) / "d.persona.json", identity={"name": "D", "avatar": "link.png"})
    view = catalog.view(root)
    for name in "ab":
        definition = view.personas[name]
        uri = avatar_data_uri(definition.identity.avatar, definition.avatar_folders)
        assert uri is not None and uri.startswith("data:image/png")
        assert "P302" not in [d.code for d in view.findings(name)]
    for name in "cd":
        assert "P302" in [d.code for d in view.findings(name)]


def test_skills_above_the_project_are_left_out(catalog: Catalog, root: Path) -> None:
    for path in (root / "skills" / "good", root.parent / "secret" / "skill"):
        path.mkdir(parents=True)
    (root / "skills" / "link").symlink_to(root.parent / "secret" / "skill")
    skills = ["skills/*", "../secret/*", "../../../secret/*", "skills/link"]
    write(project(root) / "a.persona.json", context={"skills": skills})
    view = catalog.view(root)
    assert view.personas["a"].resolved_context().skills_paths == [str(root / "skills" / "good")]
    told = [d.message for d in view.findings("a") if d.code == "P305"]
    assert len(told) == 3
    assert all("leads out of the project" in message for message in told)


def test_skills_of_a_user_may_lie_anywhere(catalog: Catalog, home: Path, root: Path) -> None:
    (home / "skills" / "one").mkdir(parents=True)
    write(home / "personas" / "a.persona.json", context={"skills": "../skills/*"})
    (path,) = catalog.view(root).personas["a"].resolved_context().skills_paths
    assert path == str(home / "personas" / "../skills/*")


def test_folder_of_personas_that_links_out_of_the_project_lends_no_files(
    catalog: Catalog, root: Path, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    write(shared / "a.persona.json", identity={"name": "A", "avatar": "own.png"})
    (shared / "own.png").write_bytes(PNG)
    (root / ".jupyter").mkdir()
    project(root).symlink_to(shared, target_is_directory=True)
    view = catalog.view(root)
    assert "a" in view.personas
    assert "P302" in [d.code for d in view.findings("a")]
