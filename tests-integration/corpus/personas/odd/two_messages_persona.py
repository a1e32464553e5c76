from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class TalkativePersona(BasePersona):
    """Answers with several messages, one of them streamed and one of them corrected."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Talkative", description="Says much", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.send_message("first of all")

        async def words():
            for word in ("then ", "streamed"):
                yield word

        await self.stream_message(words())
        mine = [m for m in self.chat.get_messages() if m.sender == self.id]
        last = mine[-1]
        last.body += ", corrected"
        self.chat.update_message(last)
        self.send_message(f"and last, {len(mine)} before")
