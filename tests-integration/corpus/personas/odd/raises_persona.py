from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class RaisesPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Raises", description="Fails in a turn", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.send_message("before")
        raise KeyError("a key that is not there")
