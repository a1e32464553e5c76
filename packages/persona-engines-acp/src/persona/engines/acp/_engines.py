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

    id = CLAUDE.id
    row = CLAUDE


class CodexEngine(AcpEngine):
    """OpenAI's Codex."""

    id = CODEX.id
    row = CODEX


class CopilotEngine(AcpEngine):
    """GitHub Copilot CLI."""

    id = COPILOT.id
    row = COPILOT


class GeminiEngine(AcpEngine):
    """Gemini CLI."""

    id = GEMINI.id
    row = GEMINI


class GooseEngine(AcpEngine):
    """goose."""

    id = GOOSE.id
    row = GOOSE


class KiloEngine(AcpEngine):
    """Kilo Code."""

    id = KILO.id
    row = KILO


class KiroEngine(AcpEngine):
    """Kiro."""

    id = KIRO.id
    row = KIRO


class MistralVibeEngine(AcpEngine):
    """Mistral Vibe."""

    id = VIBE.id
    row = VIBE


class OpenCodeEngine(AcpEngine):
    """opencode."""

    id = OPENCODE.id
    row = OPENCODE


class QwenEngine(AcpEngine):
    """Qwen Code."""

    id = QWEN.id
    row = QWEN
