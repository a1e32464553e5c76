from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jupyterlab_chat.websocket_model import WsChatModel

from persona.cli import main
from persona.core import META, STOPPED, unpack_definition

ADA = "engine: puppet\nidentity: {name: Ada}\noptions:\n  "


def messages(file: Path) -> list:
    """Read a chat file as jupyterlab-chat does."""
    chat = WsChatModel(file.name, file.parent)
    chat.load_from_file()
    assert all(m.sender in chat.get_users() for m in chat.get_messages())
    return chat.get_messages()


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "persona.cli", "ask", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(file: Path, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 60
    while not file.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def test_ask_prints_the_answer_alone(write, cli, project):
    write("ada", ADA + "say: [Hel, lo, ' there.']")
    done = cli("ask", "ADA", "Who are you?")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello there.\n", "")
    assert sorted(p.name for p in project.iterdir()) == [".jupyter"]


def test_ask_streams_the_answer_as_it_arrives(write, project, tmp_path):
    write("ada", ADA + "say: [First words]\n  hang: true")
    process = start("ada", "go")
    assert process.stdout is not None
    assert process.stdout.read(11) == "First words"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


def test_ask_reads_the_text_from_stdin(write, cli):
    write("ada", ADA + "echo: true")
    done = cli("ask", "ada", "-", text="two\nlines\n")
    assert done.stdout == "0 before; you said 'two\\nlines'\n"


def test_ask_tells_tools_and_notices_beside_the_answer(write, capsys):
    write("ada", ADA + "tool: look_up\n  notice: Mind the *gap*.\n  say: [Done.]")
    assert main(["ask", "ada", "go"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "Done.\n"
    assert shown.err.splitlines()[-1] == "Mind the *gap*."
    assert "look_up" in shown.err
    assert "<" not in shown.err


def test_ask_tells_no_thoughts(write, capsys, project):
    write("ada", ADA + "think: Let me muse.\n  echo: true")
    for number in range(2):
        assert main(["ask", "ada", "go", "--chat", "talk.chat"]) == 0
        shown = capsys.readouterr()
        assert shown.out == f"{2 * number} before; you said 'go'\n"
        assert "muse" not in shown.err
        assert "hought" not in shown.err
    kinds = [(m.metadata or {}).get(META, {}).get("kind") for m in messages(project / "talk.chat")]
    assert kinds == [None, "thought", "reply"] * 2


def test_ask_keeps_the_conversation_in_a_chat_file(write, project, capsys):
    write("ada", ADA + "echo: true")
    chat = project / "talk.chat"
    assert main(["ask", "ada", "one", "--chat", "talk.chat"]) == 0
    assert main(["ask", "ada", "two", "--chat", "talk.chat"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 before; you said 'two'"
    bodies = [m.body for m in messages(chat)]
    assert bodies[0] == "@Ada one"
    assert bodies[2] == "@Ada two"
    assert messages(chat)[2].mentions == ["persona::ada"]
    assert messages(chat)[3].metadata[META]["answers"] == messages(chat)[2].id
    assert sorted(p.name for p in project.iterdir()) == [".jupyter", "talk.chat"]
    kept = json.loads(chat.read_text())["metadata"]["persona_definitions"]
    assert unpack_definition(kept["ada"]).definition.options == {"echo": True}


def test_ask_does_not_mention_twice(write, project):
    write("ada", ADA + "echo: true")
    assert main(["ask", "ada", "Hello @ada, you there?", "--chat", "t.chat"]) == 0
    assert messages(project / "t.chat")[0].body == "Hello @ada, you there?"


def test_ask_gives_one_json_object(write, capsys, project):
    write("ada", ADA + "say: [Hi]\nmodel: {model_id: x/y}")
    assert main(["ask", "ada", "go", "--json", "--chat", "t.chat"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["reply"] == "Hi"
    assert data["state"] == "complete"
    assert data["model"] == "x/y"
    assert data["usage"]["output_tokens"] == 4
    assert data["chat"] == str(project / "t.chat")


@pytest.mark.parametrize("how", ["fail: It went wrong.", "crash: true"])
def test_ask_tells_a_failure_in_one_line_and_keeps_the_text(how, write, cli, project):
    write("ada", ADA + f"say: [So far]\n  {how}")
    done = cli("ask", "ada", "go", "--chat", "t.chat")
    assert done.returncode == 1
    assert done.stdout == "So far\n"
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert [m.metadata[META]["kind"] for m in messages(project / "t.chat")[1:]] == [
        "reply",
        "error",
    ]


def test_ask_says_what_to_do_about_a_failure(write, capsys):
    write("ada", ADA + "fail: It [went] wrong.")
    assert main(["ask", "ada", "go"]) == 1
    assert capsys.readouterr().err == "error: It [went] wrong. Do *this*.\n"


def test_ask_with_an_engine_that_is_not_there_fails_without_a_file(write, project, capsys):
    write("ada", "engine: pupet\nidentity: {name: Ada}")
    assert main(["ask", "ada", "go", "--chat", "t.chat"]) == 1
    shown = capsys.readouterr()
    assert "Did you mean 'puppet'?" in shown.err
    assert len(shown.err.splitlines()) == 1
    assert not (project / "t.chat").exists()


@pytest.mark.parametrize("text", ["", "  ", "-"])
def test_ask_refuses_an_empty_question(text, write, cli):
    write("ada", ADA + "say: [x]")
    assert cli("ask", "ada", text, text="").returncode == 2


@pytest.mark.parametrize(
    "content", ["not json", "[]", '{"messages": {}}', '{"messages": [{"id": "1", "odd": 2}]}']
)
def test_ask_never_writes_over_a_file_that_is_no_chat(content, write, project, capsys):
    write("ada", ADA + "say: [x]")
    (project / "t.chat").write_text(content)
    assert main(["ask", "ada", "go", "--chat", "t.chat"]) == 1
    assert (project / "t.chat").read_text() == content
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("content", ["", "{}"])
def test_ask_takes_a_new_chat_of_jupyterlab(content, write, project):
    write("ada", ADA + "say: [x]")
    (project / "t.chat").write_text(content)
    assert main(["ask", "ada", "go", "--chat", "t.chat"]) == 0
    assert len(messages(project / "t.chat")) == 2


@pytest.mark.parametrize(("file", "code"), [("t.txt", 2), ("nowhere/t.chat", 1)])
def test_ask_refuses_a_file_that_cannot_be_a_chat(file, code, write, capsys):
    write("ada", ADA + "say: [x]")
    assert main(["ask", "ada", "go", "--chat", file]) == code
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a whole group")
@pytest.mark.parametrize("said", ["[Half an ans]", "[]"])
def test_ctrl_c_stops_the_turn_and_the_chat_says_so(said, write, project, tmp_path):
    flag = tmp_path / "hangs"
    write("ada", ADA + f"say: {said}\n  touch: {flag}\n  hang: true")
    process = start("ada", "go", "--chat", "t.chat")
    wait_for(flag, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err in ("Stopped.\n", "Stopped before an answer.\n")
    assert out == ("Half an ans\n" if "Half" in said else "")
    last = messages(project / "t.chat")[-1]
    assert last.sender == "persona::ada"
    assert last.body.endswith(STOPPED) or "Stopped before" in last.body


def test_a_second_ask_is_told_that_the_chat_is_in_use(write, project, tmp_path, capsys):
    flag = tmp_path / "hangs"
    write("ada", ADA + f"say: [x]\n  touch: {flag}\n  hang: true")
    write("bob", "engine: puppet\nidentity: {name: Bob}\noptions: {say: [y]}")
    process = start("ada", "go", "--chat", "t.chat")
    try:
        wait_for(flag, process)
        assert main(["ask", "bob", "go", "--chat", "t.chat"]) == 1
        assert "Another `jupyter persona ask`" in capsys.readouterr().err
        assert main(["ask", "bob", "go", "--chat", "other.chat"]) == 0
    finally:
        process.kill()
        process.communicate()
    assert main(["ask", "bob", "go", "--chat", "t.chat"]) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end in another way there")
def test_a_closed_pipe_ends_the_turn_without_a_traceback(write, project):
    write("ada", ADA + "say: [Hello]\n  hang: true")
    with start("ada", "go") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 1
        assert process.stderr.read() == ""


ASK = ADA + "ask: {command: 'echo <b>', kinds: [allow_once, reject_once]}"


def test_permission_is_refused_where_nobody_can_be_asked(write, cli, tmp_path):
    write("ada", ASK)
    chat = tmp_path / "project" / "a.chat"
    done = cli("ask", "ada", "go", "--chat", str(chat))
    assert (done.returncode, done.stdout) == (0, "allowed=False\n")
    assert "echo <b>" in done.stderr
    assert "Refused: nobody can be asked here." in done.stderr
    assert "✗ **Not allowed**" in messages(chat)[1].body


def test_permission_is_withdrawn_where_nobody_can_be_asked_and_none_can_be_refused(write, cli):
    write("ada", ADA + "ask: {command: ls, kinds: [allow_once]}")
    done = cli("ask", "ada", "go")
    assert (done.returncode, done.stdout) == (0, "allowed=False\n")
    assert "Withdrawn" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(("typed", "allowed"), [("1", True), ("2", False), ("x\n1", True)])
def test_permission_is_asked_at_a_terminal(write, project, typed, allowed):
    import pty

    write("ada", ASK)
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "persona.cli", "ask", "ada", "go"],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
    ) as process:
        os.close(terminal)
        shown = ""
        while "Answer (1-2): " not in shown:
            shown += os.read(keyboard, 4096).decode()
        assert "echo <b>" in shown
        assert "1  allow_once" in shown
        os.write(keyboard, f"{typed}\n".encode())
        assert process.stdout is not None
        assert process.stdout.read() == f"allowed={allowed}\n"
    assert process.returncode == 0
    os.close(keyboard)
