"""Changes blocks of a chat's personas: checked first, kept in the chat, applied at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from persona.core import (
    BLOCKS,
    ChangeError,
    Changes,
    PersonaDefinition,
    did_you_mean,
    value_at,
)
from persona.jupyter._block_checks import refuse_values

if TYPE_CHECKING:
    from persona.jupyter._block_checks import BlockChecks
    from persona.jupyter._in_use import PersonasInUse
    from persona.jupyter._overlay import Changed


@dataclass(frozen=True, slots=True)
class Change:
    """What was changed of one persona.

    Attributes:
        slug: Its short name.
        name: The name shown, after the change.
        values: What is now, by dotted path.
        before: What was before, by the same paths.
        left: Options that its engine does not take, so that they rest.
        busy: Whether it takes effect after the reply that is being written.
    """

    slug: str
    name: str
    values: Mapping[str, Any]
    before: Mapping[str, Any]
    left: tuple[str, ...] = field(default=())
    busy: bool = False


class Blocks:
    """What commands and REST change of the personas of one chat.

    Args:
        personas: The personas.
        checks: What is refused.
    """

    def __init__(self, personas: PersonasInUse, checks: BlockChecks) -> None:
        self._personas = personas
        self._checks = checks

    async def change(self, slug: str, values: Changes) -> Change:
        """Change values of a persona in this chat; what was changed before stays.

        Called for commands and by REST. Nothing is changed if anything of it is refused.

        Args:
            slug: Short name.
            values: New values by dotted path; None takes an option away.

        Raises:
            ChangeError: It is not possible, not allowed, or would store a secret.
        """
        done: list[Change] = []

        async def edit() -> None:
            self._require(slug)
            refuse_values(values)
            own = _with(self._personas.changes.of(slug), values)
            if not self._personas.changes.can_keep(slug, own):
                raise ChangeError(
                    "That is more than a chat keeps of one persona. Write it into its file."
                )
            changed = await self._personas.preview(slug, own)
            await self._checks.refuse(slug, changed, values)
            before = self._personas.view.personas[slug]
            done.append(self._told(slug, values, before, changed))
            self._personas.keep(slug, own)

        await self._apply(slug, edit)
        return done[0]

    async def reset(self, slug: str, blocks: Iterable[str] = ()) -> Change:
        """Take changes back, so that the file counts again.

        Args:
            slug: Short name.
            blocks: Only these of `BLOCKS`; by default all.

        Raises:
            ChangeError: There is no such persona or block.
        """
        wanted = list(blocks)
        for block in wanted:
            if block not in BLOCKS:
                guess = did_you_mean(block, BLOCKS)
                hint = f" Did you mean {guess!r}?" if guess else f" Use: {', '.join(BLOCKS)}."
                raise ChangeError(f"{block[:40]!r} is no part of a persona.{hint}")
        done: list[Change] = []

        async def edit() -> None:
            self._require(slug)
            before = self._personas.view.personas[slug]
            paths = self._personas.changes.reset(slug, wanted)
            own = self._personas.changes.of(slug)
            after = await self._personas.preview(slug, own)
            values = {path: value_at(after.definition, path) for path in paths}
            done.append(self._told(slug, values, before, after))

        await self._apply(slug, edit)
        return done[0]

    async def accept(self, slug: str) -> Change:
        """Let what was changed of a persona on another server count here.

        Raises:
            ChangeError: There is nothing, or it is not possible here.
        """
        foreign = self._personas.changes.foreign().get(slug)
        if not foreign:
            raise ChangeError("Nothing was changed elsewhere.")
        return await self.change(slug, foreign)

    async def _apply(self, slug: str, edit: Any) -> None:
        before = self._personas.changes.of(slug)
        result = await self._personas.change(edit)
        if result.failed:

            async def back() -> None:
                self._personas.changes.put(slug, before)

            await self._personas.change(back)
            raise ChangeError(" ".join(result.failed.values()))

    def _told(
        self, slug: str, values: Changes, before: PersonaDefinition, after: Changed
    ) -> Change:
        live = self._personas.live.get(slug)
        return Change(
            slug=slug,
            name=after.definition.identity.name,
            values=values,
            before={path: value_at(before, path) for path in values},
            left=after.left,
            busy=live is not None and live.replying,
        )

    def _require(self, slug: str) -> None:
        if slug not in self._personas.files.personas:
            raise ChangeError("It is gone, or its file has to be repaired first.")
        if slug in self._personas.view.removed:
            raise ChangeError(f"It was removed from this chat. `/add @{slug}` brings it back.")


def _with(own: Changes, values: Changes) -> dict[str, Any]:
    """Return changes with new ones at the end; what was set below them is not kept."""
    kept = {
        path: value
        for path, value in own.items()
        if not any(path == new or path.startswith(f"{new}.") for new in values)
    }
    return {**kept, **values}
