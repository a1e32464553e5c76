from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class ApologyPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Apology", description="Tells its errors itself", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        raise LookupError("the archive is closed")

    async def handle_uncaught_exception(self, exc: Exception) -> None:
        self.send_message(f"I am sorry: {exc}")
