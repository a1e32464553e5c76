"""Many personas in many chats on one agent: its processes, and the memory of a session."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil

from benchmarks.acp_peers import Ours, bare_client, make_agent
from benchmarks.measure import Measure
from persona.core import BasePersona, PersonaModel
from persona.testing import ScriptedLLM
from persona.testing.chat import MemoryChat

PERSONAS, CHATS = 20, 5
SERVER = 500.0
AGENT = 1.25
AT_ONCE = 5
AGENTS = Path(os.environ.get("PERSONA_AGENTS", Path(__file__).parents[1] / ".tools" / "agents"))

Make = Callable[[Ours, str, MemoryChat], BasePersona]


async def scripted(folder: Path) -> list[Measure]:
    """Measure with the scripted agent: what is shared, and the server's own memory."""
    agent = make_agent(folder / "shared", 1)

    def make(ours: Ours, name: str, chat: MemoryChat) -> BasePersona:
        return ours.persona(name, chat, command=agent.command, args=agent.args)

    found = await _measure(folder, make, "", 0)
    # Those of the personas and as many of the bare client.
    extra = len(agent.requests("session/new")) - 2 * PERSONAS * CHATS
    return [*found, Measure("acp", "sessions beyond one for each persona and chat", extra, "", 0)]


async def opencode(folder: Path) -> list[Measure]:
    """Measure with opencode in the folder ``PERSONA_AGENTS``; nothing if it is not there."""
    programs = AGENTS / "opencode" / "node_modules" / ".bin"
    if not (programs / "opencode").exists():
        return []
    with _home(folder / "home", programs):
        async with ScriptedLLM() as llm:
            llm.on().reply("Hello.")
            model = PersonaModel(model_id="openai/scripted", model_url=llm.url)

            def make(ours: Ours, name: str, chat: MemoryChat) -> BasePersona:
                return ours.persona(name, chat, engine="opencode-acp", model=model)

            return await _measure(folder, make, "opencode", 6)


@contextmanager
def _home(home: Path, programs: Path) -> Iterator[None]:
    """Give the agents of this process a new home, and no other host to talk to."""
    nobody, here = "http://127.0.0.1:9", "127.0.0.1,localhost"
    new = {
        "HOME": str(home),
        "PATH": os.pathsep.join((str(programs), os.environ["PATH"])),
        "HTTP_PROXY": nobody,
        "HTTPS_PROXY": nobody,
        "NO_PROXY": here,
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "JUPYTER_DATA_DIR": str(home / "jupyter"),
    }
    home.mkdir()
    old = {name: os.environ.get(name) for name in new}
    os.environ.update(new)
    try:
        yield
    finally:
        for name, value in old.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


async def _measure(folder: Path, make: Make, case: str, calm: float) -> list[Measure]:
    ours = Ours(folder)
    me = psutil.Process()
    others = set(me.children())
    try:
        chats = [MemoryChat(f"{number}.chat") for number in range(CHATS)]
        personas = [make(ours, f"P{p}", chat) for p in range(PERSONAS) for chat in chats]
        for persona in personas:
            persona.engine.support()
        opened = len(set(me.children()) - others)
        await _ask(personas[0])
        (keeper,) = set(me.children()) - others
        (program,) = keeper.children()
        command, env = program.cmdline(), program.environ()
        gc.collect()
        server, first = me.memory_info().rss, await _settled(keeper, calm)
        for start in range(1, len(personas), AT_ONCE):
            await asyncio.gather(*map(_ask, personas[start : start + AT_ONCE]))
        gc.collect()
        grown = (me.memory_info().rss - server) / 1024 / (len(personas) - 1)
        last = await _settled(keeper, calm) - _memory(keeper, below=False)
        first -= _memory(keeper, below=False)
        processes = len(set(me.children()) - others)
    finally:
        await ours.close()
    bare_first, bare_last = await _bare(command, env, folder, len(personas), calm)
    further = 1024 * (len(personas) - 1)
    kilobytes = {"KB": (last - first) / further, "KB, the SDK": (bare_last - bare_first) / further}
    found = [
        Measure("acp", f"processes after opening {CHATS} chats with {PERSONAS} personas", opened,
                "", 0),
        Measure("acp", "processes after a turn of each persona in each chat", processes, "", 1,
                detail={"sessions": len(personas)}),
        Measure("acp", "memory of the server for each further session", grown, "KB", SERVER),
        Measure("acp", f"memory of the agent with {len(personas)} sessions, against a bare "
                "client's", last / bare_last, "x", AGENT,
                detail={"MB": last / 1e6, "MB, the SDK": bare_last / 1e6}
                | {f"{name}, each further": value for name, value in kilobytes.items()}),
    ]  # fmt: skip
    return [_named(measure, case) for measure in found]


def _named(measure: Measure, case: str) -> Measure:
    return replace(measure, title=f"{measure.title}, {case}") if case else measure


async def _ask(persona: BasePersona) -> None:
    chat = persona.chat
    assert isinstance(chat, MemoryChat)
    await persona.process_message(chat.say("hello"))


async def _bare(
    command: Sequence[str], env: dict[str, str], folder: Path, count: int, calm: float
) -> tuple[int, int]:
    """Return the agent's memory with one session and with all sessions of a bare client."""
    async with bare_client(command, env) as bare:
        await bare.open(folder)
        await bare.turn("hello", 1)
        process = psutil.Process(bare.pid)
        first = await _settled(process, calm)
        for start in range(1, count, AT_ONCE):
            some = range(start, min(start + AT_ONCE, count))
            await asyncio.gather(*(bare.another(folder, "hello") for _ in some))
        return first, await _settled(process, calm)


async def _settled(process: psutil.Process, seconds: float) -> int:
    """Return the least memory within some seconds: agents collect their garbage when idle."""
    found = _memory(process)
    for _ in range(int(seconds)):
        await asyncio.sleep(1)
        found = min(found, _memory(process))
    return found


def _memory(process: psutil.Process, *, below: bool = True) -> int:
    """Return the bytes that a process and all below it have for themselves.

    Shares of what others use too would change with every program that starts elsewhere.
    """
    everyone = (process, *(process.children(recursive=True) if below else ()))
    return int(sum(one.memory_full_info().uss for one in everyone))
