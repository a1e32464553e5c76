"""Personas that packages bring: the farthest scope, found without an import."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

from persona.core import Catalog, LoadResult, PersonaDefinition, Scope, Source, slug_of


class JsonLoader:
    """A small real loader: one persona a file."""

    id = "json"

    def claims(self, filename: str) -> bool:
        return filename.endswith(".persona.json")

    def load(self, source: Source) -> LoadResult:
        slug = slug_of(source.file)
        data = {"name": slug, "identity": {"name": slug}, **json.loads(source.file.read_text())}
        return LoadResult((PersonaDefinition.model_validate(data).located(source, {}),))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, with one that brings personas."""
    site = tmp_path / "site"
    _install(site, "heron_kit", "heron_kit.personas", {"reviewer": {"engine": "echo"}})
    monkeypatch.syspath_prepend(str(site))
    return site


def _install(site: Path, name: str, value: str, personas: dict[str, object]) -> None:
    package = site / name
    (package / "personas").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    for slug, data in personas.items():
        (package / "personas" / f"{slug}.persona.json").write_text(json.dumps(data))
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[persona.templates]\n{name} = {value}\n")


@pytest.mark.usefixtures("site")
def test_personas_of_a_package_are_there_and_hidden_by_nearer_ones(tmp_path: Path) -> None:
    project = tmp_path / "project"
    catalog = Catalog(loaders=[JsonLoader()])
    found = catalog.view(project).personas["reviewer"]
    assert found.engine == "echo"
    assert found.source is not None
    assert found.source.scope is Scope.BUILTIN
    assert "heron_kit" not in sys.modules
    nearer = project / ".jupyter/personas/reviewer.persona.json"
    nearer.parent.mkdir(parents=True)
    nearer.write_text('{"extends": ["builtin:reviewer"], "options": {"loud": true}}')
    found = catalog.view(project).personas["reviewer"]
    assert (found.engine, found.options) == ("echo", {"loud": True})
    nearer.write_text('{"enabled": false}')
    assert "reviewer" not in catalog.view(project).personas


def test_entry_that_leads_nowhere_is_logged_and_hurts_no_other(
    site: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _install(site, "empty_kit", "empty_kit.nowhere", {})
    with caplog.at_level(logging.WARNING):
        view = Catalog(loaders=[JsonLoader()]).view(tmp_path)
    assert set(view.personas) == {"reviewer"}
    assert "there is no package 'empty_kit.nowhere'" in caplog.text


def test_package_that_comes_later_is_found_after_a_refresh(site: Path, tmp_path: Path) -> None:
    catalog = Catalog(loaders=[JsonLoader()])
    assert set(catalog.view(tmp_path).personas) == {"reviewer"}
    _install(site, "crane_kit", "crane_kit.personas", {"editor": {"engine": "echo"}})
    catalog.forget()
    assert set(catalog.view(tmp_path).personas) == {"reviewer", "editor"}


# -- default personas: those of packages that bring engines ------------------------------


def _make_default(site: Path, name: str = "heron_kit", programs: str = "") -> None:
    with (site / f"{name}-1.0.dist-info" / "entry_points.txt").open("a") as file:
        file.write(f"[persona.engines]\n{name} = {name}.engine:Engine\n")
    if programs:
        (site / name / "personas" / "programs.toml").write_text(programs)


@pytest.fixture
def bin_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH; empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _program(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_default_persona_is_there_while_one_of_its_programs_is(
    site: Path, tmp_path: Path, bin_: Path
) -> None:
    _make_default(site, programs='echo = ["heron", "heron-cli"]\nother = ["stork"]\n')
    catalog = Catalog(loaders=[JsonLoader()])
    view = catalog.view(tmp_path)
    assert set(view.personas) == set()
    absent = view.absent["reviewer"]
    assert absent.definition.engine == "echo"
    assert absent.why.what == "None of its programs heron, heron-cli is on PATH."
    assert view.diagnostics == ()
    assert catalog.view(tmp_path) is view
    program = _program(bin_, "heron-cli")
    found = catalog.view(tmp_path)
    assert set(found.personas) == {"reviewer"}
    assert found.absent == {}
    assert catalog.view(tmp_path) is found
    program.unlink()
    assert set(catalog.view(tmp_path).personas) == set()
    assert "heron_kit" not in sys.modules


def test_persona_that_builds_on_an_absent_one_is_there(
    site: Path, tmp_path: Path, bin_: Path
) -> None:
    _make_default(site, programs='echo = ["heron"]\n')
    project = tmp_path / "project"
    mine = project / ".jupyter/personas/reviewer.persona.json"
    mine.parent.mkdir(parents=True)
    mine.write_text('{"extends": ["builtin:reviewer"]}')
    view = Catalog(loaders=[JsonLoader()]).view(project)
    assert view.personas["reviewer"].engine == "echo"
    assert view.absent == {}


def test_default_persona_gives_way_to_whoever_is_called_so(
    site: Path, tmp_path: Path, bin_: Path
) -> None:
    _make_default(site)
    project = tmp_path / "project"
    mine = project / ".jupyter/personas/mine.persona.json"
    mine.parent.mkdir(parents=True)
    mine.write_text('{"identity": {"name": "Reviewer"}}')
    view = Catalog(loaders=[JsonLoader()]).view(project)
    assert set(view.personas) == {"mine"}
    assert view.absent["reviewer"].why.what == "@reviewer is 'mine' here."
    assert not [d for d in view.diagnostics if d.code == "P304"]


def test_personas_of_a_package_without_engines_need_no_program(
    site: Path, tmp_path: Path, bin_: Path
) -> None:
    (site / "heron_kit/personas/programs.toml").write_text('echo = ["heron"]\n')
    view = Catalog(loaders=[JsonLoader()]).view(tmp_path)
    found = view.personas["reviewer"].source
    assert found is not None and found.package is not None
    assert (found.package.distribution, found.is_default) == ("heron_kit", False)


@pytest.mark.parametrize("programs", ["echo = heron", 'echo = "heron"', "echo = [1]"])
def test_programs_that_cannot_be_read_are_logged_and_hide_nothing(
    site: Path, tmp_path: Path, bin_: Path, programs: str, caplog: pytest.LogCaptureFixture
) -> None:
    _make_default(site, programs=programs)
    with caplog.at_level(logging.WARNING):
        assert set(Catalog(loaders=[JsonLoader()]).view(tmp_path).personas) == {"reviewer"}
    assert "programs.toml" in caplog.text
