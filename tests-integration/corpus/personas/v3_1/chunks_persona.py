from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from litellm.types.utils import Delta, ModelResponseStream, StreamingChoices


def chunk(text):
    return ModelResponseStream(choices=[StreamingChoices(index=0, delta=Delta(content=text))])


class ChunksPersona(BasePersona):
    """Streams LiteLLM's own objects, some of them without text."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Chunks", description="Streams chunks of LiteLLM", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        async def chunks():
            yield chunk(None)
            for text in ("from ", "chunks", ""):
                yield chunk(text)
            yield " and text"

        await self.stream_message(chunks())
