from jupyter_ai_persona_manager.base_persona import BasePersona, PersonaDefaults
from jupyter_ai_persona_manager.persona_manager import SYSTEM_USERNAME, is_persona
from jupyterlab_chat.models import Message


class SubmodulesPersona(BasePersona):
    @property
    def defaults(self) -> PersonaDefaults:
        return PersonaDefaults(
            name="Submodules",
            description="Imports from the modules of the package",
            avatar_path="",
            system_prompt="",
        )

    async def process_message(self, message: Message) -> None:
        if message.sender == SYSTEM_USERNAME or is_persona(message.sender):
            return
        people = [m for m in self.ychat.get_messages() if not is_persona(m.sender)]
        self.send_message(f"from people: {len(people)}; me: {is_persona(self.id)}")
