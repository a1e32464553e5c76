"""What to say about an engine that is not installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from persona.core._diagnostics import did_you_mean

_LITELLM = "persona-engine-litellm"
_ACP = "persona-engines-acp"
_CLI = "persona-cli"
_LOADERS = "persona-loaders"

KNOWN_ENGINES: Mapping[str, str] = MappingProxyType(
    {
        "acp": _ACP,
        "claude-acp": _ACP,
        "codex-acp": _ACP,
        "copilot-acp": _ACP,
        "gemini-acp": _ACP,
        "goose-acp": _ACP,
        "kilo-acp": _ACP,
        "kiro-acp": _ACP,
        "litellm": _LITELLM,
        "mistral-vibe-acp": _ACP,
        "opencode-acp": _ACP,
        "python": _LOADERS,
        "qwen-acp": _ACP,
        "recall": _CLI,
    }
)
"""Engines of this project by id, with the package that offers each."""

_MEANT: Mapping[str, str] = MappingProxyType(
    {
        "acp-client": "acp",
        "anthropic": "litellm",
        "claude": "claude-acp",
        "claude-agent": "claude-acp",
        "claude-agent-acp": "claude-acp",
        "claude-code": "claude-acp",
        "claude-code-acp": "claude-acp",
        "codex": "codex-acp",
        "codex-cli": "codex-acp",
        "copilot": "copilot-acp",
        "copilot-cli": "copilot-acp",
        "gemini": "gemini-acp",
        "gemini-cli": "gemini-acp",
        "github-copilot": "copilot-acp",
        "goose": "goose-acp",
        "goose-cli": "goose-acp",
        "jupyter-ai": "litellm",
        "jupyternaut": "litellm",
        "kilo": "kilo-acp",
        "kilo-cli": "kilo-acp",
        "kilo-code": "kilo-acp",
        "kilocode": "kilo-acp",
        "kiro": "kiro-acp",
        "kiro-cli": "kiro-acp",
        "lite-llm": "litellm",
        "llm": "litellm",
        "mistral-vibe": "mistral-vibe-acp",
        "ollama": "litellm",
        "open-code": "opencode-acp",
        "openai": "litellm",
        "opencode": "opencode-acp",
        "opencode-ai": "opencode-acp",
        "qwen": "qwen-acp",
        "qwen-cli": "qwen-acp",
        "qwen-code": "qwen-acp",
        "vibe": "mistral-vibe-acp",
    }
)
"""What people write who know the agent, or another tool's name for it."""


CODE_ENGINE = "python"
"""The engine for personas that are written in Python; no other can use it."""


def engine_fix(engine_id: str, installed: Iterable[str]) -> str:
    """Return what to do about an engine id that no installed package offers.

    Called for findings and for the error of the registry; imports no engine.

    Args:
        engine_id: As it is written.
        installed: Ids of the installed engines.
    """
    there = sorted(installed)
    plain = "-".join(engine_id.lower().replace("_", " ").replace("-", " ").split())
    meant = plain if plain in KNOWN_ENGINES else _MEANT.get(plain)
    meant = meant or did_you_mean(engine_id, there) or did_you_mean(engine_id, KNOWN_ENGINES)
    if meant is None:
        known = f", or use one of: {', '.join(there)}" if there else ""
        return f"Install the package that offers it{known}."
    said = [] if meant == engine_id else [f"Did you mean {meant!r}?"]
    if meant not in there:
        said.append(
            f"It comes with the package {KNOWN_ENGINES[meant]}; install that from where "
            "your other persona packages come from."
        )
    return " ".join(said)
