"""The catalog: scopes, the nearer wins, one bad file never hides a good one, reading once."""

from __future__ import annotations

import json
import logging
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from pydantic import ValidationError

from persona.core import (
    CODES,
    Catalog,
    Diagnostic,
    EngineRegistry,
    LoadResult,
    Location,
    PersonaDefinition,
    Scope,
    Source,
    installed_loaders,
    jupyter_locations,
)


class JsonLoader:
    """A small real loader: one persona in a JSON file."""

    id = "json"

    def claims(self, filename: str) -> bool:
        return filename.endswith(".persona.json")

    def load(self, source: Source) -> LoadResult:
        try:
            data = json.loads(source.file.read_text())
            definition = PersonaDefinition.model_validate(data)
        except OSError as exc:
            return self._broken("P101", exc, source)
        except ValidationError as exc:
            return self._broken("P202", exc, source)
        return LoadResult((definition.located(source, {}),))  # bad JSON raises, as a bug would

    @staticmethod
    def _broken(code: str, exc: Exception, source: Source) -> LoadResult:
        return LoadResult(diagnostics=(Diagnostic(code, str(exc), source.file),))


ENGINE = EntryPoint("litellm", "nowhere:Engine", "persona.engines")


@pytest.fixture
def user(tmp_path: Path) -> Path:
    return tmp_path / "home" / "personas"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def catalog(user: Path, tmp_path: Path) -> Catalog:
    builtin = Location(tmp_path / "builtin", Scope.BUILTIN, tmp_path / "builtin")
    return Catalog(
        loaders=[JsonLoader()],
        registry=EngineRegistry([ENGINE]),
        locations=[builtin, Location(user, Scope.USER, user)],
    )


def write(folder: Path, name: str, shown: str = "", file: str = "", **values: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file or name}.persona.json"
    path.write_text(json.dumps({"name": name, "identity": {"name": shown or name}, **values}))
    return path


def project(folder: Path) -> Path:
    return folder / ".jupyter" / "personas"


def test_scopes_are_seen_nearest_first(
    catalog: Catalog, user: Path, root: Path, tmp_path: Path
) -> None:
    write(tmp_path / "builtin", "everywhere")
    write(user, "mine")
    write(project(root), "whole")
    write(project(root / "sub"), "near")
    view = catalog.view(root / "sub" / "deep", root)
    assert list(view.personas) == ["near", "whole", "mine", "everywhere"]
    sources = [d.source for d in view.personas.values()]
    assert [s.scope.value for s in sources if s] == ["project", "project", "user", "builtin"]
    assert sources[0] is not None
    assert sources[0].root == root / "sub"


def test_nearer_wins_and_the_hidden_are_listed(catalog: Catalog, user: Path, root: Path) -> None:
    write(user, "ada", "User's")
    write(project(root), "ada", "Project's")
    write(project(root / "sub"), "ada", "Nearest")
    view = catalog.view(root / "sub", root)
    assert view.personas["ada"].identity.name == "Nearest"
    assert [d.identity.name for d in view.hidden["ada"]] == ["Project's", "User's"]
    assert catalog.view(root, root).personas["ada"].identity.name == "Project's"


def test_disabled_definition_hides_the_farther(catalog: Catalog, user: Path, root: Path) -> None:
    write(user, "ada")
    write(project(root), "ada", enabled=False)
    assert "ada" not in catalog.view(root).personas
    assert "ada" in catalog.view(root.parent).personas


def test_folder_outside_of_the_root_sees_no_project_above(catalog: Catalog, root: Path) -> None:
    write(project(root.parent), "above")
    outside = root.parent / "elsewhere"
    outside.mkdir()
    write(project(outside), "own")
    assert list(catalog.view(outside, root).personas) == ["own"]
    assert list(catalog.view(root, root).personas) == []


def test_user_folder_inside_of_the_root_is_not_seen_twice(root: Path) -> None:
    folder = project(root)
    write(folder, "ada")
    fixed = [Location(folder, Scope.USER, folder)]
    catalog = Catalog(loaders=[JsonLoader()], registry=EngineRegistry([ENGINE]), locations=fixed)
    view = catalog.view(root)
    assert view.hidden["ada"] == ()
    assert view.diagnostics == ()


def test_broken_files_do_not_hide_good_ones(catalog: Catalog, root: Path) -> None:
    folder = project(root)
    write(folder, "good")
    write(folder, "Not A Slug", file="bad-name")
    (folder / "crash.persona.json").write_text("{")
    (folder / "link.persona.json").symlink_to(folder / "gone")
    (folder / "dir.persona.json").mkdir()
    (folder / "other.txt").write_text("{")
    view = catalog.view(root)
    assert list(view.personas) == ["good"]
    assert [b.slug for b in view.broken] == ["bad-name", "crash", "link"]
    codes = {d.file.name.split(".")[0]: d.code for d in view.diagnostics}
    assert codes == {"bad-name": "P202", "crash": "P401", "link": "P101"}
    (crash,) = [d for d in view.diagnostics if d.code == "P401"]
    assert "'json' failed: JSONDecodeError" in crash.message


