import json
import os

from jupyter_ai_acp_client.base_acp_persona import BaseAcpPersona
from jupyter_ai_persona_manager import PersonaDefaults
from jupyterlab_chat.models import Message


class LoginAgentPersona(BaseAcpPersona):
    """An agent that nobody has signed in to."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, executable=json.loads(os.environ["CORPUS_AGENT"]), **kwargs)

    @property
    def defaults(self) -> PersonaDefaults:
        return PersonaDefaults(
            name="Login-Agent", description="Needs a login", avatar_path="", system_prompt="unused"
        )

    async def is_authed(self) -> bool:
        return False

    async def handle_no_auth(self, message: Message) -> None:
        self.send_message("Please run `agent login` in a terminal.")
