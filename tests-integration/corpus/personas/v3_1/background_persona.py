import asyncio
import logging
import subprocess
import sys

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from jupyterlab_chat.models import NewMessage
from jupyterlab_chat.utils import find_mentions

logger = logging.getLogger(__name__)
VERSION = subprocess.run(
    [sys.executable, "--version"], capture_output=True, text=True, timeout=20
).stdout.strip()
LOCK = asyncio.Lock()


class BackgroundPersona(BasePersona):
    """Starts tasks when it is made, and answers after its turn is over."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._ready = asyncio.Event()
        self._warm = self.event_loop.create_task(self._warm_up())
        self._tasks = set()
        self.folder = self.get_chat_dir()

    async def _warm_up(self):
        await asyncio.sleep(0.01)
        self._ready.set()

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Background", description="Works behind the scenes", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        task = self.event_loop.create_task(self._later(message.body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _later(self, body):
        await self._ready.wait()
        async with LOCK:
            await asyncio.sleep(0.3)

            async def words():
                yield "later: "
                yield body

            await self.stream_message(words())
        self.ychat.add_message(
            NewMessage(body=f"with {VERSION.split()[0]}", sender=self.id),
            trigger_actions=[find_mentions],
        )
