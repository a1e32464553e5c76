"""The engines as listings see them: support, options, public names."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from persona.core import (
    BasePersona,
    EngineRegistry,
    PersonaContext,
    PersonaEngine,
    PersonaIdentity,
)
from persona.engines.acp import AcpEngine, AcpOptions, AnyAgentOptions, Blocks, Delivery
from persona.testing.chat import MemoryChat

from .conftest import Bench

IDS = [
    "acp", "claude-acp", "codex-acp", "copilot-acp", "gemini-acp", "goose-acp", "kilo-acp",
    "kiro-acp", "mistral-vibe-acp", "opencode-acp", "qwen-acp",
]  # fmt: skip


@pytest.mark.parametrize("id_", IDS)
def test_each_engine_is_found_and_says_what_it_honours(id_: str) -> None:
    engine = EngineRegistry().create(id_)
    assert isinstance(engine, AcpEngine)
    support = engine.support()
    assert engine.id == id_ == engine.row.id
    assert support.model in ("enforced", "requested", "ignored")
    for missing in support.missing:
        assert missing.what and missing.fix
    model = engine.options_model
    assert model is not None and issubclass(model, AcpOptions)


def _bound(engine: AcpEngine, **options: object) -> AcpEngine:
    BasePersona(
        ychat=MemoryChat(), engine=engine, identity=PersonaIdentity(name="Probe"), options=options
    )
    return engine


def test_missing_program_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    (missing,) = EngineRegistry().create("opencode-acp").support().missing
    assert "opencode" in missing.what and "opencode" in missing.fix


def test_program_of_the_options_is_looked_for() -> None:
    assert _bound(AcpEngine(), command=sys.executable).support().missing == ()
    (missing,) = _bound(AcpEngine(), command="no-such-agent-here").support().missing
    assert "no-such-agent-here" in missing.what


def test_wrong_option_and_unset_variable_are_missing_things() -> None:
    (missing,) = _bound(AcpEngine()).support().missing
    assert "command" in missing.what
    options = {"command": sys.executable, "env": {"A": "${NOT_SET_ANYWHERE}"}}
    (missing,) = _bound(AcpEngine(), **options).support().missing
    assert "NOT_SET_ANYWHERE" in missing.what
    engine = _bound(AcpEngine(), command=sys.executable)
    server = {"name": "s", "command": "x", "env": {"A": "${NOT_SET_EITHER}"}}
    engine.persona.update_context(PersonaContext(mcp_servers=[server]))
    (missing,) = engine.support().missing
    assert "NOT_SET_EITHER" in missing.what


def test_public_names_are_complete_and_sorted() -> None:
    acp = importlib.import_module("persona.engines.acp")
    assert acp.__all__ == sorted(acp.__all__)
    assert all(hasattr(acp, name) for name in acp.__all__)


def test_import_loads_no_sdk() -> None:
    code = (
        "import persona.engines.acp, sys; "
        "print(sorted({'acp', 'mcp', 'uvicorn', 'jupyterlab_chat'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


async def test_third_party_adds_an_agent_with_a_row(bench: Bench) -> None:
    agent = bench.agent()
    program = bench.root / "their-agent"
    program.write_text(f'#!/bin/sh\nexec {agent.command} {" ".join(agent.args)} "$@"\n')
    program.chmod(0o755)
    theirs = replace(
        AcpEngine.row,
        id="their-acp",
        name="Their Agent",
        commands=("no-such-agent-here", str(program)),
        args=("--speak", "acp"),
    )

    class TheirEngine(AcpEngine):
        id = "their-acp"
        row = theirs

    assert TheirEngine.options_model is AcpOptions
    assert AcpEngine.options_model is AnyAgentOptions
    bench.registry.register(TheirEngine)
    engine = bench.registry.create("their-acp")
    persona = BasePersona(
        ychat=bench.chat,
        engine=engine,
        identity=PersonaIdentity(name="Probe"),
        root_dir=bench.root,
    )
    bench.personas.append(persona)
    assert engine.support().missing == ()
    assert await bench.ask(persona) == "You said: hello"
    assert agent.starts[0]["argv"][-2:] == ["--speak", "acp"]


async def test_engine_of_no_registry_leaves_nothing_behind(bench: Bench) -> None:
    agent = bench.agent()
    engine = PersonaEngine.from_id("acp")
    assert isinstance(engine, AcpEngine) and engine.registry is None
    persona = bench.persona(agent, engine=engine)
    await bench.ask(persona)
    await persona.shutdown()
    assert not agent.alive


async def test_files_are_looked_for_off_the_event_loop(bench: Bench) -> None:
    seen: list[threading.Thread] = []

    def deliver(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
        seen.append(threading.current_thread())
        return AcpEngine.row.deliver(blocks, command)

    class Looking(AcpEngine):
        id = "looking"
        row = replace(AcpEngine.row, deliver=deliver)
        options_model = AnyAgentOptions

    await bench.ask(bench.persona(bench.agent(), engine=Looking()))
    assert seen and threading.main_thread() not in seen
