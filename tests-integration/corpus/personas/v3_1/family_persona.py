from abc import abstractmethod

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class SpeakingPersona(BasePersona):
    """What the two below have in common."""

    @abstractmethod
    def word(self) -> str: ...

    async def process_message(self, message):
        self.send_message(f"{self.name} says {self.word()}")


class CatPersona(SpeakingPersona):
    @property
    def defaults(self):
        return PersonaDefaults(name="Cat", description="A cat", avatar_path="", system_prompt="")

    def word(self):
        return "meow"


class DogPersona(SpeakingPersona):
    @property
    def defaults(self):
        return PersonaDefaults(name="Dog", description="A dog", avatar_path="", system_prompt="")

    def word(self):
        return "woof"
