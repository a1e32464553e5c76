"""Where `PersonaManager` was in early versions."""

from persona.loaders.upstream.jupyter_ai_persona_manager.persona_manager import (
    SYSTEM_USERNAME,
    PersonaManager,
    PersonaRequirementsUnmet,
)

__all__ = ["PersonaManager", "PersonaRequirementsUnmet", "SYSTEM_USERNAME"]
