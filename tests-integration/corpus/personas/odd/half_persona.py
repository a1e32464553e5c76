from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class HalfPersona(BasePersona):
    """Fails in the middle of a stream; what it said stays."""

    @property
    def defaults(self):
        return PersonaDefaults(name="Half", description="Half", avatar_path="", system_prompt="")

    async def process_message(self, message):
        async def words():
            yield "half of it"
            raise OSError("the line was cut")

        await self.stream_message(words())
