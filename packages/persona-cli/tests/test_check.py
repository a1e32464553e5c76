from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path

import pytest

from persona.cli import main
from persona.cli._github import annotation
from persona.core import CODES, Diagnostic


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
    assert "ada.persona.md:5:12 P308 " in capsys.readouterr().out


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
    assert "base.persona.md:3:8 P306 " in out  # stands in the base, and is the heir's too
    assert "other" not in out
    assert out.endswith("1 file checked: 0 errors, 1 warning.\n")
    lost = write("lost", "extends: none-such")
    assert main(["check", str(lost)]) == 1
    assert "lost.persona.md:2:10 P311 " in capsys.readouterr().out


@pytest.mark.parametrize("path", [".", "deep", "deep/personas.toml"])
def test_check_of_a_path_in_a_nested_project_sees_the_outer_one(path, project, capsys):
    (project / "personas.toml").write_text("[personas.sage]\nengine = 'puppet'\n")
    (project / "deep" / ".jupyter").mkdir(parents=True)
    (project / "deep" / "personas.toml").write_text("[personas.sage]\nextends = 'sage'\n")
    assert main(["check", path]) == 0, capsys.readouterr().out


def test_check_of_a_folder_tells_a_doubled_name_once(write, project, capsys):
    file = write("sage", "engine: puppet")
    (project / "personas.toml").write_text("[personas.sage]\nengine = 'puppet'\n")
    assert main(["check", "."]) == 0
    out = capsys.readouterr().out
    assert out.count("P303") == 1
    assert "personas.toml:1:11 P303" in out
    assert str(file.relative_to(project)) in out


def test_check_of_a_folder_reads_personas_in_folders_of_their_own(project, capsys):
    folder = project / ".jupyter" / "personas" / "sage"
    folder.mkdir()
    (folder / "persona.md").write_text("---\nengine: pupet\n---\n")
    (project / "docs").mkdir()
    (project / "docs" / "persona.md").write_text("# What a persona is\n")
    assert main(["check", "."]) == 1
    out = capsys.readouterr().out
    assert ".jupyter/personas/sage/persona.md:2:9 P301 " in out
    assert out.endswith("1 file checked: 1 error, 0 warnings.\n")


# -- presets and tables ----------------------------------------------------------------


@pytest.mark.parametrize("by_path", [None, "file", "folder"])
def test_check_sees_presets_of_all_files(by_path, write, project, capsys):
    file = write("ada", "engine: puppet\ntool_preset: read_onyl\nbias_profile: explore")
    (project / "personas.toml").write_text("[tool_presets.read_only]\n")
    (project / ".jupyter" / "personas.toml").write_text("[bias_profiles.explore]\n")
    paths = {None: [], "file": [str(file)], "folder": ["."]}[by_path]
    assert main(["check", *paths]) == 1
    out = capsys.readouterr().out
    assert "ada.persona.md:3:14 P309 There is no tool_preset 'read_onyl'." in out
    assert "fix: Did you mean 'read_only'?" in out
    assert out.count(" P309 ") == 1
    assert f"{1 if by_path == 'file' else 3} file" in out


def test_check_of_a_table_beside_the_folder_sees_the_project(write, project, capsys):
    write("base", "engine: puppet")
    table = project / ".jupyter" / "personas.toml"
    table.write_text('[personas.heir]\nextends = "base"\n')
    assert main(["check", str(table)]) == 0
    assert capsys.readouterr().out == "1 file checked: all is well.\n"


def test_list_shows_a_table_with_a_fault_as_broken(project, capsys):
    (project / "personas.toml").write_text(
        "[personas.bad]\nengin = 'x'\n[personas.good]\nengine = 'puppet'\n"
    )
    assert main(["list", "--json"]) == 0
    rows = {r["slug"]: r for r in json.loads(capsys.readouterr().out)["personas"]}
    assert {slug: row["state"] for slug, row in rows.items()} == {"bad": "broken", "good": "ready"}
    assert rows["bad"]["detail"].startswith("line 2: Unknown key 'engin'")
    assert main(["show", "bad"]) == 1
    assert "P201" in capsys.readouterr().err


# -- what the machine has --------------------------------------------------------------


def test_check_tells_what_servers_need_and_this_machine_lacks(write, capsys, monkeypatch):
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    write(
        "ada",
        "engine: puppet\ncontext:\n  mcp_servers:\n    web:\n      url: http://x/\n"
        "      headers: {A: 'Bearer ${NO_SUCH_TOKEN}'}\n    local:\n      command: no-such-program",
    )
    assert main(["check"]) == 0
    out = capsys.readouterr().out
    assert "ada.persona.md:7:20 P315 warning: The environment variable NO_SUCH_TOKEN" in out
    assert "ada.persona.md:9:16 P316 warning: There is no program 'no-such-program'" in out
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["diagnostics"] == []


# -- paths that are no files -----------------------------------------------------------


def test_check_names_a_path_that_is_no_file(project, capsys):
    os.mkfifo("pipe.persona.md")
    assert main(["check", "pipe.persona.md"]) == 2
    assert "is a named pipe" in capsys.readouterr().err
    assert main(["check", os.devnull]) == 2
    assert "is a device" in capsys.readouterr().err
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.persona.md")
        assert main(["check", "s.persona.md"]) == 2
    assert "is a socket" in capsys.readouterr().err
    Path("link.persona.md").symlink_to("nowhere")
    assert main(["check", "link.persona.md"]) == 2
    assert "a link that leads nowhere" in capsys.readouterr().err
    Path("circle.persona.md").symlink_to("circle.persona.md")
    assert main(["check", "circle.persona.md"]) == 2
    assert "a link that leads nowhere" in capsys.readouterr().err


