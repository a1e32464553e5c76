import asyncio
from pathlib import Path

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class GoodbyePersona(BasePersona):
    """Awaits in its shutdown, and calls that of its base."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Goodbye", description="Says goodbye", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.send_message("here")

    async def shutdown(self) -> None:
        await super().shutdown()
        await asyncio.sleep(0)
        Path(self.get_workspace_dir(), "goodbye.txt").write_text("gone")
