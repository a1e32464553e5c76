from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class ShimPersona(BasePersona):
    """Carries the shim that files needed to run on 3.1 and 3.2."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ychat = self.chat

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Shim", description="Sets ychat itself", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.send_message(f"shim {self.ychat is self.chat} {self.ychat.get_path()}")
