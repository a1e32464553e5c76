from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from jupyterlab_chat.models import Message


class EchoPersona(BasePersona):
    @property
    def defaults(self) -> PersonaDefaults:
        return PersonaDefaults(
            name="Echo",
            description="Says what it hears.",
            avatar_path="",
            system_prompt="unused",
        )

    async def process_message(self, message: Message) -> None:
        self.send_message(f"You said: {message.body}")
