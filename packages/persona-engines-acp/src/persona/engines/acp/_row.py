"""What is known about one agent: where it is found, how to get it, how it is addressed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from persona.engines.acp._options import Permissions
from persona.engines.acp._plan import Blocks, Delivery


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent. A package adds one by subclassing `AcpEngine` with a ``row`` of its own.

    Attributes:
        id: Id of the engine.
        name: What people call the agent.
        commands: Programs to look for, the best first: each a name on PATH.
        args: Arguments that make it speak ACP.
        version_args: Arguments that make it print its version; empty: not asked.
        minimum: The oldest version that works, numbers; empty: any.
        install: Command that installs it, for people.
        login: What to do when it wants a login, for people.
        deliver: Turns the five blocks into what the agent is given. Has no effect. It gets
            the command that was found as its second argument.
        ends_with_input: Whether it ends when its input does; else it is told by a signal at
            once.
        modes: The agent's own mode for each of our permissions; missing: left as it is.
        noise: Regular expressions of lines of text that are the agent's own remarks, not
            the model's; shown as notices.
    """

    id: str
    name: str
    commands: tuple[str, ...]
    deliver: Callable[[Blocks, tuple[str, ...]], Delivery]
    args: tuple[str, ...] = ()
    version_args: tuple[str, ...] = ("--version",)
    minimum: tuple[int, ...] = ()
    install: str = ""
    login: str = ""
    ends_with_input: bool = True
    modes: dict[Permissions, str] = field(default_factory=dict)
    noise: tuple[str, ...] = ()
