"""Default personas of packages, and former names, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from persona.cli import main


@pytest.fixture
def package(engines: Path) -> Path:
    """Let the package of the tests' engine bring a default persona that needs `marionette`."""
    folder = engines / "cli_test_personas"
    folder.mkdir()
    with (engines / "cli_test_engines-1.0.dist-info" / "entry_points.txt").open("a") as file:
        file.write("[persona.templates]\npuppets = cli_test_personas\n")
    (folder / "judy.persona.md").write_text(
        "---\nengine: puppet\nidentity: {name: Judy, description: A puppet.}\n---\n"
    )
    (folder / "programs.toml").write_text('puppet = ["marionette"]\n')
    return folder


def listed(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, dict[str, str]]:
    assert main(["list", "--json", *options]) == 0
    rows = json.loads(capsys.readouterr().out)["personas"]
    return {row["slug"]: row for row in rows if row["package"] in (None, "cli-test-engines")}


def test_list_has_default_personas_that_can_run(package, project, path, capsys):
    assert listed(capsys) == {}
    (path / "marionette").write_text("#!/bin/sh\n")
    (path / "marionette").chmod(0o755)
    judy = listed(capsys)["judy"]
    assert (judy["scope"], judy["state"]) == ("builtin", "ready")
    assert main(["list"]) == 0
    line = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("Judy"))
    assert "cli-test-engines" in line
    assert str(package) not in line


def test_list_all_says_why_the_others_cannot(package, project, capsys):
    judy = listed(capsys, "--all")["judy"]
    assert judy["state"] == "unavailable"
    assert judy["detail"].startswith("Its program marionette is not on PATH.")
    assert main(["list", "--all"]) == 0
    assert "Judy: Its program marionette is not on PATH." in capsys.readouterr().out


@pytest.mark.parametrize("name", ["judy", "Judy", "@JUDY"])
def test_show_works_without_the_program(package, project, capsys, name):
    assert main(["show", name]) == 0
    shown = capsys.readouterr().out
    assert "state   unavailable: Its program marionette is not on PATH." in shown
    assert "description = A puppet." in shown


def test_persona_of_that_name_hides_it_and_may_build_on_it(package, project, write, capsys):
    write("judy", "extends: builtin:judy", "Mine.")
    judy = listed(capsys, "--all")["judy"]
    assert (judy["scope"], judy["state"], judy["engine"]) == ("project", "ready", "puppet")
    assert judy["description"] == "A puppet."


def test_disabled_in_a_nearer_file_is_not_listed(package, project, path, write, capsys):
    (path / "marionette").write_text("#!/bin/sh\n")
    (path / "marionette").chmod(0o755)
    assert main(["disable", "judy", "--scope", "project"]) == 0
    capsys.readouterr()
    assert listed(capsys, "--all") == {}


@pytest.mark.parametrize("origin", ["judy", "builtin:judy", "builtin:Judy"])
def test_new_starts_from_one_that_cannot_run_here(package, project, capsys, origin):
    assert main(["new", "toby", "--from", origin]) == 0
    text = (project / ".jupyter/personas/toby.persona.md").read_text()
    assert "engine: puppet" in text
    assert "name: Toby" in text


def test_new_from_a_scope_that_has_no_such_persona_is_refused(package, project, capsys):
    assert main(["new", "toby", "--from", "user:judy"]) == 1
    assert "There is no 'judy' in user scope" in capsys.readouterr().err


def test_show_tells_who_it_was(project, write, capsys):
    write("grace", "engine: puppet\nformerly: [ada, eva]")
    assert main(["show", "grace"]) == 0
    assert "was     ada, eva  (.jupyter/personas/grace.persona.md:3" in capsys.readouterr().out
    assert main(["show", "grace", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["formerly"] == ["ada", "eva"]


@pytest.mark.parametrize("kind", ["md", "toml"])
def test_copy_is_not_who_the_original_was(project, write, capsys, kind):
    write("grace", "engine: puppet\nformerly: ada")
    assert main(["copy", "grace", "hopper", "--format", kind]) == 0
    capsys.readouterr()
    assert main(["show", "hopper", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["formerly"] == []
    assert main(["check"]) == 0


def test_check_warns_of_a_name_that_is_still_there(project, write, capsys):
    write("grace", "engine: puppet\nformerly: ada")
    write("ada", "engine: puppet")
    assert main(["check"]) == 0
    shown = capsys.readouterr().out
    assert "grace.persona.md:3:11 P318 warning" in shown
