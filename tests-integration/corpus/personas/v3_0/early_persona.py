from jupyter_ai.personas.base_persona import BasePersona, PersonaDefaults
from jupyterlab_chat.models import Message


class EarlyPersona(BasePersona):
    """Imports from where things were before 3.0 was out."""

    def __init__(self, ychat, config=None, log=None, message_interrupted=None, **kwargs):
        super().__init__(ychat=ychat, **kwargs)

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Early", description="From the betas", avatar_path="", system_prompt=""
        )

    async def process_message(self, message: Message):
        self.send_message("early")