def test_two_files_of_one_folder_use_the_first_and_say_so(catalog: Catalog, root: Path) -> None:
    write(project(root), "ada", "First", file="a")
    second = write(project(root), "ada", "Second", file="b")
    view = catalog.view(root)
    assert view.personas["ada"].identity.name == "First"
    (found,) = [d for d in view.diagnostics if d.code == "P303"]
    assert (found.file, found.severity) == (second, "warning")
    assert [d.identity.name for d in view.hidden["ada"]] == ["Second"]


def test_unchanged_files_are_read_once(catalog: Catalog, user: Path, root: Path) -> None:
    for number in range(20):
        write(user, f"p{number}")
    first = catalog.view(root)
    assert catalog.reads == 20
    assert catalog.view(root) is first
    (root / "sub").mkdir()
    other = catalog.view(root / "sub", root)
    assert other.personas["p3"] is first.personas["p3"]
    assert catalog.reads == 20


def test_one_changed_file_costs_one_read(catalog: Catalog, user: Path, root: Path) -> None:
    for number in range(5):
        write(user, f"p{number}")
    first = catalog.view(root)
    write(user, "p3", "A much longer name")
    second = catalog.view(root)
    assert catalog.reads == 6
    assert second.personas["p3"].identity.name == "A much longer name"
    assert second.personas["p1"] is first.personas["p1"]
    assert first.personas["p3"].identity.name == "p3"


def test_added_and_removed_files_are_seen(catalog: Catalog, user: Path, root: Path) -> None:
    path = write(user, "ada")
    assert list(catalog.view(root).personas) == ["ada"]
    path.unlink()
    write(user, "bob")
    assert list(catalog.view(root).personas) == ["bob"]
    assert catalog.reads == 2


def test_forget_reads_everything_again(catalog: Catalog, user: Path, root: Path) -> None:
    write(user, "ada")
    first = catalog.view(root)
    catalog.forget()
    assert catalog.view(root) is not first
    assert catalog.reads == 2


def test_definitions_are_checked_against_the_world(catalog: Catalog, root: Path) -> None:
    folder = project(root)
    write(folder, "a", engine="lite-llm")
    write(folder, "b", identity={"name": "B", "avatar": "gone.png"})
    write(folder, "c", model={"model_id": "gpt-5"})
    write(folder, "d", context={"skills": ["gone", "here/**/x", "bad\0"]})
    (root / "here" / "deep" / "x").mkdir(parents=True)
    write(folder, "e", "Same Name")
    write(folder, "f", "same-name")
    write(folder, "g", "A")
    found = [(d.code, d.file.name[0], d.fix) for d in catalog.view(root).diagnostics]
    assert [f[:2] for f in found] == [
        ("P301", "a"),
        ("P302", "b"),
        ("P306", "c"),
        ("P305", "d"),
        ("P305", "d"),
        ("P304", "f"),
        ("P304", "g"),
    ]
    assert found[0][2] == "Did you mean 'litellm'?"
    assert all(code in CODES for code, _, _ in found)
    assert "nowhere" not in sys.modules


def test_unreadable_places_are_passed_over(catalog: Catalog, root: Path, user: Path) -> None:
    user.parent.mkdir()
    user.write_text("a file where a folder belongs")
    (root / ".jupyter").symlink_to(root / ".jupyter")
    assert catalog.view(root).personas == {}
    assert catalog.view(root / "not" / "there", root).personas == {}


def test_diagnostic_is_a_line_and_plain_data(tmp_path: Path) -> None:
    diagnostic = Diagnostic("P201", "No.", tmp_path / "a", 3, 4, "warning", "Do.")
    assert str(diagnostic) == f"{tmp_path / 'a'}:3:4 P201 No. Do."
    assert json.loads(json.dumps(diagnostic.as_dict()))["line"] == 3


def test_jupyter_folders_are_searched_with_the_user_last(monkeypatch: pytest.MonkeyPatch) -> None:
    found = jupyter_locations()
    assert found[-1].scope is Scope.USER
    assert {loc.scope for loc in found[:-1]} == {Scope.ENVIRONMENT}
    assert all(loc.folder.name == "personas" for loc in found)


def test_loader_that_cannot_be_imported_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    info = tmp_path / "ldr-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ldr\nVersion: 1.0\n")
    (tmp_path / "ldr_mod.py").write_text(
        "class Loader:\n id='fine'\n def claims(self, f): return False\n"
        " def load(self, s): ...\nFINE = Loader()\nBAD = 3\n"
    )
    lines = ["a_bad = ldr_mod:BAD", "b_class = ldr_mod:Loader", "c_gone = ldr_none:X"]
    lines.append("z_fine = ldr_mod:FINE")
    (info / "entry_points.txt").write_text("\n".join(["[persona.loaders]", *lines]))
    monkeypatch.syspath_prepend(tmp_path)
    with caplog.at_level(logging.WARNING, logger="persona.core"):
        loaders = installed_loaders()
    assert "fine" in [loader.id for loader in loaders]
    said = [r.getMessage() for r in caplog.records if "ldr_" in r.getMessage()]
    assert len(said) == 3