def test_check_of_a_folder_does_not_wait_for_a_pipe_in_it(project, capsys):
    os.mkfifo(project / "pipe.persona.md")
    (project / "folder.persona.md").mkdir()
    assert main(["check", "."]) == 1
    assert "pipe.persona.md:1:1 P101 This is not an ordinary file." in capsys.readouterr().out
    assert main(["check", "folder.persona.md"]) == 0
    assert "holds no persona file" in capsys.readouterr().err


# -- formats ---------------------------------------------------------------------------

COMMAND = re.compile(r"^::(error|warning) file=(.*?),line=(\d+),col=(\d+),title=(.*?)::(.*)$")


def unescaped(text: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, char)
    return text


def test_check_writes_annotations_for_github(write, project, capsys, monkeypatch):
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    write("ada", "engine: puppet\nmodel: gpt-4o\nmodle: 'x%: y, z'")
    write("bob", "engine: puppet\nmodel: gpt-4o")
    assert main(["check", "--format", "github"]) == 1
    shown = capsys.readouterr()
    assert shown.err == "2 files checked: 1 error, 1 warning.\n"
    lines = [COMMAND.match(line).groups() for line in shown.out.splitlines()]
    assert [line[:4] for line in lines] == [
        ("error", ".jupyter/personas/ada.persona.md", "4", "1"),
        ("warning", ".jupyter/personas/bob.persona.md", "3", "8"),
    ]
    assert unescaped(lines[0][4]) == f"P201: {CODES['P201']}"
    assert unescaped(lines[0][5]) == "Unknown key 'modle'.\nDid you mean 'model'?"
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project / ".jupyter"))
    main(["check", "--format", "github"])
    assert "file=personas/ada.persona.md," in capsys.readouterr().out


def test_check_for_github_is_silent_about_good_files(write, capsys):
    write("ada", "engine: puppet")
    assert main(["check", "--format", "github"]) == 0
    assert capsys.readouterr().out == ""


def test_annotation_escapes_what_github_reads(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "a,b: 100%\n.persona.md"
    found = Diagnostic("P202", "50% of\r\n::error::x, y: z", file, 3, 7, "warning", "A: b, c")
    line = annotation(found)
    assert line == (
        "::warning file=a%2Cb%3A 100%25%0A.persona.md,line=3,col=7,"
        f"title=P202%3A {CODES['P202']}::50%25 of%0D%0A::error::x, y: z%0AA: b, c"
    )
    assert "\n" not in line


def test_check_formats_agree(write, capsys):
    write("ada", "engine: pupet")
    outputs = []
    for words in (["--json"], ["--format", "json"], ["--format=json"]):
        assert main(["check", *words]) == 1
        outputs.append(json.loads(capsys.readouterr().out))
    assert outputs[0] == outputs[1] == outputs[2]
    assert main(["check", "--format", "text"]) == 1
    assert " P301 " in capsys.readouterr().out
    assert main(["check", "--format", "xml"]) == 2


PAGE = Path(__file__).parents[3] / "docs" / "editors.md"


@pytest.mark.skipif(not PAGE.is_file(), reason="the docs are not beside the tests")
def test_documented_matcher_of_an_editor_reads_the_findings(write, capsys):
    (text,) = re.findall(r"```json\n(\{\n  \"version\".*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (task,) = json.loads(text)["tasks"]
    pattern = task["problemMatcher"]["pattern"]
    write("ada", "engine: pupet\nmodel: gpt-4o")
    main(["check"])
    lines = capsys.readouterr().out.splitlines()
    found = [m for line in lines if (m := re.match(pattern["regexp"], line))]
    keys = ("file", "line", "column", "code", "severity")
    assert [[m[pattern[key]] for key in keys] for m in found] == [
        [".jupyter/personas/ada.persona.md", "2", "9", "P301", None],
        [".jupyter/personas/ada.persona.md", "3", "8", "P306", "warning"],
    ]
    assert found[1][pattern["message"]].startswith("The model 'gpt-4o'")


@pytest.mark.parametrize("arguments", [[], ["."], [".jupyter/personas"]], ids=str)
def test_check_warns_of_files_with_the_names_of_other_tools(arguments, write, project, capsys):
    write("ada", "engine: puppet\nidentity: {name: Ada}")
    folder = project / ".jupyter" / "personas"
    agent = "---\nname: reviewer\ndescription: Reviews.\n---\nYou review.\n"
    for name in ("reviewer.md", "tester.agent.md", "_draft.md"):
        (folder / name).write_text(agent, encoding="utf-8")
    (folder / "README.md").write_text("# Our personas\n", encoding="utf-8")
    (folder / "folder.md").mkdir()
    assert main(["check", *arguments]) == 0
    out = capsys.readouterr().out
    assert out.count(" P113 warning: ") == 2
    assert "reviewer.md:1:1 P113" in out
    assert "Rename it to reviewer.persona.md" in out
    assert "Rename it to tester.persona.md" in out
