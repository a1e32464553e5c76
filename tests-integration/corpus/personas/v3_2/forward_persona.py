from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class ForwardPersona(BasePersona):
    """Asks another persona by mentioning it, at the end of a stream."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Forward", description="Passes questions on", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        async def words():
            yield "Let us ask.\n\n"
            yield "@Cat what do you say?"

        await self.stream_message(words())
