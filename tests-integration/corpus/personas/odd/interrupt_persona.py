from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class InterruptPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Interrupt", description="Ends programs", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        raise KeyboardInterrupt("as if by hand")
