from typing import Optional

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from jupyterlab_chat.models import Message
from jupyterlab_chat.ychat import YChat


class CountingPersona(BasePersona):
    seen: int = 0
    last_id: Optional[str] = None

    def __init__(self, *args, ychat: YChat, **kwargs):
        super().__init__(*args, ychat=ychat, **kwargs)
        self.chat_id = ychat.get_id()
        self.seen = 0

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Counting",
            description="Counts the messages of its chat",
            avatar_path="",
            system_prompt="",
        )

    async def process_message(self, message: Message):
        self.seen += 1
        found = self.ychat.get_message(message.id)
        messages = self.ychat.get_messages()
        assert self.chat_id == self.ychat.get_id()
        assert found is not None and found.body == message.body
        self.send_message(f"turn {self.seen}, messages {len(messages)}, same {self.ychat is self.chat}")
