"""The agents that are known, one row each."""

from persona.engines.acp._rows._any import ANY_AGENT, deliver_any
from persona.engines.acp._rows._claude import CLAUDE
from persona.engines.acp._rows._codex import CODEX
from persona.engines.acp._rows._copilot import COPILOT
from persona.engines.acp._rows._gemini import GEMINI
from persona.engines.acp._rows._goose import GOOSE
from persona.engines.acp._rows._kiro import KIRO
from persona.engines.acp._rows._opencode import KILO, OPENCODE
from persona.engines.acp._rows._qwen import QWEN
from persona.engines.acp._rows._vibe import VIBE

__all__ = [
    "ANY_AGENT",
    "CLAUDE",
    "CODEX",
    "COPILOT",
    "GEMINI",
    "GOOSE",
    "KILO",
    "KIRO",
    "OPENCODE",
    "QWEN",
    "VIBE",
    "deliver_any",
]
