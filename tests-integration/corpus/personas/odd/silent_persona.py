from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class SilentPersona(BasePersona):
    """Has nothing to say to most messages."""

    @property
    def defaults(self):
        return PersonaDefaults(name="Silent", description="Silent", avatar_path="", system_prompt="")

    async def process_message(self, message):
        if "speak" in message.body:
            self.send_message("I can speak")
