from __future__ import annotations

import json

import pytest

from persona.cli import main


def test_check_is_quiet_about_good_files(write, capsys):
    write("ada", "engine: puppet\nidentity: {name: Ada}")
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "1 file checked: all is well.\n"


def test_check_points_at_the_place_and_gives_the_fix(write, capsys):
    write("ada", "engine: puppet\nidentity:\n  name: Ada\n  avatr: x.png")
    assert main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(".jupyter/personas/ada.persona.md:5:3 P201 ")
    assert lines[1] == "     5 |   avatr: x.png"
    assert lines[2].index("^") == lines[1].index("avatr")
    assert lines[3].startswith("    fix: ")
    assert "avatar" in lines[0] + lines[3]
    assert lines[-1] == "1 file checked: 1 error, 0 warnings."


def test_check_lets_warnings_pass(write, capsys):
    write("ada", "engine: puppet\nidentity: {name: Ada, avatar: none.svg}")
    assert main(["check"]) == 0
    out = capsys.readouterr().out
    assert " P302 warning: " in out
    assert "0 errors, 1 warning." in out


@pytest.mark.parametrize("by_path", [False, True])
def test_check_asks_the_engine_about_its_options(by_path, write, capsys):
    file = write("ada", "engine: puppet\nidentity: {name: Ada}\noptions:\n  strings: many")
    assert main(["check", *([str(file)] if by_path else [])]) == 1
    assert "ada.persona.md:5:1 P308 " in capsys.readouterr().out


def test_check_takes_files_and_folders(write, project, tmp_path, capsys):
    good = write("good", "engine: puppet\nidentity: {name: Good}")
    bad = write("bad", "engine: pupet\nidentity: {name: Bad}")
    assert main(["check", str(good)]) == 0
    assert main(["check", str(bad)]) == 1
    capsys.readouterr()
    assert main(["check", str(tmp_path), "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["files"], data["errors"]) == (2, 1)
    (found,) = data["diagnostics"]
    assert found["code"] == "P301"
    assert found["file"] == str(bad)
    assert "puppet" in found["fix"]


def test_check_reads_a_file_that_is_not_utf8(project, capsys):
    file = project / "latin.persona.md"
    file.write_bytes("---\nidentity: {name: Zoë}\n---\n".encode("latin-1"))
    assert main(["check", str(file)]) == 1
    assert "latin.persona.md:2" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["missing.persona.md", "notes.txt"])
def test_check_calls_a_path_that_is_no_persona_file_a_usage_error(name, project, capsys):
    (project / "notes.txt").write_text("hello")
    assert main(["check", name]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_check_cuts_long_lines_around_the_place(write, capsys):
    write("ada", f"engine: puppet\nidentity: {{name: Ada, description: {'d' * 300}, avatr: x}}")
    assert main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines[1]) < 120
    assert lines[1][lines[2].index("^") :].startswith("avatr")


def test_check_of_a_path_reads_what_the_file_builds_on(write, project, capsys):
    write("base", "engine: puppet\nmodel: nothing")
    write("other", "engine: pupet")
    heir = write("heir", "extends: base")
    assert main(["check", str(heir)]) == 0
    out = capsys.readouterr().out
    assert "base.persona.md:3:1 P306 " in out  # stands in the base, and is the heir's too
    assert "other" not in out
    assert out.endswith("1 file checked: 0 errors, 1 warning.\n")
    lost = write("lost", "extends: none-such")
    assert main(["check", str(lost)]) == 1
    assert "lost.persona.md:2:1 P311 " in capsys.readouterr().out


def test_check_of_a_folder_reads_personas_in_folders_of_their_own(project, capsys):
    folder = project / ".jupyter" / "personas" / "sage"
    folder.mkdir()
    (folder / "persona.md").write_text("---\nengine: pupet\n---\n")
    (project / "docs").mkdir()
    (project / "docs" / "persona.md").write_text("# What a persona is\n")
    assert main(["check", "."]) == 1
    out = capsys.readouterr().out
    assert ".jupyter/personas/sage/persona.md:2:1 P301 " in out
    assert out.endswith("1 file checked: 1 error, 0 warnings.\n")
