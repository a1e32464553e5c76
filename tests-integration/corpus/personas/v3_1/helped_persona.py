import corpus_words
from corpus_words import greet
from corpus_library.shelf import books
from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class HelpedPersona(BasePersona):
    """Imports what lies beside it."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Helped", description="Uses helper modules", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        from corpus_late import late

        self.send_message(f"{greet('you')} {corpus_words.LANGUAGE} {', '.join(books())} {late()}")
