from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from jupyter_ai_persona_manager.auth_manager import PersonaAuthManager, PersonaNotAuthenticated


class UnlockedPersona(BasePersona):
    """Its check is asynchronous and succeeds after a while."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.checks = 0
        self.auth = PersonaAuthManager(parent=self, config=self.config, check_auth_fn=self._check)

    async def _check(self) -> bool:
        self.checks += 1
        return self.checks > 3

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Unlocked", description="Signs in while it waits", avatar_path="", system_prompt=""
        )

    async def prepare(self) -> None:
        if not await self.auth.check_auth():
            raise PersonaNotAuthenticated()

    async def handle_message_no_auth(self, message) -> None:
        self.send_message("waiting for the login")
        self.auth.start_poll(0.1)

    async def handle_auth(self) -> None:
        self.send_message(f"signed in after {self.checks} checks: {self.auth.authed}")

    async def process_message(self, message) -> None:
        self.send_message("never said")
