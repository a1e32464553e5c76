from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from jupyter_ai_persona_manager.auth_manager import PersonaAuthManager
from jupyterlab_chat.models import Message


class LockedPersona(BasePersona):
    """Nobody is signed in, and it says what to do."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.auth = PersonaAuthManager(parent=self, check_auth_fn=self._check)

    def _check(self) -> bool:
        return False

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Locked", description="Needs a login", avatar_path="", system_prompt=""
        )

    async def prepare(self) -> None:
        await self.auth.assert_auth()

    async def handle_message_no_auth(self, message: Message) -> None:
        self.send_message("Sign in first, please.")

    async def process_message(self, message: Message) -> None:
        self.send_message("never said")
