import time

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class BlockingPersona(BasePersona):
    """Sleeps in the event loop, as many first attempts do."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Blocking", description="Blocks", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        time.sleep(3)
        self.send_message("awake again")
