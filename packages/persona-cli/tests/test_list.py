from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from persona.cli import main


def test_list_shows_name_engine_model_and_file(write, capsys):
    write("ada", "engine: puppet\nmodel: {model_id: x/small}\nidentity: {name: Ada Lovelace}")
    assert main(["list"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["NAME", "SLUG", "ENGINE", "MODEL", "SCOPE", "FILE", "STATE"]
    assert row.startswith("Ada Lovelace  ada   puppet  x/small  project")
    assert row.endswith("ready")
    assert str(Path(".jupyter/personas/ada.persona.md")) in row


def test_list_shows_a_broken_file_beside_a_good_one(write, capsys):
    write("good", "engine: puppet\nidentity: {name: Good}")
    bad = write("bad-one", "engine: [")
    assert main(["list", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    states = {row["slug"]: row["state"] for row in data["personas"]}
    assert states == {"good": "ready", "bad-one": "broken"}
    assert {d["file"] for d in data["diagnostics"]} == {str(bad)}
    assert main(["list"]) == 0
    shown = capsys.readouterr()
    assert "Bad One: line " in shown.out
    assert "jupyter persona check" in shown.err


def test_list_says_what_is_missing_to_run(write, capsys):
    write("ada", "engine: puppet\nidentity: {name: Ada}\noptions: {needs: X_KEY is not set.}")
    write("bob", "engine: pupet\nidentity: {name: Bob}")
    write("eve", "engine: wrecked\nidentity: {name: Eve}")
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert "Ada: X_KEY is not set. Set it." in out
    assert "Bob: The engine 'pupet' is not installed. Did you mean 'puppet'?" in out
    assert "Eve: The engine 'wrecked' of cli-test-engines cannot be used" in out


def test_list_lets_no_line_be_wider_than_the_terminal(write, capsys, monkeypatch):
    write("a-persona-with-a-very-long-name", "engine: puppet\nidentity: {name: Ünïcödé 名前 " +
          "x" * 60 + "}\nmodel: {model_id: provider/" + "m" * 70 + "}")  # fmt: skip
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" in lines[1]


def test_list_tells_how_to_begin_where_there_is_no_persona(project, capsys):
    assert main(["list"]) == 0
    assert "NAME.persona.md" in capsys.readouterr().out
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["personas"] == []


def test_list_finds_the_project_from_a_folder_below(write, project, capsys):
    write("ada", "engine: puppet\nidentity: {name: Ada}")
    (project / "deep" / "er").mkdir(parents=True)
    assert main(["list", "--dir", "deep/er", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [row["slug"] for row in data["personas"]] == ["ada"]
    assert data["root"] == str(project)
    assert main(["list", "--dir", "deep/er", "--root", "deep", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["personas"] == []


@pytest.mark.parametrize(
    "arguments",
    [["--dir", "nowhere"], ["--root", "nowhere"], ["--dir", ".", "--root", ".jupyter"], ["--what"]],
)
def test_list_calls_a_wrong_option_a_usage_error(arguments, project, capsys):
    assert main(["list", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1


def test_list_with_100_personas_takes_less_than_a_second_of_a_processor(write, cli):
    for number in range(100):
        write(f"p{number}", f"engine: puppet\nidentity: {{name: Persona {number}}}",
              "word " * 300)  # fmt: skip
    took = []
    for _ in range(3):
        begun = os.times()
        done = cli("list")
        ended = os.times()
        took.append(ended.children_user + ended.children_system)
        took[-1] -= begun.children_user + begun.children_system
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 101
    assert min(took) < 1


def test_list_imports_nothing_heavy(write):
    write("ada", "engine: puppet\nidentity: {name: Ada}")
    code = (
        "import sys; from persona.cli import main; assert main(['list']) == 0;"
        "heavy = {'jupyterlab_chat', 'jupyter_server', 'tornado', 'litellm', 'mcp'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
