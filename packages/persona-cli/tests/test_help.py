from __future__ import annotations

import re
from pathlib import Path

import pytest

from persona.cli import main

PAGE = Path(__file__).parents[3] / "docs" / "command-line.md"
COMMANDS = (
    "list", "show", "check", "schema", "new", "edit", "copy", "delete", "enable",
    "disable", "engines", "trust", "ask", "demo",
)  # fmt: skip


@pytest.mark.skipif(not PAGE.is_file(), reason="the docs are not beside the tests")
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_help_in_the_docs_is_what_the_command_prints(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    words = [command, "--help"] if command else ["--help"]
    assert main(words) == 0
    shown = capsys.readouterr().out.strip()
    title = " ".join(["jupyter persona", *words])
    blocks = re.findall(r"```text\n\$ ([^\n]+)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert dict(blocks).get(title, "").strip() == shown


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["show"], ["ask", "ada"], ["list", "x"]])
def test_a_wrong_call_has_exit_code_2(arguments, capsys):
    assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_wrong_call_is_told_in_one_line(capsys):
    assert main(["show"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "jupyter persona show: the following arguments are required: NAME"
        " (see jupyter persona show --help)\n"
    )


def test_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("jupyter persona ")
