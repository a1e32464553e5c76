import asyncio

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class StreamingPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Streaming", description="Streams words", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        async def words():
            for number in range(1, 6):
                await asyncio.sleep(0.01)
                yield f"{number} "
            yield "done"

        await self.stream_message(words())
