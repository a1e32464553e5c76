from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from traitlets import Int, Unicode, default


class TraitsPersona(BasePersona):
    """Is configured like everything else in Jupyter."""

    greeting = Unicode("Good day", help="How it greets.", config=True)
    times = Int(1).tag(config=True)
    place = Unicode().tag(config=True)

    @default("place")
    def _default_place(self):
        return "here"

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Traits", description="Is configurable", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.log.info("greeting")
        self.send_message(" ".join([self.greeting] * self.times) + f" ({self.place})")
