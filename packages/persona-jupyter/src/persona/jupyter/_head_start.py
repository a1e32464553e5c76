"""Starts engines ahead of the first message, while it is still being written."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from persona.core import BasePersona, EngineError, TurnError
from persona.jupyter._names import called_now

if TYPE_CHECKING:
    from persona.jupyter._failures import LastFailures
    from persona.jupyter._in_use import PersonasInUse


class HeadStart:
    """Prepares personas of one chat.

    Args:
        personas: The personas.
        failures: Where it is noted whether an engine got ready.
    """

    def __init__(self, personas: PersonasInUse, failures: LastFailures) -> None:
        self._personas = personas
        self._failures = failures

    async def give(self, slug: str) -> None:
        """Start a persona's engine; what fails is told with its first message."""
        view = self._personas.view
        with suppress(EngineError, TurnError):
            slug = called_now(view, slug) or slug
            persona = self._personas.get(slug) if slug in view.personas else None
            if persona is not None:
                await self._prepare(persona)

    async def _prepare(self, persona: BasePersona) -> None:
        try:
            await persona.prepare()
        except TurnError as exc:
            self._failures.after_start(persona, exc)
            raise
        self._failures.after_start(persona, None)
