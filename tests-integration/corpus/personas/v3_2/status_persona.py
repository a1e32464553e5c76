import asyncio

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class StatusPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Status", description="Says what it does", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.set_status("is counting sheep...")
        try:
            await asyncio.sleep(0.3)
        finally:
            self.clear_status()
        self.send_message("slept")
