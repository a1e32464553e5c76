from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class MemoryPersona(BasePersona):
    """Keeps a number in the chat's metadata."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Memory", description="Keeps notes in the chat", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        key = "corpus_memory"
        count = int(self.ychat.get_metadata().get(key, 0)) + 1
        self.ychat.set_metadata(key, count)
        self.send_message(f"asked {count} time(s)")
