"""Scenarios for the scripted ACP agent, and what it has seen."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_PROGRAM = Path(__file__).with_name("acp_agent.py")

Step = Mapping[str, Any]
"""One step of a rule, as `persona.testing.acp_agent` describes them."""


class ScriptedAgent:
    """A real agent process with a script, for tests of ACP clients.

    Give `command` and `args` to the client. The members of a scenario and the steps are
    described in `persona.testing.acp_agent`.

    Example:
        ```python
        agent = ScriptedAgent(tmp_path)
        agent.on("weather", {"thought": "Hm."}, {"text": "Sunny."})
        options = {"command": agent.command, "args": agent.args}
        ...
        assert agent.prompts == ["How is the weather?"]
        ```

    Args:
        folder: Where scenario, record and sessions are kept.
        scenario: Members of the scenario.
    """

    def __init__(self, folder: Path, **scenario: Any) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.scenario: dict[str, Any] = {"rules": [], **scenario}
        self.write()

    @property
    def command(self) -> str:
        """The program."""
        return sys.executable

    @property
    def args(self) -> list[str]:
        """Its arguments."""
        scenario = str(self.folder / "scenario.json")
        # By its file, without site-packages: it starts in a fraction of the time.
        return ["-I", "-S", str(_PROGRAM), "--scenario", scenario, "--state", str(self.folder)]

    def on(
        self, match: str, *steps: Step, times: int | None = None, method: str = "session/prompt"
    ) -> None:
        """Add a rule: what happens at a prompt whose text matches, or at another request.

        Args:
            match: A regular expression, searched for in the prompt's text.
            steps: What happens.
            times: How often, over all processes; None: always.
            method: The request; ``start`` for the start of the process.
        """
        rule: dict[str, Any] = {"on": method, "match": match, "steps": list(steps)}
        if times is not None:
            rule["times"] = times
        self.scenario["rules"].append(rule)
        self.write()

    def write(self) -> None:
        """Write the scenario; processes that are started from now on follow it."""
        file = self.folder / "scenario.json"
        file.write_text(json.dumps(self.scenario), encoding="utf-8")

    # -- what was seen -------------------------------------------------------------------

    @property
    def record(self) -> list[dict[str, Any]]:
        """Everything that was recorded, oldest first."""
        file = self.folder / "record.jsonl"
        if not file.exists():
            return []
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        # The agent may just be writing the last one.
        return [json.loads(line) for line in lines if line.endswith("\n")]

    @property
    def received(self) -> list[dict[str, Any]]:
        """The messages that the agent's processes were sent."""
        return [entry["message"] for entry in self.record if "message" in entry]

    def requests(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of each request or notification of a method."""
        return [m.get("params") or {} for m in self.received if m.get("method") == method]

    def answers(self) -> list[dict[str, Any]]:
        """Return what the client answered to the agent's own requests."""
        return [m for m in self.received if "method" not in m]

    @property
    def prompts(self) -> list[str]:
        """The text of each prompt."""
        return [_text(params.get("prompt", [])) for params in self.requests("session/prompt")]

    @property
    def starts(self) -> list[dict[str, Any]]:
        """How each process was started: ``argv``, ``env``, ``cwd``."""
        return [entry["start"] for entry in self.record if "start" in entry]

    @property
    def pids(self) -> list[int]:
        """Ids of the agent's processes, each once."""
        return list(dict.fromkeys(int(entry["pid"]) for entry in self.record))

    @property
    def grandchildren(self) -> list[int]:
        """Ids of the processes that the agent has started."""
        file = self.folder / "grandchildren"
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    @property
    def alive(self) -> list[int]:
        """Ids of all its processes that still run."""
        return [pid for pid in (*self.pids, *self.grandchildren) if _runs(pid)]


def _text(prompt: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(str(block["text"]) for block in prompt if block.get("type") == "text")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return Path("/proc").is_dir() is False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")
