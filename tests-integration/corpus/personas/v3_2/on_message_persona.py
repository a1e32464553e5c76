from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class WatchfulPersona(BasePersona):
    """Looks at each message before it is processed."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Watchful", description="Looks first", avatar_path="", system_prompt=""
        )

    async def on_message(self, message):
        if "secret" in message.body:
            self.send_message("I do not answer that.")
            return
        await super().on_message(message)

    async def process_message(self, message):
        self.send_message("answered")
