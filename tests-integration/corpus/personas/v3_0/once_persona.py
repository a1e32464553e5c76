import os

import litellm
from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class OncePersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Once", description="Asks a model without streaming", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        response = await litellm.acompletion(
            model="openai/scripted",
            api_base=os.environ["CORPUS_MODEL_URL"],
            api_key="none",
            messages=[{"role": "user", "content": "asked once"}],
        )
        self.send_message(response.choices[0].message.content)
