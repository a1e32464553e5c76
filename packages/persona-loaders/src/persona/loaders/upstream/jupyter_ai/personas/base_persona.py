"""Where `BasePersona` was in early versions."""

from persona.loaders.upstream.jupyter_ai_persona_manager.base_persona import (
    BasePersona,
    PersonaDefaults,
)

__all__ = ["BasePersona", "PersonaDefaults"]
