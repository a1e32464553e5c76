"""The server extension of Jupyter AI, for files that name its class."""

from __future__ import annotations

from typing import Any

from persona.loaders.upstream.jupyter_ai_persona_manager.persona_manager import PersonaManager


class PersonaManagerExtension:
    """Stands in for the extension. It is never loaded: ``persona.jupyter`` does its work."""

    name = "jupyter_ai_persona_manager"
    persona_manager_class: type[PersonaManager] = PersonaManager

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            "PersonaManagerExtension is not supported: the server extension persona.jupyter "
            "attaches personas to chats. See docs/coming-from-jupyter-ai.md."
        )
