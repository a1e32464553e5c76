"""The start of an engine: one at a time, and one that hangs can be broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from persona.core._engine import PersonaEngine
from persona.core._errors import as_turn_error


class EngineStart:
    """What of one persona's engines starts now.

    Attributes:
        lock: Held by whoever starts an engine or puts another in its place.
        engine: The engine that starts, or None.
    """

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.engine: PersonaEngine | None = None
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def of(self, engine: PersonaEngine) -> Iterator[None]:
        """Note that ``engine`` starts, from what precedes `run` to its end."""
        self.engine = engine
        try:
            yield
        finally:
            self.engine = None

    async def run(self, engine: PersonaEngine) -> None:
        """Start ``engine``, in a task of its own: it can be broken off, whoever waits for it."""
        self._task = asyncio.create_task(_started(engine), name=f"start of {engine.id}")
        await self._task

    def break_off(self, engine: PersonaEngine | None) -> None:
        """End the start of an engine that takes too long for what is to come."""
        if self.engine is engine and self._task is not None:
            self._task.cancel()

    async def over(self, patience: float) -> bool:
        """Wait until nothing starts; return False if that takes more than ``patience`` seconds."""
        try:
            async with asyncio.timeout(patience), self.lock:
                return True
        except TimeoutError:
            return False


def is_broken_off() -> bool:
    """Whether a start was cancelled, and not whoever waits for it."""
    task = asyncio.current_task()
    return task is not None and not task.cancelling()


async def _started(engine: PersonaEngine) -> None:
    try:
        await engine.start()
    except SystemExit as exc:  # out of a task it would end the server
        raise as_turn_error(exc) from exc
