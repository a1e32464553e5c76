"""The default personas of this package: one for each agent that is known."""

from __future__ import annotations

import tomllib
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

from persona.core import EngineRegistry, Scope, avatar_data_uri
from persona.core._templates import PROGRAMS, template_locations
from persona.engines.acp import _rows as rows
from persona.engines.acp._row import AgentRow

KNOWN = [row for row in vars(rows).values() if isinstance(row, AgentRow) and row.commands]
NAMES = {
    "Claude", "Codex", "Copilot", "Gemini", "Goose", "Kilo", "Kiro", "Mistral Vibe", "OpenCode",
    "Qwen",
}  # fmt: skip


@pytest.fixture
def folder() -> Path:
    spec = find_spec("persona.engines.acp")
    assert spec is not None and spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations)), "personas")


def front(file: Path) -> dict[str, str]:
    """Return the lines of a front matter that is as plain as ours."""
    _, matter, body = file.read_text(encoding="utf-8").split("---\n")
    assert body == "", "no prompt of ours: the agent is itself"
    lines = [line.strip().partition(":") for line in matter.splitlines()]
    return {key: value.strip() for key, _, value in lines}


def test_programs_are_those_that_the_engines_look_for(folder: Path) -> None:
    said = tomllib.loads((folder / PROGRAMS).read_text(encoding="utf-8"))
    assert said == {row.id: list(row.commands) for row in KNOWN}


def test_each_agent_has_one_persona_with_name_description_and_avatar(folder: Path) -> None:
    found = [front(file) for file in sorted(folder.glob("*.persona.md"))]
    assert sorted(said["engine"] for said in found) == sorted(row.id for row in KNOWN)
    assert {said["name"] for said in found} == NAMES
    for said in found:
        assert set(said) == {"identity", "name", "description", "avatar", "engine"}
        assert said["description"].endswith(".")
        uri = avatar_data_uri(said["avatar"], [folder])
        assert uri is not None and uri.startswith("data:image/svg+xml")
        assert len(uri) < 1_000


def test_package_says_where_they_are_and_that_it_brings_engines(folder: Path) -> None:
    ours = [p for p in entry_points(group="persona.templates") if "acp" in p.value]
    (level,) = template_locations(ours)
    assert (level.folder, level.scope) == (folder, Scope.BUILTIN)
    assert level.package is not None
    assert (level.package.distribution, level.package.has_engines) == ("persona-engines-acp", True)
    assert level.package.programs.keys() <= EngineRegistry().entries.keys()
