from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class PeoplePersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="People", description="Knows who is here", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        users = self.ychat.get_users()
        sender = users.get(message.sender)
        asker = sender.display_name if sender else message.sender
        me = self.as_user()
        known = users.get(self.id)
        self.send_message(
            f"hello {bool(asker)}, I am @{me.mention_name}, "
            f"bot {me.bot}, known {known is not None and known.username == me.username}, "
            f"dict {self.as_user_dict()['name']}"
        )
