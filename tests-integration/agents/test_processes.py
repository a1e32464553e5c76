"""What is left of an agent when the process that started it ends in the middle of a turn."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import psutil

from persona.testing import ScriptedLLM

from .bench import until_gone
from .profiles import Profile

HOWS = [signal.SIGTERM]
if sys.platform == "linux":
    HOWS.append(signal.SIGKILL)


async def test_nothing_is_left_when_the_command_ends_in_a_turn(
    profile: Profile, llm: ScriptedLLM, tmp_path: Path
) -> None:
    folder = tmp_path / "project" / ".jupyter" / "personas"
    folder.mkdir(parents=True)
    model = {
        "model_id": f"{profile.provider}/{profile.models[0]}",
        "model_url": getattr(llm, profile.address),
    }
    (folder / "ada.persona.md").write_text(
        f"---\nidentity: {{name: Ada}}\nengine: {profile.engine}\nmodel: {json.dumps(model)}\n"
        "---\nADA-PROMPT\n",
        encoding="utf-8",
    )
    # Side by side: each takes seconds to start.
    left = await asyncio.gather(*(_ended(how, profile, llm, tmp_path / "project") for how in HOWS))
    for processes in left:
        await until_gone(processes)


async def _ended(
    how: signal.Signals, profile: Profile, llm: ScriptedLLM, folder: Path
) -> set[psutil.Process]:
    """End a command in the middle of a turn; return the processes that were below it."""
    mark = f"MARK-{how.name}"
    llm.on(text=mark, when=profile.is_turn).hang("I think about")
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "persona.cli", "ask", "Ada", mark),
        cwd=folder,
        env=dict(os.environ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(90):
            while not any(mark in r.text and profile.is_turn(r) for r in llm.requests):
                assert command.returncode is None, "it ended by itself"
                await asyncio.sleep(0.02)
        started = set(psutil.Process(command.pid).children(recursive=True))
        assert started
        command.send_signal(how)
        await asyncio.wait_for(command.wait(), 20)
    finally:
        if command.returncode is None:
            command.kill()
            await command.wait()
    return started
