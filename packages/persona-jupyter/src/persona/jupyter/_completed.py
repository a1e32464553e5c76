"""Fills in what only running a trusted Python file tells, once for each content of it."""

from __future__ import annotations

import asyncio
import copy

from persona.core import CodeReference, EngineRegistry, PersonaDefinition
from persona.jupyter._last_good import LiveView


class Completion:
    """Remembers what the Python files of a server told when they were run.

    Args:
        registry: Keeps their modules.
    """

    def __init__(self, registry: EngineRegistry) -> None:
        self._registry = registry
        self._known: dict[CodeReference, PersonaDefinition] = {}

    async def of(self, view: LiveView) -> LiveView:
        """Return a view with what could not be read; the same one if nothing is missing.

        What waits for trust, or may not answer on this server, is not run.
        """
        wanted = [
            slug
            for slug, definition in view.personas.items()
            if definition.code is not None
            and not definition.code.complete
            and slug not in view.untrusted
            and slug not in view.refused
        ]
        if not wanted:
            return view
        found = await asyncio.gather(*(self._complete(view.personas[slug]) for slug in wanted))
        result = copy.copy(view)
        result.personas = {**view.personas, **dict(zip(wanted, found, strict=True))}
        return result

    async def _complete(self, definition: PersonaDefinition) -> PersonaDefinition:
        from persona.loaders.python import complete

        code = definition.code
        if code is None:
            return definition
        known = self._known.get(code)
        if known is None:
            known = await complete(definition, self._registry)
            if known is not definition:  # what failed is tried again with the next look
                self._known[code] = known
        return known
