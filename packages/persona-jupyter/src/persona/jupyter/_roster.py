"""Removes personas from a chat, adds them again, and makes one the default of the chat."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING

from persona.core import BasePersona, ChangeError

if TYPE_CHECKING:
    from persona.jupyter._in_use import PersonasInUse
    from persona.jupyter._last_good import LiveView


def without(view: LiveView, removed: frozenset[str]) -> LiveView:
    """Return ``view`` without those who were removed from the chat; the same if nobody was."""
    names = {broken.slug: broken.slug for broken in view.broken}
    names |= {slug: definition.identity.name for slug, definition in view.personas.items()}
    gone = {slug: name for slug, name in names.items() if slug in removed}
    if not gone:
        return view
    result = copy.copy(view)
    result.removed = gone
    result.personas = {s: d for s, d in view.personas.items() if s not in gone}
    result.broken = tuple(broken for broken in view.broken if broken.slug not in gone)
    result.kept = {slug: why for slug, why in view.kept.items() if slug not in gone}
    result.refused = {slug: why for slug, why in view.refused.items() if slug not in gone}
    result.untrusted = {slug: why for slug, why in view.untrusted.items() if slug not in gone}
    result.changed = {slug: own for slug, own in view.changed.items() if slug not in gone}
    return result


class Roster:
    """What commands and REST change of who takes part in one chat.

    Args:
        personas: The personas.
        forget_last: Forgets who was last addressed, so that the default one comes first.
    """

    def __init__(self, personas: PersonasInUse, forget_last: Callable[[], None]) -> None:
        self._personas = personas
        self._forget_last = forget_last

    @property
    def default(self) -> str | None:
        """Short name of who was made the default in this chat, there or not."""
        return self._personas.roster.default

    async def remove(self, slug: str) -> str:
        """Let one not take part any more, and return its name; a reply of it is stopped.

        Raises:
            ChangeError: There is nobody of that short name.
        """

        async def edit() -> None:
            self._name(slug)
            self._personas.roster.remove(slug)

        await self._personas.change(edit, BasePersona.shutdown)
        return self._name(slug)

    async def add(self, slug: str) -> str:
        """Let one that was removed take part again, and return its name.

        Raises:
            ChangeError: There is nobody of that short name.
        """

        async def edit() -> None:
            self._name(slug)
            self._personas.roster.add(slug)

        await self._personas.change(edit)
        return self._name(slug)

    async def make_default(self, slug: str | None) -> str | None:
        """Let one answer when nobody is mentioned, and return its name; None takes it back.

        Whoever was addressed last is forgotten, so that the next message goes to this one.
        One that was removed takes part again.

        Raises:
            ChangeError: There is nobody of that short name, or it may not answer here.
        """

        async def edit() -> None:
            if slug is not None:
                name = self._name(slug)
                refusal = self._personas.everyone.refused.get(slug)
                if refusal is not None:
                    raise ChangeError(f"{name} cannot answer. {refusal.what} {refusal.fix}")
            self._personas.roster.make_default(slug)

        await self._personas.change(edit)
        if slug is None:
            return None
        self._forget_last()
        return self._name(slug)

    def _name(self, slug: str) -> str:
        everyone = self._personas.everyone
        definition = everyone.personas.get(slug)
        if definition is not None:
            return definition.identity.name
        if any(broken.slug == slug for broken in everyone.broken):
            return slug
        raise ChangeError(f"There is no persona {slug[:60]!r} here.")
