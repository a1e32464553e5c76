from time import time

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from jupyterlab_chat.models import Message, NewMessage


class AwarePersona(BasePersona):
    """Writes its own messages, and says itself that it is writing."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Aware",
            description="Writes by hand",
            avatar_path="",
            system_prompt="",
        )

    async def process_message(self, message: Message):
        stream_id = None
        try:
            self.awareness.set_local_state_field("isWriting", True)
            for word in ("one ", "two ", "three"):
                if stream_id is None:
                    stream_id = self.ychat.add_message(NewMessage(body="", sender=self.id))
                    self.awareness.set_local_state_field("isWriting", stream_id)
                self.ychat.update_message(
                    Message(
                        id=stream_id,
                        body=word,
                        time=time(),
                        sender=self.id,
                        raw_time=False,
                    ),
                    append=True,
                )
        finally:
            self.awareness.set_local_state_field("isWriting", False)

    async def shutdown(self) -> None:
        self.awareness.shutdown()
        await super().shutdown()
