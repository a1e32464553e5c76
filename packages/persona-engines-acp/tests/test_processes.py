"""Processes: shared, started late, ended early, and nothing left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from persona.core import EngineRegistry
from persona.engines.acp import AcpEngine, Blocks, Delivery, Launch
from persona.engines.acp._home import exclusive, prepare_home
from persona.engines.acp._plan import HOME
from persona.testing import ScriptedAgent
from persona.testing.chat import MemoryChat

from .conftest import Bench, until

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")


async def test_nothing_is_started_before_the_first_turn(bench: Bench) -> None:
    agent = bench.agent()
    for number in range(5):
        bench.persona(agent, chat=MemoryChat(f"{number}.chat")).engine.support()
    await asyncio.sleep(0.1)
    assert agent.starts == []


async def test_equal_launches_share_one_process(bench: Bench) -> None:
    agent = bench.agent()
    personas = [
        bench.persona(agent, name=f"P{p}", chat=MemoryChat(f"{c}.chat"))
        for p in range(4)
        for c in range(3)
    ]
    await asyncio.gather(*(bench.ask(persona, "hello") for persona in personas))
    assert len(agent.starts) == 1
    sessions = {params["sessionId"] for params in agent.requests("session/prompt")}
    assert len(sessions) == 12


async def test_other_environment_is_another_process(bench: Bench) -> None:
    agent = bench.agent()
    await bench.ask(bench.persona(agent, name="One", env={"X": "1"}))
    await bench.ask(bench.persona(agent, name="Two", env={"X": "2"}))
    assert [start["env"]["X"] for start in agent.starts] == ["1", "2"]


async def test_environment_is_explicit(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET_TOKEN", "x")
    monkeypatch.setenv("JUPYTER_TOKEN", "x")
    agent = bench.agent()
    await bench.ask(bench.persona(agent))
    env = agent.starts[0]["env"]
    assert not {"SOME_SECRET_TOKEN", "JUPYTER_TOKEN"} & env.keys()
    assert env["HOME"] == os.environ["HOME"]
    assert env["PATH"].endswith(os.environ["PATH"])


async def test_process_ends_some_time_after_its_last_session(bench: Bench) -> None:
    agent = bench.agent()
    one = bench.persona(agent, name="One", idle_seconds=0.3)
    two = bench.persona(agent, name="Two", idle_seconds=0.3)
    await bench.ask(one)
    await bench.ask(two)
    await one.shutdown()
    await asyncio.sleep(0.6)
    assert agent.alive, "it has a user"
    await two.shutdown()
    assert agent.alive
    await until(lambda: not agent.alive)


async def test_process_in_its_idle_time_is_used_again(bench: Bench) -> None:
    agent = bench.agent()
    await bench.ask(one := bench.persona(agent, name="One", idle_seconds=2.0))
    await one.shutdown()
    await bench.ask(bench.persona(agent, name="Two", idle_seconds=2.0))
    await asyncio.sleep(2.2)
    assert len(agent.starts) == 1 and agent.alive


async def test_close_of_the_registry_ends_everything(bench: Bench) -> None:
    agent = bench.agent()
    await bench.ask(bench.persona(agent))
    await bench.registry.close()
    assert not agent.alive


async def test_close_of_the_registry_while_an_agent_starts_leaves_nothing(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("", {"sleep": 1.5}, method="initialize")
    turn = asyncio.create_task(bench.ask(bench.persona(agent)))
    await until(lambda: agent.requests("initialize"))
    await bench.registry.close()
    assert "the server stops" in await turn
    assert not agent.alive and len(agent.starts) == 1


async def test_engine_made_by_hand_ends_its_process_itself(bench: Bench) -> None:
    agent = bench.agent()
    persona = bench.persona(agent, engine=AcpEngine())
    await bench.ask(persona)
    await persona.shutdown()
    assert not agent.alive


async def test_registries_share_nothing() -> None:
    one, two = EngineRegistry(()), EngineRegistry(())

    class Pool:
        async def close(self) -> None:
            closed.append(self)

    closed: list[Pool] = []
    assert one.shared("a", Pool) is one.shared("a", Pool)
    assert one.shared("a", Pool) is not two.shared("a", Pool)
    await one.close()
    assert len(closed) == 1


@linux
@pytest.mark.parametrize("wrapper", [False, True])
async def test_wrapper_and_grandchild_end_with_the_process(bench: Bench, wrapper: bool) -> None:
    agent = bench.agent(wrapper=wrapper, grandchild=True, deaf=True)
    persona = bench.persona(agent, idle_seconds=0)
    await bench.ask(persona)
    assert len(agent.grandchildren) == 1 and len(agent.alive) == 2
    await persona.shutdown()
    assert not agent.alive


def _children(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@linux
@pytest.mark.parametrize("victim", ["keeper", "program"])
async def test_death_of_the_first_process_is_noticed_and_leaves_nothing(
    bench: Bench, victim: str
) -> None:
    agent = bench.agent(wrapper=True, grandchild=True)
    agent.on("go", {"text": "so far"}, {"stubborn": True}, times=1)
    persona = bench.persona(agent)
    turn = asyncio.create_task(bench.ask(persona, "go"))
    await until(lambda: "so far" in bench.chat.bodies)
    keeper = bench.pool.agents[0].pid
    assert keeper is not None
    (program,) = _children(keeper)
    os.kill(keeper if victim == "keeper" else program, signal.SIGKILL)
    async with asyncio.timeout(5):
        assert "ended unexpectedly" in await turn
    if victim == "program":
        await until(lambda: not agent.alive)
    assert (await bench.ask(persona, "again")).endswith("again")
    if victim == "keeper":  # what has left the group can only be ended by the keeper
        for pid in agent.grandchildren[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


_SERVER = """
import asyncio, json, sys
from pathlib import Path
from persona.core import BasePersona, EngineRegistry, PersonaIdentity
from persona.engines.acp import AcpEngine
from persona.testing.chat import MemoryChat

