"""Engines for agents that speak the Agent Client Protocol."""

from persona.engines.acp._engine import AcpEngine
from persona.engines.acp._engines import (
    ClaudeEngine,
    CodexEngine,
    CopilotEngine,
    GeminiEngine,
    GooseEngine,
    KiloEngine,
    KiroEngine,
    MistralVibeEngine,
    OpenCodeEngine,
    QwenEngine,
)
from persona.engines.acp._options import AcpOptions, AnyAgentOptions
from persona.engines.acp._plan import HOME, Blocks, ConfigChoice, Delivery, Launch, SessionPlan
from persona.engines.acp._row import AgentRow
from persona.engines.acp._rows import deliver_any

__all__ = [
    "AcpEngine",
    "AcpOptions",
    "AgentRow",
    "AnyAgentOptions",
    "Blocks",
    "ClaudeEngine",
    "CodexEngine",
    "ConfigChoice",
    "CopilotEngine",
    "Delivery",
    "GeminiEngine",
    "GooseEngine",
    "HOME",
    "KiloEngine",
    "KiroEngine",
    "Launch",
    "MistralVibeEngine",
    "OpenCodeEngine",
    "QwenEngine",
    "SessionPlan",
    "deliver_any",
]
