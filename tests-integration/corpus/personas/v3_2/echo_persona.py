from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from jupyterlab_chat.models import BaseChatModel, Message


class EchoPersona(BasePersona):
    """The same file name and class name as in another folder."""

    def __init__(self, *args, chat: BaseChatModel, **kwargs):
        super().__init__(*args, chat=chat, **kwargs)
        self.made_in = chat.get_path()

    @property
    def defaults(self) -> PersonaDefaults:
        return PersonaDefaults(
            name="Second-Echo", description="Echoes too", avatar_path="", system_prompt=""
        )

    async def process_message(self, message: Message) -> None:
        self.send_message(f"second echo in {self.made_in}: {self.chat.get_message(message.id).body}")
