from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class BadDefaultsPersona(BasePersona):
    @property
    def defaults(self):
        raise ZeroDivisionError("defaults cannot be told")

    async def process_message(self, message):
        self.send_message("never said")
