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
