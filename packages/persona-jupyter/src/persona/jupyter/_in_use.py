"""The definitions that one chat sees, and the personas that were made from them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona.core import BasePersona, Changes, PersonaDefinition, value_at
from persona.jupyter._changes import ChatChanges
from persona.jupyter._last_good import LiveView
from persona.jupyter._notices import Refreshed
from persona.jupyter._overlay import Changed, Overlay
from persona.jupyter._policy import Policy
from persona.jupyter._refresh import apply_changes, compare
from persona.jupyter._renamed import move_renamed

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel
    from traitlets.config import LoggingConfigurable

    from persona.jupyter._service import PersonaService


class PersonasInUse:
    """Keeps the personas of one chat as their files and the chat's changes say.

    Args:
        chat: The chat.
        service: Where definitions come from.
        owner: Parent of the personas; its log is used.
        policy: What the server allows.
        spawn: Runs something in the background until the chat closes.

    Attributes:
        changes: What was changed in this chat.
        when_applied: Called when the definitions in use may have changed; may write to the chat.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        service: PersonaService,
        owner: LoggingConfigurable,
        policy: Policy,
        spawn: Callable[[Coroutine[Any, Any, None], str], object],
    ) -> None:
        self.changes = ChatChanges(chat)
        self.when_applied: Callable[[], None] = lambda: None
        self._chat = chat
        self._service = service
        self._owner = owner
        self._policy = policy
        self._spawn = spawn
        self._registry = service.catalog.registry
        self._overlay = Overlay(self._registry, policy)
        self._files: LiveView | None = None
        self._view: LiveView | None = None
        self._applying = asyncio.Lock()
        self._live: dict[str, BasePersona] = {}
        self._used: dict[str, PersonaDefinition] = {}
        self._leaving: set[BasePersona] = set()

    @property
    def view(self) -> LiveView:
        """The definitions in use, with what was changed in the chat."""
        if self._view is None:
            raise RuntimeError("The definitions are not read yet; await ready() first.")
        return self._view

    @property
    def files(self) -> LiveView:
        """The definitions as the files say them."""
        if self._files is None:
            raise RuntimeError("The definitions are not read yet; await ready() first.")
        return self._files

    @property
    def attached(self) -> frozenset[Path]:
        """Files that the definitions use besides their own; none before they are read."""
        return frozenset() if self._files is None else self._files.attached

    @property
    def live(self) -> dict[str, BasePersona]:
        """The personas that were used since the chat opened, by short name."""
        return self._live

    async def open(self) -> None:
        """Read the definitions for the first time."""
        self._files = await self._service.view(self._chat.get_path(), policy=self._policy)
        self._view = await self._laid_over(self._files)

    def get(self, slug: str) -> BasePersona | None:
        """Return the persona, made at its first use; None if its file is broken.

        Raises:
            EngineError: It may not answer on this server, or its engine cannot be used.
        """
        persona = self._live.get(slug)
        if persona is not None:
            return persona
        definition = self.view.personas.get(slug)
        if definition is None:
            return None
        self._policy.check(definition)
        persona = BasePersona.from_definition(
            definition,
            ychat=self._chat,
            registry=self._registry,
            root_dir=self._service.root_dir,
            former=self.view.former_names(slug),
            parent=self._owner,
        )
        persona.when_refused = partial(self._take_back, persona)
        self._live[slug] = persona
        self._used[slug] = definition
        return persona

    async def refresh(self) -> Refreshed:
        """Read the definitions again and apply what changed, block by block.

        Open questions for permission are withdrawn: what they were asked under may change.
        """
        for persona in self._live.values():
            for request in persona.permissions:
                request.withdraw()
        async with self._applying:
            before = self.view
            path = self._chat.get_path()
            self._files = await self._service.view(path, fresh=True, policy=self._policy)
            after = await self._laid_over(self._files)
            result = await asyncio.to_thread(compare, before, after)
            applied = await self._apply(after, BasePersona.shutdown)
        result.failed = applied.failed
        result.changed |= applied.changed
        for name in applied.failed:
            result.changed.pop(name, None)
        return result

    async def reload(self) -> bool:
        """Apply what has changed in the files, and return whether anything has."""
        async with self._applying:
            files = await self._service.view(self._chat.get_path(), policy=self._policy)
            if files is self._files:
                return False
            self._files = files
            await self._apply(await self._laid_over(files), self._let_finish)
        return True

    async def change(self, edit: Callable[[], Awaitable[None]]) -> Refreshed:
        """Change what is kept in the chat, and apply it at once.

        One after the other, so that two people who change the same persona at the same
        moment both find their change, or the later one wins where it is the same value.

        Args:
            edit: Changes `changes`, after a look at `view`; what it raises is passed on
                and nothing is applied.
        """
        async with self._applying:
            await edit()
            return await self._apply(await self._laid_over(self.files), self._let_finish)

    def keep(self, slug: str, values: Changes) -> None:
        """Keep what differs from the files; called within `change`."""
        definition = self.files.personas[slug]
        own = {path: v for path, v in values.items() if v != value_at(definition, path)}
        self.changes.put(slug, own)

    async def preview(self, slug: str, values: Changes) -> Changed:
        """Return what a persona would be with these changes; may import an engine."""
        definition = self.files.personas[slug]
        return await asyncio.to_thread(self._overlay.changed, definition, values)

    async def stop(self) -> int:
        """Stop all running and waiting turns and return how many there were."""
        personas = [*self._live.values(), *self._leaving]
        return sum(await asyncio.gather(*(p.stop() for p in personas)))

    async def close(self) -> None:
        """Release every persona."""
        personas, self._live = [*self._live.values(), *self._leaving], {}
        await asyncio.gather(*(persona.shutdown() for persona in personas))

    async def _laid_over(self, files: LiveView) -> LiveView:
        move_renamed(self._chat, self.changes, files)
        changes = self.changes.all()
        if not changes:
            return files
        return await asyncio.to_thread(self._overlay.lay, files, changes)  # may import engines

    async def _apply(
        self, after: LiveView, release: Callable[[BasePersona], Awaitable[None]]
    ) -> Refreshed:
        before, self._view = self.view, after
        result = await apply_changes(before, after, self._live, self._used, self._registry, release)
        for name, why in result.failed.items():
            self._owner.log.warning("%s stays as it was: %s", name, why)
        self.when_applied()
        return result

    def _take_back(self, persona: BasePersona, engine: str) -> None:
        """Let the chat keep the engine that goes on, where another one could not start."""
        if self.changes.of(persona.slug).get("engine") == engine:

            async def back() -> None:
                own = self.changes.of(persona.slug)
                if own.get("engine") == engine:  # nobody has chosen another one meanwhile
                    self.keep(persona.slug, {**own, "engine": persona.engine.id})

            self._spawn(self._changed(back), f"take back the engine of {persona.id}")

    async def _changed(self, edit: Callable[[], Awaitable[None]]) -> None:
        await self.change(edit)

    async def _let_finish(self, persona: BasePersona) -> None:
        """Let a persona whose file is gone end what it was asked before, then let it go."""
        self._leaving.add(persona)
        self._spawn(self._finish(persona), f"let {persona.id} go")

    async def _finish(self, persona: BasePersona) -> None:
        try:
            await persona.finish()
        finally:
            self._leaving.discard(persona)
