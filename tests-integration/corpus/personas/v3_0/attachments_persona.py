from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from jupyterlab_chat.models import Message


class AttachmentsPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Attachments", description="Reads what is attached", avatar_path="", system_prompt=""
        )

    async def process_message(self, message: Message):
        context = self.process_attachments(message)
        if context is None:
            self.send_message("nothing attached")
            return
        paths = [self.resolve_attachment_to_path(i) for i in message.attachments]
        stored = self.ychat.get_attachments()
        self.send_message(f"{len(paths)} file(s), {len(stored)} stored:\n{context}")
