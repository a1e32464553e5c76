"""Where personas were in early versions."""

from persona.loaders.upstream.jupyter_ai_persona_manager import (
    BasePersona,
    PersonaDefaults,
    PersonaManager,
    PersonaRequirementsUnmet,
)

__all__ = ["BasePersona", "PersonaDefaults", "PersonaManager", "PersonaRequirementsUnmet"]
