from pathlib import Path

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class ClosingPersona(BasePersona):
    """Its shutdown is an ordinary function."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Closing", description="Closes without awaiting", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.send_message("open")

    def shutdown(self):
        Path(self.get_workspace_dir(), "closing.txt").write_text("closed")
