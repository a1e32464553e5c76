import asyncio

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class PatientPersona(BasePersona):
    """Goes on until it is told to stop."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._stop = asyncio.Event()

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Patient", description="Waits until it is stopped", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self._stop.clear()
        assert self.processing

        async def words():
            yield "waiting"
            await self._stop.wait()
            yield " until now"

        await self.stream_message(words())

    async def cancel_response(self) -> None:
        self._stop.set()
        self.send_message("I stop.")
