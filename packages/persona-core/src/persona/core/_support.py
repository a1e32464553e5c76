"""What an engine honours, said plainly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["enforced", "requested", "ignored"]
"""enforced: the engine sees to it. requested: the model is asked. ignored: no effect."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something that is missing before the engine can answer.

    Attributes:
        what: What is missing, one line.
        fix: How to provide it, one line; may hold a command.
        kind: A stable word for programs, as that of `TurnError`: ``login``, ``no-key``.
    """

    what: str
    fix: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class EngineSupport:
    """An engine's answer to "which blocks do you honour, and can you run here?".

    The default is ``ignored`` everywhere, so that silence is never taken for support.

    Attributes:
        model: Whether the model that the persona names answers.
        system_prompt: Whether the prompt reaches the model.
        mcp_servers: Whether the model can use the persona's MCP servers.
        skills: Whether the model knows the persona's skills.
        options: Whether the options take effect.
        missing: What is missing before the engine can answer.
        ignored: Single values of the persona without effect though their block is honoured,
            by dotted path, such as ``model.temperature``.
    """

    model: Level = "ignored"
    system_prompt: Level = "ignored"
    mcp_servers: Level = "ignored"
    skills: Level = "ignored"
    options: Level = "ignored"
    missing: tuple[Requirement, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "model": self.model,
            "system_prompt": self.system_prompt,
            "mcp_servers": self.mcp_servers,
            "skills": self.skills,
            "options": self.options,
            "missing": [{"what": m.what, "fix": m.fix} for m in self.missing],
            "ignored": list(self.ignored),
        }
