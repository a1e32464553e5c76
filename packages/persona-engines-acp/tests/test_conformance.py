"""The engine passes the tests that every engine must pass, on a scripted agent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from persona.engines.acp import AcpEngine
from persona.testing import ScriptedAgent
from persona.testing.conformance import EngineConformance

LONG = "\n".join(map(str, range(1, 501)))


class TestAcp(EngineConformance):
    engine_class = AcpEngine
    asking_prompt = "Remove the file."

    @pytest.fixture
    def agent(self, tmp_path: Path) -> ScriptedAgent:
        agent = ScriptedAgent(tmp_path / "agent")
        agent.on("five hundred", {"text": LONG, "pieces": 4, "pause": 0.01})
        permission = {
            "toolCall": {"toolCallId": "t", "title": "rm x", "kind": "delete"},
            "options": [
                {"optionId": "y", "name": "Yes", "kind": "allow_once"},
                {"optionId": "n", "name": "No", "kind": "reject_once"},
            ],
        }
        done, kept = [{"text": "Gone."}], [{"text": "Kept."}]
        agent.on("Remove", {"permission": permission, "allowed": done, "rejected": kept})
        return agent

    @pytest.fixture
    def options(self, agent: ScriptedAgent) -> Mapping[str, Any]:
        return {"command": agent.command, "args": agent.args}

    @pytest.fixture
    def failing(self) -> Mapping[str, Any]:
        return {"options": {"command": "no-such-agent-here"}}
