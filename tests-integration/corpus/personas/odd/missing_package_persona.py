import a_package_that_nobody_has
from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class MissingPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Missing", description="Lacks a package", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.send_message(a_package_that_nobody_has.answer())
