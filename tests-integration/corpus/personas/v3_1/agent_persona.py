import json
import os

from jupyter_ai_acp_client.base_acp_persona import BaseAcpPersona
from jupyter_ai_persona_manager import PersonaDefaults
from jupyterlab_chat.models import Message


class AgentPersona(BaseAcpPersona):
    """An agent that speaks ACP."""

    def __init__(self, *args, **kwargs):
        executable = json.loads(os.environ["CORPUS_AGENT"])
        super().__init__(*args, executable=executable, **kwargs)

    @property
    def defaults(self) -> PersonaDefaults:
        return PersonaDefaults(
            name="Agent", description="An ACP agent", avatar_path="", system_prompt="unused"
        )

    async def process_message(self, message: Message) -> None:
        await super().process_message(message)
