"""What a turn took, as it is noted with its last message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from persona.core._events import ConfigValue, Usage
from persona.core._models import PersonaModel


def with_later(usage: Usage | None, later: Usage) -> Usage:
    """Return the later of two reports, with what only the one before it tells.

    Agents tell of their context while they work, and of tokens at the end.
    """
    if usage is None:
        return later
    told: dict[str, Any] = {
        "input_tokens": later.input_tokens or usage.input_tokens,
        "output_tokens": later.output_tokens or usage.output_tokens,
    }
    for name in ("cost", "model", "context_used", "context_size"):
        value = getattr(later, name)
        told[name] = getattr(usage, name) if value is None else value
    return Usage(**told)


def summary(
    model: PersonaModel | None,
    engine: str | None,
    config: Sequence[ConfigValue],
    usage: Usage | None,
    seconds: float,
) -> dict[str, Any]:
    """Return what is known of a turn that is over, JSON-like and without any of its text.

    Called by the `ReplyWriter` for the note of the turn's last message.

    Args:
        model: The persona's model. Without one, what the agent itself says is noted.
        engine: Id of the engine.
        config: The settings of the agent's session.
        usage: The last that the engine told.
        seconds: How long the turn took.
    """
    noted: dict[str, Any] = {"seconds": round(seconds, 2)}
    if engine is not None:
        noted["engine"] = engine
    if model is None and (chosen := _chosen_model(config)):
        noted["model"] = chosen
    if usage is not None:
        noted["usage"] = {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost": usage.cost,
            "model": usage.model,
        }
        if usage.context_used is not None:
            noted["usage"]["context_used"] = usage.context_used
        if usage.context_size is not None:
            noted["usage"]["context_size"] = usage.context_size
    return noted


def _chosen_model(config: Sequence[ConfigValue]) -> str | None:
    """Return the model that an agent has chosen itself, as people call it."""
    for setting in config:
        if "model" in (setting.category, setting.id) and isinstance(setting.value, str):
            return dict(setting.choices).get(setting.value) or setting.value
    return None
