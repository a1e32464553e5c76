"""The command line refuses what a project would run, shows it, and keeps what was decided."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from persona.cli import main

FRONT = "engine: puppet\noptions: {say: [hi], command: [evil, --now], env: {TOKEN: hunter2}}"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def ada(write) -> Path:
    return write("ada", FRONT)


def _list(capsys, *words: str) -> dict:
    capsys.readouterr()
    assert main(["trust", *words, "--list", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_ask_refuses_and_names_the_command_that_trusts(ada, capsys):
    assert main(["ask", "ada", "hello"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert "evil --now" in shown.err
    assert "jupyter persona trust .jupyter/personas/ada.persona.md" in shown.err
    assert main(["trust", ".jupyter/personas/ada.persona.md"]) == 0
    capsys.readouterr()
    assert main(["ask", "ada", "hello"]) == 0
    assert "hi" in capsys.readouterr().out


def test_the_state_is_told_everywhere(ada, capsys):
    assert main(["list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["personas"]
    assert (row["state"], "evil --now" in row["detail"]) == ("untrusted", True)
    assert main(["show", "ada", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "untrusted"
    assert main(["check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["untrusted"] == ["ada"]


def test_what_would_run_is_shown_without_values(ada, capsys):
    assert main(["trust"]) == 0
    out = capsys.readouterr().out
    assert "runs     evil --now" in out
    assert "sets     TOKEN" in out
    assert "hunter2" not in out


def test_a_change_is_asked_again_with_a_diff(ada, write, capsys):
    assert main(["trust", "ada"]) == 0
    assert main(["ask", "ada", "hello"]) == 0
    write("ada", FRONT.replace("--now", "--later"))
    assert main(["ask", "ada", "hello"]) == 1
    capsys.readouterr()
    assert main(["trust", "ada"]) == 0
    out = capsys.readouterr().out
    assert '-options.command: ["evil", "--now"]' in out
    assert '+options.command: ["evil", "--later"]' in out


def test_trust_is_listed_and_revoked(ada, project, capsys):
    waiting = _list(capsys)["waiting"]
    assert [(w["slug"], w["why"]) for w in waiting] == [("ada", "new")]
    assert main(["trust"]) == 0
    told = _list(capsys)
    assert [t["slug"] for t in told["trusted"]] == ["ada"]
    assert told["waiting"] == []
    assert main(["trust", str(ada), "--revoke"]) == 0
    assert _list(capsys)["trusted"] == []
    assert main(["ask", "ada", "hello"]) == 1


def test_a_whole_project_stays_trusted_through_changes(ada, project, write, capsys):
    assert main(["trust", str(project), "--project"]) == 0
    write("ada", FRONT.replace("--now", "--later"))
    write("eve", FRONT)
    assert main(["ask", "ada", "hello"]) == 0
    assert main(["ask", "eve", "hello"]) == 0
    assert [t["project"] for t in _list(capsys)["trusted"]] == [str(project)]
    assert main(["trust", "--revoke"]) == 0
    assert main(["ask", "ada", "hello"]) == 1


def test_only_the_file_that_is_named_is_trusted(ada, write, capsys):
    write("eve", FRONT)
    assert main(["trust", str(ada)]) == 0
    assert [w["slug"] for w in _list(capsys)["waiting"]] == ["eve"]


def test_what_is_written_here_is_trusted_and_what_waits_is_not(ada, capsys, project):
    assert main(["new", "own", "--engine", "puppet"]) == 0
    values = ["--set", "options.command=[mine]", "--set", "options.say=[hi]"]
    assert main(["edit", "own", *values]) == 0
    assert main(["ask", "own", "hello"]) == 0
    assert main(["edit", "ada", "--set", "identity.name=Ada L"]) == 0
    assert main(["copy", "ada", "two"]) == 0
    assert main(["ask", "ada", "hello"]) == 1
    assert main(["ask", "two", "hello"]) == 1


def test_nothing_waits_in_a_project_of_plain_personas(write, capsys):
    write("bob", "engine: puppet\noptions: {say: [hi]}")
    assert main(["trust"]) == 0
    assert "Nothing here waits for trust." in capsys.readouterr().out


def test_a_path_that_is_not_there_is_a_wrong_call(project, capsys):
    assert main(["trust", "nowhere/x.persona.md"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_broken_store_is_told_and_trusts_nothing(ada, data, capsys):
    assert main(["trust"]) == 0
    (data / "personas" / "trust.json").write_text("{")
    assert main(["ask", "ada", "hello"]) == 1
    capsys.readouterr()
    assert main(["trust", "--list"]) == 0
    assert "does not count" in capsys.readouterr().err
    assert main(["trust"]) == 0
    assert main(["ask", "ada", "hello"]) == 0


def test_escapes_of_a_project_do_not_reach_the_terminal(write, capsys):
    write("ada", 'engine: puppet\noptions: {command: ["a\\u001b[2Jb", "\\u202ec"]}')
    assert main(["trust", "--list"]) == 0
    assert main(["trust"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
