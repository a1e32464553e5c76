"""The options of ACP engines."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from persona.core import Executes

Permissions = Literal["ask", "allow-reads", "allow-all", "deny"]
"""What happens when the agent wants to use a tool that needs a permission."""


class AcpOptions(BaseModel):
    """Options that every ACP engine takes, under ``options:`` of a persona."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    permissions: Annotated[Permissions, Executes(unless=("ask", "deny"))] = Field(
        "ask",
        description="ask: a person decides in the chat. allow-reads: reading and searching go "
        "ahead, the rest is asked. allow-all: everything goes ahead. deny: nothing does.",
    )
    mode: Annotated[str | None, Executes(unless=("ask", "default", "plan"))] = Field(
        None, description="The agent's own mode, by its id or name."
    )
    effort: str | None = Field(None, description="How long the model thinks, where it can be set.")
    config: Annotated[dict[str, str | bool], Executes()] = Field(
        default_factory=dict,
        description="Any other session option that the agent advertises: id and value.",
    )
    env: Annotated[dict[str, str], Executes()] = Field(
        default_factory=dict,
        description="Environment of the agent; ${NAME} is taken from the server's environment.",
    )
    api_key: str | None = Field(
        None,
        repr=False,
        description="Key for the model; ${NAME} takes it from the server's environment. "
        "By default the provider's own variable, OPENAI_API_KEY or the like.",
    )
    trust_project: Annotated[bool, Executes(unless=(False,))] = Field(
        False,
        description="Let the agent load its own configuration from the project: settings, hooks, "
        "plugins, MCP servers. They may run programs without asking.",
    )
    start_seconds: float = Field(
        60.0, gt=0, description="How long the agent may take to start, and again to open a session."
    )
    silence_seconds: float = Field(
        600.0,
        gt=0,
        description="How long the agent may say nothing in a turn before it is given up. A tool "
        "that works and a permission that is waited for may take any time.",
    )
    idle_seconds: float = Field(
        300.0, ge=0, description="How long the agent's process stays after its last session."
    )


class AnyAgentOptions(AcpOptions):
    """Options of the engine ``acp``: those of all, and how to start the agent."""

    command: Annotated[str, Executes()] = Field(
        min_length=1, description="Program that speaks ACP on its stdin and out."
    )
    args: Annotated[tuple[str, ...], Executes()] = Field((), description="Its arguments.")
