"""The catalog with the real loader: scopes, merge, and what a look costs."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from persona.core import Catalog, EngineRegistry, Location, PersonaLoader, Scope
from persona.loaders import MARKDOWN, MarkdownLoader


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def user(tmp_path: Path) -> Path:
    folder = tmp_path / "user" / "personas"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def catalog(user: Path) -> Catalog:
    return Catalog(
        loaders=[MARKDOWN],
        registry=EngineRegistry(),
        locations=[Location(user, Scope.USER, user)],
    )


@pytest.fixture
def write() -> Callable[..., Path]:
    def write_persona(folder: Path, slug: str, front: str = "", body: str = "Hi") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{slug}.persona.md"
        path.write_text(f"---\nmodel: x/y\n{front}\n---\n{body}\n")
        return path

    return write_persona


def project(folder: Path) -> Path:
    return folder / ".jupyter" / "personas"


def test_loader_meets_the_protocol():
    assert isinstance(MARKDOWN, PersonaLoader)
    assert isinstance(MARKDOWN, MarkdownLoader)
    assert MARKDOWN.id == "markdown"


def test_project_wins_over_user(catalog, root, user, write):
    write(user, "sage", body="user")
    write(user, "other")
    write(project(root), "sage", body="project")
    view = catalog.view(root)
    assert view.personas["sage"].context.system_prompt == "project"
    assert view.personas["sage"].source.scope is Scope.PROJECT
    assert view.personas["other"].source.scope is Scope.USER
    assert [d.context.system_prompt for d in view.hidden["sage"]] == ["user"]


def test_nearer_project_folder_wins(catalog, root, write):
    deep = root / "a" / "b"
    deep.mkdir(parents=True)
    write(project(root), "sage", body="far")
    write(project(root), "top")
    write(project(root / "a"), "sage", body="near")
    assert catalog.view(deep, root).personas["sage"].context.system_prompt == "near"
    assert "top" in catalog.view(deep, root).personas
    assert catalog.view(root, root).personas["sage"].context.system_prompt == "far"
    outside = catalog.view(deep, root / "a").personas
    assert "top" not in outside


def test_broken_file_beside_good_ones_hides_none(catalog, root, write):
    write(project(root), "good")
    (project(root) / "bad.persona.md").write_text("---\nmodel: a: b\n---\n")
    (project(root) / "latin.persona.md").write_bytes(b"---\nidentity: Andr\xe9\n---\n")
    (project(root) / "claude.persona.md").write_text(
        "---\nname: a\ndescription: b\ntools: Read\n---\n"
    )
    view = catalog.view(root)
    assert list(view.personas) == ["good"]
    assert [b.slug for b in view.broken] == ["bad", "claude", "latin"]
    codes = {d.file.name.split(".")[0]: d.code for d in view.diagnostics if d.severity == "error"}
    codes.pop("good", None)  # its engine may not be installed where this runs
    assert codes == {"bad": "P106", "latin": "P102", "claude": "P204"}


def test_broken_project_file_leaves_the_users_persona(catalog, root, user, write):
    write(user, "sage", body="user")
    path = write(project(root), "sage")
    path.write_text("")
    view = catalog.view(root)
    assert view.personas["sage"].context.system_prompt == "user"
    assert "P103" in [d.code for d in view.diagnostics]


def test_disabled_hides_farther_ones(catalog, root, user, write):
    write(user, "sage")
    write(project(root), "sage", "enabled: false")
    view = catalog.view(root)
    assert view.personas == {}
    assert len(view.hidden["sage"]) == 1


def test_unchanged_files_are_not_read_again(catalog, root, user, write):
    for number in range(5):
        write(user, f"u{number}")
    path = write(project(root), "sage", body="one")
    first = catalog.view(root)
    assert catalog.reads == 6
    assert catalog.view(root) is first
    assert catalog.reads == 6
    path.write_text(path.read_text().replace("one", "three"))
    os.utime(path, ns=(1, 1))
    assert catalog.view(root).personas["sage"].context.system_prompt == "three"
    assert catalog.reads == 7


def test_added_and_removed_files_are_seen(catalog, root, write):
    path = write(project(root), "sage")
    assert list(catalog.view(root).personas) == ["sage"]
    write(project(root), "other")
    path.unlink()
    assert list(catalog.view(root).personas) == ["other"]
    assert catalog.reads == 2


def test_drafts_and_foreign_names_are_left_alone(catalog, root, write):
    for slug in ("_draft", ".hidden"):
        write(project(root), slug)
    (project(root) / "README.md").write_text("no persona")
    view = catalog.view(root)
    assert view.personas == {}
    assert view.diagnostics == ()
    assert catalog.reads == 0


def test_links_to_files_load_and_broken_links_are_told(catalog, root, tmp_path, write):
    real = write(tmp_path / "elsewhere", "real", body="linked")
    project(root).mkdir(parents=True)
    (project(root) / "sage.persona.md").symlink_to(real)
    (project(root) / "gone.persona.md").symlink_to(tmp_path / "nowhere")
    view = catalog.view(root)
    assert view.personas["sage"].context.system_prompt == "linked"
    assert [(d.file.name, d.code) for d in view.diagnostics if d.code == "P101"] == [
        ("gone.persona.md", "P101")
    ]
    real.write_text(real.read_text().replace("linked", "edited"))
    os.utime(real, ns=(1, 1))
    assert catalog.view(root).personas["sage"].context.system_prompt == "edited"


def test_link_to_the_whole_folder_is_one_scope(catalog, root, tmp_path, write):
    write(tmp_path / "shared", "sage")
    (root / ".jupyter").mkdir()
    project(root).symlink_to(tmp_path / "shared", target_is_directory=True)
    assert list(catalog.view(root).personas) == ["sage"]


def test_two_files_of_one_name_warn_and_the_first_is_used(catalog, root, write):
    write(project(root), "a", "name: sage", body="first")
    write(project(root), "b", "name: sage", body="second")
    view = catalog.view(root)
    assert view.personas["sage"].context.system_prompt == "first"
    assert "P303" in [d.code for d in view.diagnostics]


def test_findings_of_the_catalog_stand_on_the_lines_of_the_values(catalog, root, write):
    write(
        project(root),
        "sage",
        "engine: no-such-engine\nidentity:\n  name: Sage\n  avatar: none.png\n"
        "context:\n  skills: nowhere/*",
    )
    found = {d.code: d.line for d in catalog.view(root).diagnostics}
    assert found["P301"] == 3
    assert found["P302"] == 6
    assert found["P305"] == 8


def test_persona_in_a_folder_of_its_own_has_the_folders_name(catalog, root):
    for name, file in (("Data Sage", "persona.md"), ("owl", "owl.persona.md")):
        folder = project(root) / name
        folder.mkdir(parents=True)
        (folder / file).write_text("---\nmodel: x/y\n---\nHi\n")
    personas = catalog.view(root).personas
    assert {n: d.identity.name for n, d in personas.items()} == {
        "data-sage": "Data Sage",
        "owl": "Owl",
    }
    assert personas["owl"].source.root == root


def test_broken_persona_in_a_folder_of_its_own_has_the_folders_name(catalog, root):
    folder = project(root) / "sage"
    folder.mkdir(parents=True)
    (folder / "persona.md").write_text("no front matter")
    (broken,) = catalog.view(root).broken
    assert (broken.slug, broken.errors[0].code) == ("sage", "P104")
