"""What the next turn is to be had with, and what of it a session cannot change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona.core import McpServer
from persona.engines.acp._home import fingerprint, launch_data
from persona.engines.acp._options import AcpOptions
from persona.engines.acp._plan import ConfigChoice, Launch, SessionPlan


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the next turn is to be had with.

    Attributes:
        launch: How the agent is started.
        plan: What its session is opened with.
        choices: How the session is set.
        servers: MCP servers, variables replaced.
        folder: Where the agent works.
        options: The persona's options.
    """

    launch: Launch
    plan: SessionPlan
    choices: tuple[ConfigChoice, ...]
    servers: tuple[McpServer, ...]
    folder: Path
    options: AcpOptions

    @property
    def opening(self) -> tuple[Any, ...]:
        """What a session cannot change once it is open; equal ones can be had with one."""
        plan = self.plan
        return (self.launch, self.folder, self.servers, plan.extra, plan.preamble, plan.stdio_mcp)

    def fingerprint(self) -> str:
        """Return a short name of `opening`, safe to be in a chat. Blocking."""
        servers = [server.model_dump(mode="json") for server in self.servers]
        plan = self.plan
        return fingerprint(
            [
                launch_data(self.launch),
                str(self.folder),
                servers,
                dict(plan.extra),
                plan.preamble,
                plan.stdio_mcp,
            ]
        )
