"""The personas of one chat that were used since it opened, until they are let go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from persona.core import BasePersona, EngineRegistry, PersonaDefinition
from persona.jupyter._refresh import Refreshed, apply_changes

if TYPE_CHECKING:
    from persona.jupyter._last_good import LiveView

Release = Callable[[BasePersona], Awaitable[None]]
"""What is done with a persona that is gone."""


class LivePersonas:
    """Keeps personas as they are used; lets them finish, or stops them.

    Args:
        registry: Engines.
        spawn: Runs something in the background until the chat closes.

    Attributes:
        all: The personas by short name.
    """

    def __init__(
        self,
        registry: EngineRegistry,
        spawn: Callable[[Coroutine[Any, Any, None], str], object],
    ) -> None:
        self._registry = registry
        self._spawn = spawn
        self._used: dict[str, PersonaDefinition] = {}
        self._leaving: set[BasePersona] = set()
        self.all: dict[str, BasePersona] = {}

    def add(self, slug: str, persona: BasePersona, definition: PersonaDefinition) -> None:
        """Keep a persona that was made from a definition."""
        self.all[slug] = persona
        self._used[slug] = definition

    async def apply(self, before: LiveView, after: LiveView, release: Release) -> Refreshed:
        """Bring the personas from one view to another; see `apply_changes`."""
        return await apply_changes(before, after, self.all, self._used, self._registry, release)

    def withdraw(self) -> None:
        """Withdraw all open questions for permission."""
        for persona in self.all.values():
            for request in persona.permissions:
                request.withdraw()

    async def let_finish(self, persona: BasePersona) -> None:
        """Let a persona whose file is gone end what it was asked before, then let it go."""
        self._leaving.add(persona)
        self._spawn(self._finish(persona), f"let {persona.id} go")

    async def release(self, slug: str) -> None:
        """Let one go that may not go on: it is stopped at once."""
        persona = self.all.pop(slug, None)
        self._used.pop(slug, None)
        if persona is not None:
            await persona.shutdown()

    async def stop(self) -> int:
        """Stop all running and waiting turns and return how many there were."""
        personas = [*self.all.values(), *self._leaving]
        return sum(await asyncio.gather(*(p.stop() for p in personas)))

    async def close(self) -> None:
        """Release every persona."""
        personas, self.all = [*self.all.values(), *self._leaving], {}
        await asyncio.gather(*(persona.shutdown() for persona in personas))

    async def _finish(self, persona: BasePersona) -> None:
        try:
            await persona.finish()
        finally:
            self._leaving.discard(persona)
