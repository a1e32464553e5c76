"""What is left of an agent when the process that started it ends in the middle of a turn."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from persona.testing import ScriptedLLM

from .bench import until_gone
from .profiles import Profile

HOWS = [signal.SIGTERM]
if sys.platform == "linux":
    HOWS.append(signal.SIGKILL)


@pytest.mark.parametrize("how", HOWS, ids=lambda how: how.name)
async def test_nothing_is_left_when_the_command_ends_in_a_turn(
    profile: Profile, llm: ScriptedLLM, tmp_path: Path, how: signal.Signals
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
    llm.on(text="MARK-HANG", when=profile.is_turn).hang("I think about")
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "persona.cli", "ask", "Ada", "MARK-HANG"),
        cwd=tmp_path / "project",
        env=dict(os.environ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await llm.received(1, timeout=90)
        started = set(psutil.Process(command.pid).children(recursive=True))
        assert started
        command.send_signal(how)
        await asyncio.wait_for(command.wait(), 20)
    finally:
        if command.returncode is None:
            command.kill()
            await command.wait()
    await until_gone(started)
