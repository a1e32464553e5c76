import os

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults

AVATAR_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixed.svg")


class FixedPersona(BasePersona):
    """Plain class attribute in the place of the property."""

    defaults = PersonaDefaults(
        name="Fixed",
        description="Has its defaults as an attribute",
        avatar_path=AVATAR_PATH,
        system_prompt="You are fixed.",
    )

    async def process_message(self, message):
        self.send_message(f"{self.name} / {self.system_prompt}, avatar {bool(self.avatar_path)}")
