from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class BadInitPersona(BasePersona):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.table = {}["nothing"]

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Bad-Init", description="Fails when made", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.send_message("never said")
