from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class PersonalPersona(BasePersona):
    """Lies in the user's folder, not in the project."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Personal", description="The user's own", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.send_message("yours")
