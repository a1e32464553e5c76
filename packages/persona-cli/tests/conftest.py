"""A project with personas, and an engine that does what a definition's options say."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ENGINE = """
import asyncio
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from persona.core import (
    EngineSupport, Notice, PermissionOption, PermissionRequest, PersonaEngine, Requirement, Text,
    Thought, ToolCall, ToolCallUpdate, TurnError, Usage,
)


class PuppetOptions(BaseModel):
    model_config = ConfigDict(extra="allow")
    strings: int = 5


class Puppet(PersonaEngine):
    id = "puppet"
    options_model = PuppetOptions

    async def reply(self, turn):
        options = turn.options
        if options.get("think"):
            yield Thought(options["think"])
        if options.get("tool"):
            yield ToolCall("1", options["tool"])
            yield ToolCallUpdate("1", status="completed", output="42")
        if options.get("notice"):
            yield Notice(options["notice"])
        if options.get("ask"):
            kinds = options["ask"]["kinds"]
            answers = tuple(PermissionOption(kind, kind, kind) for kind in kinds)
            request = PermissionRequest("1", "run", answers, command=options["ask"]["command"])
            yield request
            yield f"allowed={(await request.decision()).allowed}"
        if options.get("echo"):
            said = [f"{u.role}:{u.text}" for u in turn.history]
            yield f"{len(said)} before; you said {turn.text!r}"
        for chunk in options.get("say", []):
            yield Text(chunk)
            await asyncio.sleep(0)
        if options.get("touch"):
            Path(options["touch"]).touch()
        if options.get("hang"):
            await asyncio.Event().wait()
        if options.get("fail"):
            raise TurnError(options["fail"], fix="Do *this*.", details="line 1\\nline 2", kind="x")
        if options.get("crash"):
            raise RuntimeError("it broke")
        yield Usage(3, 4)

    def support(self):
        missing = ()
        if self.persona.options.get("needs"):
            missing = (Requirement(self.persona.options["needs"], "Set it."),)
        return EngineSupport(model="enforced", system_prompt="requested", missing=missing)
"""


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH; empty, so that no agent of this machine has its persona."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a distribution with the engine `puppet` and one that cannot be imported."""
    site = tmp_path / "site"
    info = site / "cli_test_engines-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "cli_test_engine.py").write_text(ENGINE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cli-test-engines\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[persona.engines]\npuppet = cli_test_engine:Puppet\nwrecked = cli_no_module:Engine\n"
    )
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    )
    monkeypatch.delitem(sys.modules, "cli_test_engine", raising=False)
    return site


@pytest.fixture
def project(tmp_path: Path, engines: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, and the current folder."""
    folder = tmp_path / "project"
    (folder / ".jupyter" / "personas").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


Write = Callable[..., Path]


@pytest.fixture
def write(project: Path) -> Write:
    """Write a persona file of the project."""

    def write_persona(slug: str, front: str, body: str = "You are helpful.") -> Path:
        file = project / ".jupyter" / "personas" / f"{slug}.persona.md"
        file.write_text(f"---\n{front.strip()}\n---\n{body}\n", encoding="utf-8")
        return file

    return write_persona


Cli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cli(project: Path) -> Cli:
    """Run the command line in a process of its own."""

    def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "persona.cli", *arguments],
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run
