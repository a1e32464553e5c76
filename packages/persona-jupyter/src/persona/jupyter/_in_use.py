"""The personas of one chat, kept as their files and the chat's changes say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona.core import BasePersona, Changes
from persona.jupyter._catalog_change import catalog_change
from persona.jupyter._changes import ChatChanges
from persona.jupyter._chat_roster import ChatRoster
from persona.jupyter._definitions import ChatDefinitions
from persona.jupyter._events import ChatEvents
from persona.jupyter._guard import Guard
from persona.jupyter._last_good import LiveView
from persona.jupyter._live import LivePersonas, Release
from persona.jupyter._overlay import Changed
from persona.jupyter._policy import Policy
from persona.jupyter._refresh import Refreshed, compare

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel
    from traitlets.config import LoggingConfigurable

    from persona.jupyter._service import PersonaService


class PersonasInUse:
    """Makes personas from the definitions of a chat, and applies to them what changes.

    Args:
        chat: The chat.
        service: Where definitions come from.
        owner: Parent of the personas; its log is used.
        policy: What the server allows.
        spawn: Runs something in the background until the chat closes.

    Attributes:
        guard: Who may run what a project's files say.
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
        self._chat = chat
        self._service = service
        self._owner = owner
        self._policy = policy
        self._spawn = spawn
        self._definitions = ChatDefinitions(chat, service, policy)
        self._live = LivePersonas(service.catalog.registry, spawn)
        self.guard = Guard(chat, service, policy, self._definitions)
        self._events = ChatEvents(service.event_logger, chat)
        self._default = self.roster.default
        self._applying = asyncio.Lock()
        self.when_applied: Callable[[], None] = lambda: None

    @property
    def changes(self) -> ChatChanges:
        """What was changed in this chat."""
        return self._definitions.changes

    @property
    def roster(self) -> ChatRoster:
        """Who was removed from this chat, and who is its default."""
        return self._definitions.roster

    @property
    def view(self) -> LiveView:
        """The definitions in use, with what was changed in the chat."""
        return self._definitions.view

    @property
    def everyone(self) -> LiveView:
        """The same with those who were removed from the chat."""
        return self._definitions.everyone

    @property
    def files(self) -> LiveView:
        """The definitions as the files say them."""
        return self._definitions.files

    @property
    def attached(self) -> frozenset[Path]:
        """Files that the definitions use besides their own; none before they are read."""
        return self._definitions.attached

    @property
    def root_dir(self) -> Path:
        """The server's root folder."""
        return self._service.root_dir

    @property
    def live(self) -> dict[str, BasePersona]:
        """The personas that were used since the chat opened, by short name."""
        return self._live.all

    async def open(self) -> None:
        """Read the definitions for the first time."""
        await self._definitions.read()
        self._definitions.use(await self._definitions.laid_over())
        await self._tell(None)

    def get(self, slug: str) -> BasePersona | None:
        """Return the persona, made at its first use; None if its file is broken.

        Raises:
            EngineError: It may not answer on this server, or its engine cannot be used.
        """
        persona = self.live.get(slug)
        if persona is not None:
            return persona
        definition = self.view.personas.get(slug)
        if definition is None:
            return None
        self._policy.check(definition)
        self.guard.check(slug, definition.engine)
        persona = BasePersona.from_definition(
            definition,
            ychat=self._chat,
            registry=self._service.catalog.registry,
            root_dir=self._service.root_dir,
            former=self.view.former_names(slug),
            parent=self._owner,
        )
        persona.when_refused = partial(self._take_back, persona)
        persona.guard = partial(self.guard.check_turn, persona)
        self._events.follow(persona)
        self._live.add(slug, persona, definition)
        return persona

    async def release(self, slug: str) -> None:
        """Let one go that may not go on: it is stopped at once."""
        await self._live.release(slug)

    async def stop(self) -> int:
        """Stop all running and waiting turns and return how many there were."""
        return await self._live.stop()

    async def close(self) -> None:
        """Release every persona."""
        await self._live.close()

    async def refresh(self) -> Refreshed:
        """Read the definitions again and apply what changed, block by block.

        Open questions for permission are withdrawn: what they were asked under may change.
        """
        self._live.withdraw()
        async with self._applying:
            before = self.view
            await self._definitions.read(fresh=True)
            after = await self._definitions.laid_over()
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
            if not await self._definitions.read():
                return False
            await self._apply(await self._definitions.laid_over(), self._live.let_finish)
        return True

    async def change(
        self, edit: Callable[[], Awaitable[None]], release: Release | None = None
    ) -> Refreshed:
        """Change what is kept in the chat, and apply it at once.

        One after the other, so that two people who change the same persona at the same
        moment both find their change, or the later one wins where it is the same value.

        Args:
            edit: Changes `changes`, after a look at `view`; what it raises is passed on
                and nothing is applied.
            release: What is done with a persona that is gone; by default it may finish.
        """
        async with self._applying:
            await edit()
            after = await self._definitions.laid_over()
            result = await self._apply(after, release or self._live.let_finish)
            self._save()
            return result

    def keep(self, slug: str, values: Changes) -> None:
        """Keep what differs from the files; called within `change`."""
        self._definitions.keep(slug, values)

    async def preview(self, slug: str, values: Changes) -> Changed:
        """Return what a persona would be with these changes; may import an engine."""
        return await self._definitions.preview(slug, values)

    def _save(self) -> None:
        """Write the chat's file, which in WebSocket mode is else done with the next message."""
        save = getattr(self._chat, "save", None)
        if save is not None:
            try:
                save()
            except OSError as exc:
                self._owner.log.warning("Could not save %s: %s", self._chat.get_path(), exc)

    async def _apply(self, after: LiveView, release: Release) -> Refreshed:
        before = self.view
        self._definitions.use(after)
        result = await self._live.apply(before, after, release)
        for name, why in result.failed.items():
            self._owner.log.warning("%s stays as it was: %s", name, why)
        self.when_applied()
        await self._tell(before)
        return result

    async def _tell(self, before: LiveView | None) -> None:
        """Tell other front ends what is different now."""
        root = self._service.root_dir
        change = await asyncio.to_thread(catalog_change, before, self.view, root)
        was, self._default = self._default, self.roster.default
        change.default = was != self._default
        self._events.catalog(change)

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
