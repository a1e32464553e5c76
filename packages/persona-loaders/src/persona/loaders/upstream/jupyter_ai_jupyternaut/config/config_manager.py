"""Jupyternaut's settings as a persona reads them: what the persona itself is configured for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from persona.core import BasePersona


class ConfigManager:
    """Says which model is configured.

    Args:
        held: The persona.
    """

    def __init__(self, held: BasePersona) -> None:
        self._held = held

    @property
    def chat_model(self) -> str | None:
        """The model, as ``provider/model``."""
        model = self._held.model
        return None if model is None else model.model_id

    @property
    def chat_model_args(self) -> dict[str, Any]:
        """Arguments for LiteLLM besides the model."""
        model = self._held.model
        if model is None:
            return {}
        found = {
            "api_base": model.model_url,
            "temperature": model.temperature,
            "top_p": model.top_p,
            "max_tokens": model.max_output_tokens,
        }
        options = {k: v for k, v in self._held.options.items() if k in ("api_key", "api_base")}
        return {k: v for k, v in found.items() if v is not None} | options

    @property
    def completion_model(self) -> str | None:
        """The same model."""
        return self.chat_model

    @property
    def custom_models(self) -> list[Any]:
        """None: models are configured for each persona."""
        return []

    def get_custom_model(self, custom_model_id: str) -> Any:
        """Return None: there are no custom models."""
        return None

    def get_config(self) -> Any:
        """Return the settings as an object with ``fields`` and ``model_provider_id``."""
        name = self.chat_model
        fields = {name: self.chat_model_args} if name else {}
        return SimpleNamespace(model_provider_id=name, fields=fields, send_with_shift_enter=False)
