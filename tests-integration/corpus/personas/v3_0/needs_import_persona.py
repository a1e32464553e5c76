import shutil

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults, PersonaRequirementsUnmet

if shutil.which("no-such-program-anywhere") is None:
    raise PersonaRequirementsUnmet(
        "This persona requires `no-such-program-anywhere` to be installed."
    )


class NeedsProgramPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Needs-Program", description="Needs a program", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.send_message("never said")
