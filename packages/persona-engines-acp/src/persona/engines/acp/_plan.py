"""What an agent is given: how to start it, what to open a session with, what is honoured.

Data only. A row (`AgentRow`) makes a `Delivery` from the five blocks, without any effect;
the rest of the package carries it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from persona.core import EngineSupport, PersonaContext, PersonaModel
from persona.engines.acp._options import AcpOptions

HOME = "{persona:home}"
"""Stands in commands, environment and files for the agent's private configuration home."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a row is asked to deliver.

    Attributes:
        slug: Short name of the persona, for names that the agent shows.
        model: The model block, or None to leave it to the agent.
        context: Prompt, MCP servers, skills; skills paths are absolute.
        options: The options, validated.
        cwd: Folder to work in, absolute.
        environment: The server's environment, read-only; logins and keys are found there.
    """

    slug: str
    model: PersonaModel | None
    context: PersonaContext
    options: AcpOptions
    cwd: Path
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start an agent's process. Equal launches share one process.

    Attributes:
        agent: The row's id.
        command: Program and arguments. `HOME` in them is replaced.
        env: Environment beside the safe base (HOME, PATH, …), sorted. May hold secrets.
        files: Files to write into the private home before the start: path in it and text.
        links: Links to make in the private home: path in it and what it leads to (the
            user's login, folders of skills). What does not exist is passed over.
    """

    agent: str
    command: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    files: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    links: tuple[tuple[str, str], ...] = ()

    @property
    def needs_home(self) -> bool:
        """Whether anything of it lies in a private home."""
        return bool(self.files or self.links) or any(
            HOME in text for text in (*self.command, *(value for _, value in self.env))
        )


@dataclass(frozen=True, slots=True)
class ConfigChoice:
    """A session config option to set after a session was opened.

    Attributes:
        option: Id or category of the option (``model``, ``mode``, ``thought_level`` …).
        value: What to choose: a value's id or, failing that, its name.
        required: Whether the turn fails when the agent does not offer it; else a notice.
        also: Other spellings of the same value, tried when ``value`` is not offered.
    """

    option: str
    value: str | bool
    required: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What to open a session with.

    Attributes:
        extra: Further members of ``session/new`` and ``session/load`` (``_meta``,
            ``systemPrompt`` …); JSON-like.
        choices: Config options to set, in this order.
        set_model: Model for agents that know only ``session/set_model``; None for others.
        preamble: Text to put before the first prompt, for what cannot be had otherwise.
        stdio_mcp: Whether the agent takes stdio MCP servers; if not they are bridged to
            HTTP on loopback.
    """

    extra: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[ConfigChoice, ...] = ()
    set_model: str | None = None
    preamble: str | None = None
    stdio_mcp: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """All of it, and how far each block is honoured."""

    launch: Launch
    session: SessionPlan
    support: EngineSupport
