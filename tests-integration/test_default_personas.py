"""Default personas of engine packages, and renamed ones, with everything installed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persona.testing import ScriptedAgent, ScriptedLLM

LOOK = """
import sys
from persona.core import Catalog

view = Catalog().view(".")
print(*(f"{slug}:{d.source.scope}" for slug, d in view.personas.items()), sep=",")
print(*view.absent, sep=",")
loaded = [m for m in sys.modules if m.startswith("persona.engines") or m in ("acp", "litellm")]
assert not loaded, loaded
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder of programs."""
    folder = tmp_path / "programs"
    folder.mkdir()
    return folder


def put_agent(folder: Path, name: str, agent: ScriptedAgent) -> None:
    """Install a scripted agent as the program of another one."""
    command = shlex.join([agent.command, *agent.args])
    file = folder / name
    file.write_text(f'#!/bin/sh\ncase "$1" in --version) echo 99.0.0;; *) exec {command};; esac\n')
    file.chmod(0o755)


def look(path: Path, folder: Path) -> tuple[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        env={**os.environ, "PATH": str(path)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    there, absent = done.stdout.splitlines()
    return there, absent.split(",")


def test_persona_is_there_with_its_program_and_no_engine_is_imported(
    programs: Path, project: Path, tmp_path: Path
) -> None:
    there, absent = look(programs, project)
    assert there == ""
    assert {"claude", "codex", "opencode", "gemini", "goose"} <= set(absent)
    put_agent(programs, "opencode", ScriptedAgent(tmp_path / "agent"))
    put_agent(programs, "claude-code-acp", ScriptedAgent(tmp_path / "agent"))
    there, absent = look(programs, project)
    assert sorted(there.split(",")) == ["claude:builtin", "opencode:builtin"]
    assert "opencode" not in absent


async def test_installed_agent_answers_without_any_file(
    start_server: Any, programs: Path, tmp_path: Path
) -> None:
    agent = ScriptedAgent(tmp_path / "agent")
    agent.on("hello", {"text": "from the agent"})
    put_agent(programs, "opencode", agent)
    # Agents of this machine have personas too.
    path = os.pathsep.join([str(programs), "/usr/bin", "/bin"])
    server = await start_server(PATH=path)
    found = await server.get("api/personas?path=a.chat")
    (row,) = [row for row in found["personas"] if row["slug"] == "opencode"]
    assert (row["name"], row["scope"], row["file"]) == (
        "OpenCode", "builtin", "persona-engines-acp",
    )  # fmt: skip
    answer = await server.ask("a.chat", "@OpenCode hello")
    assert (answer["body"], answer["sender"]) == ("from the agent", "persona::opencode")
    assert agent.prompts == ["hello"]


async def test_renamed_while_the_server_is_down_goes_on_with_its_history(
    write: Callable[..., Path], start_server: Any, llm: ScriptedLLM
) -> None:
    ada = write("Ada", "ADA")
    llm.on("").reply("noted")
    server = await start_server()
    await server.ask("a.chat", "@Ada remember seven")
    server.process.kill()
    server.process.wait()
    text = ada.read_text().replace("---\n", "---\nformerly: ada\n", 1).replace("Ada", "Grace")
    ada.with_name("grace.persona.md").write_text(text)
    ada.unlink()
    again = await start_server()
    answer = await again.ask("a.chat", "@Grace and now?")
    assert answer["sender"] == "persona::grace"
    roles = [m["role"] for m in llm.requests[-1].messages]
    assert roles == ["system", "user", "assistant", "user"], "what Ada said is its own"
    assert (await again.ask("a.chat", "@ada still you?"))["sender"] == "persona::grace"
