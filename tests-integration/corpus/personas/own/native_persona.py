"""Written for personas, not for Jupyter AI."""

from persona.core import BasePersona, PersonaDefaults


class NativePersona(BasePersona):
    defaults = PersonaDefaults(name="Native", description="Uses the author API")

    async def process_message(self, message):
        heard = [said.text for said in self.history if said.role == "human"]
        self.send_message(f"{self.text_of(message)}, before {len(heard)}, at {self.parent.base_url}")
