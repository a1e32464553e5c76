from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class PreparedPersona(BasePersona):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.prepared = 0

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Prepared", description="Gets ready once", avatar_path="", system_prompt=""
        )

    async def prepare(self) -> None:
        self.prepared += 1

    async def process_message(self, message):
        running = self.processing_message
        self.send_message(f"prepared {self.prepared}, for this {running is not None and running.id == message.id}")