async def main():
    command, *args = json.loads(sys.argv[1])
    registry = EngineRegistry(())
    registry.register(AcpEngine)
    chat = MemoryChat()
    persona = BasePersona(ychat=chat, engine=registry.create("acp"), root_dir=Path.cwd(),
        identity=PersonaIdentity(name="Probe"), options={"command": command, "args": args})
    await persona.process_message(chat.say("hello"))
    print(chat.bodies[-1], flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@linux
@pytest.mark.parametrize(
    ("number", "wrapper"),
    [(signal.SIGKILL, False), (signal.SIGKILL, True), (signal.SIGTERM, True)],
)
async def test_nothing_is_left_when_the_server_is_killed(
    tmp_path: Path, number: signal.Signals, wrapper: bool
) -> None:
    agent = ScriptedAgent(tmp_path / "agent", wrapper=wrapper, grandchild=True, deaf=True)
    with subprocess.Popen(  # noqa: ASYNC220 - short, and it is the test's own
        [sys.executable, "-c", _SERVER, json.dumps([agent.command, *agent.args])],
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    ) as server:
        assert server.stdout is not None
        assert await asyncio.to_thread(server.stdout.readline) == "You said: hello\n"
        assert len(agent.alive) == 2
        server.send_signal(number)
    await until(lambda: not agent.alive, 5)


async def test_restart_begins_with_a_fresh_process_and_goes_on(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("what", {"recite": True})
    persona = bench.persona(agent)
    await bench.ask(persona, "first")
    await persona.restart()
    assert (await bench.ask(persona, "what?")).startswith("first\n---\n")
    assert len(agent.starts) == 2
    await until(lambda: len(agent.alive) == 1)


async def test_restart_without_a_start_does_nothing(bench: Bench) -> None:
    agent = bench.agent()
    persona = bench.persona(agent)
    await persona.restart()
    assert await bench.ask(persona) == "You said: hello"
    assert len(agent.starts) == 1


async def test_restart_helps_against_an_agent_that_hangs_at_its_start(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("", {"stubborn": True}, times=1, method="initialize")
    persona = bench.persona(agent)
    turn = asyncio.create_task(bench.ask(persona, "one"))
    await until((agent.folder / "used-0").exists)
    async with asyncio.timeout(8):
        await persona.restart()
        await turn
    assert (await bench.ask(persona, "two")).endswith("two")


async def test_private_home_is_private(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "login.json").write_text("{}")
    launch = Launch(
        agent="some",
        command=("x",),
        env=(("SOME_HOME", HOME),),
        files=(("conf/a.toml", f"home = '{HOME}'"),),
        links=(("login.json", str(tmp_path / "login.json")), ("gone", "/not/there")),
    )
    home = prepare_home(launch)
    assert home.parent.name == "some" and home.parent.parent.name == "agents"
    for path in (home, home.parent, home / "conf"):
        assert path.stat().st_mode & 0o777 == 0o700
    file = home / "conf" / "a.toml"
    assert file.read_text() == f"home = '{home}'" and file.stat().st_mode & 0o777 == 0o600
    assert (home / "login.json").resolve() == tmp_path / "login.json"
    assert not (home / "gone").exists()
    assert prepare_home(launch) == home
    other = Launch("some", ("x",), env=(("SOME_HOME", HOME), ("KEY", "other")))
    assert prepare_home(other) != home


def test_login_that_the_agent_renewed_in_its_home_stays(tmp_path: Path) -> None:
    login = tmp_path / "login.json"
    login.write_text("old")
    os.utime(login, (1, 1))
    launch = Launch("some", ("y",), links=(("login.json", str(login)),))
    home = prepare_home(launch)
    (home / "new").write_text("renewed")
    (home / "new").replace(home / "login.json")
    prepare_home(launch)
    assert (home / "login.json").read_text() == "renewed"
    login.write_text("newer")
    os.utime(login, (2**31, 2**31))
    prepare_home(launch)
    assert (home / "login.json").read_text() == "newer"


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", ""])
def test_path_out_of_the_home_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no path inside"):
        prepare_home(Launch("some", ("z",), files=((name, ""),)))


async def test_process_starts_in_a_neutral_folder(bench: Bench) -> None:
    agent = bench.agent()
    await bench.ask(bench.persona(agent))
    assert not Path(agent.starts[0]["cwd"]).is_relative_to(bench.root)
    assert agent.requests("session/new")[0]["cwd"] == str(bench.root)


class Homely(AcpEngine):
    id = "homely"
    options_model = AcpEngine.options_model


async def test_home_is_named_in_what_the_session_is_opened_with(bench: Bench) -> None:
    agent = bench.agent()
    await bench.ask(bench.persona(agent, engine=Homely()))
    home = agent.starts[0]["env"]["SOME_HOME"]
    assert Path(home).is_dir()  # noqa: ASYNC240 - quick
    assert agent.requests("session/new")[0]["_meta"] == {"plugins": [{"path": f"{home}/x"}]}


def _homely(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    usual = AcpEngine.row.deliver(blocks, command)
    extra = {"_meta": {"plugins": [{"path": f"{HOME}/x"}]}}
    return replace(
        usual,
        launch=replace(usual.launch, env=(("SOME_HOME", HOME),)),
        session=replace(usual.session, extra=extra),
    )


Homely.row = replace(AcpEngine.row, deliver=_homely)


async def test_starts_in_one_home_come_one_after_the_other(bench: Bench) -> None:
    agent = bench.agent()
    for method in ("initialize", "session/new"):
        agent.on("", {"sleep": 0.5}, method=method)
    personas = [
        bench.persona(agent, name=f"P{n}", chat=MemoryChat(f"{n}.chat"), engine=Homely())
        for n in range(2)
    ]
    await asyncio.gather(*(bench.ask(persona) for persona in personas))
    assert len(agent.starts) == 2, "two engines made by hand have a process each"
    for method in ("initialize", "session/new"):
        entries = (e for e in agent.record if e.get("message", {}).get("method") == method)
        first, second = (entry["time"] for entry in entries)
        assert second - first >= 0.5


async def test_waiting_for_the_start_of_another_costs_no_start_seconds(bench: Bench) -> None:
    agent = bench.agent()
    agent.on("", {"sleep": 2.0}, method="initialize")
    agent.on("", {"sleep": 1.2}, method="session/new")
    personas = [
        bench.persona(
            agent,
            name=f"P{n}",
            chat=MemoryChat(f"{n}.chat"),
            engine=Homely(),
            start_seconds=5.0,
        )
        for n in range(3)
    ]
    said = await asyncio.gather(*(bench.ask(persona) for persona in personas))
    assert said == ["You said: hello"] * 3, "the last one waited longer than 5 s for the others"


async def test_limit_goes_on_when_the_home_is_free(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with exclusive(home):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                async with exclusive(home):
                    pytest.fail("two at once")

    async def waits() -> None:
        async with asyncio.timeout(0.2) as limit, exclusive(home, limit):
            await asyncio.sleep(60)

    async with exclusive(home):
        waiting = asyncio.create_task(waits())
        await asyncio.sleep(0.5)
        assert not waiting.done()
    async with asyncio.timeout(5):
        with pytest.raises(TimeoutError):
            await waiting


async def test_process_stays_its_idle_time_however_short_its_first_use_was(bench: Bench) -> None:
    agent = bench.agent()
    persona = bench.persona(agent, idle_seconds=30)
    await bench.ask(persona)
    await persona.shutdown()
    await asyncio.sleep(1.3)
    assert agent.alive
