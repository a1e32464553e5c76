"""A persona of an installed package."""

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class PackagedPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Packaged", description="Comes from a package", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.send_message(f"from {__name__}")
