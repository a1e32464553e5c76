import os

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from jupyterlab_chat.models import Message
from litellm import acompletion


class DirectPersona(BasePersona):
    """Calls LiteLLM itself and streams what that gives."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Direct",
            description="Talks to LiteLLM directly",
            avatar_path="",
            system_prompt="You are direct.",
        )

    async def process_message(self, message: Message) -> None:
        response_aiter = await acompletion(
            model="openai/scripted",
            api_base=os.environ["CORPUS_MODEL_URL"],
            api_key="none",
            stream=True,
            messages=[
                {"role": "system", "content": self.system_prompt},
                {"role": "user", "content": "direct question"},
            ],
        )
        await self.stream_message(response_aiter)
