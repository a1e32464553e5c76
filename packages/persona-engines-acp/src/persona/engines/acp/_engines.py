"""The engines of the agents that are known: each is its row."""

from __future__ import annotations

from persona.engines.acp._engine import AcpEngine
from persona.engines.acp._rows import (
    CLAUDE,
    CODEX,
    COPILOT,
    GEMINI,
    GOOSE,
    KILO,
    KIRO,
    OPENCODE,
    QWEN,
    VIBE,
)


class ClaudeEngine(AcpEngine):
    """Claude Code."""

    row = CLAUDE


class CodexEngine(AcpEngine):
    """OpenAI's Codex."""

    row = CODEX


class CopilotEngine(AcpEngine):
    """GitHub Copilot CLI."""

    row = COPILOT


class GeminiEngine(AcpEngine):
    """Gemini CLI."""

    row = GEMINI


class GooseEngine(AcpEngine):
    """goose."""

    row = GOOSE


class KiloEngine(AcpEngine):
    """Kilo Code."""

    row = KILO


class KiroEngine(AcpEngine):
    """Kiro."""

    row = KIRO


class MistralVibeEngine(AcpEngine):
    """Mistral Vibe."""

    row = VIBE


class OpenCodeEngine(AcpEngine):
    """opencode."""

    row = OPENCODE


class QwenEngine(AcpEngine):
    """Qwen Code."""

    row = QWEN
