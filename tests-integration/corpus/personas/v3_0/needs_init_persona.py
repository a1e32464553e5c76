import os

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from jupyter_ai_persona_manager.persona_manager import PersonaRequirementsUnmet


class NeedsTokenPersona(BasePersona):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not os.environ.get("CORPUS_TOKEN_THAT_IS_NOT_SET"):
            raise PersonaRequirementsUnmet("Set CORPUS_TOKEN_THAT_IS_NOT_SET first.")

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Needs-Token", description="Needs a token", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.send_message("never said")
