import asyncio
from pathlib import Path

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class ManagerPersona(BasePersona):
    """Uses what the manager of the chat gives."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Manager", description="Uses its parent", avatar_path="", system_prompt=""
        )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._done = asyncio.Event()

    async def _work(self):
        self.parent.log.debug("working")
        self._done.set()

    async def process_message(self, message):
        task = self.parent.event_loop.create_task(self._work())
        await self._done.wait()
        await task
        running = asyncio.get_running_loop()
        loops = running is self.parent.event_loop and running is self.event_loop
        root = Path(self.parent.root_dir).name
        folder = Path(self.parent.get_chat_dir()).name
        self.send_message(f"loops {loops}, root {root}, folder {folder}, room {bool(self.parent.room_id)}")
