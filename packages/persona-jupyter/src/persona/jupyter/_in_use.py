"""The definitions that one chat sees, and the personas that were made from them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona.core import (
    BasePersona,
    Changes,
    EngineError,
    PersonaDefinition,
    Scope,
    TurnError,
    Untrusted,
    value_at,
)
from persona.jupyter._catalog_change import catalog_change
from persona.jupyter._changes import ChatChanges
from persona.jupyter._chat_roster import ChatRoster
from persona.jupyter._events import ChatEvents
from persona.jupyter._last_good import LiveView
from persona.jupyter._notices import Refreshed
from persona.jupyter._overlay import Changed, Overlay
from persona.jupyter._policy import Policy
from persona.jupyter._refresh import apply_changes, compare
from persona.jupyter._renamed import move_renamed
from persona.jupyter._roster import without

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
        roster: Who was removed from this chat, and who is its default.
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
        self.roster = ChatRoster(chat)
        self._events = ChatEvents(service.event_logger, chat)
        self._default = self.roster.default
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
        self._everyone: LiveView | None = None
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
    def everyone(self) -> LiveView:
        """The same with those who were removed from the chat."""
        return self.view if self._everyone is None else self._everyone

    @property
    def files(self) -> LiveView:
        """The definitions as the files say them."""
        if self._files is None:
            raise RuntimeError("The definitions are not read yet; await ready() first.")
        return self._files

    @property
    def root_dir(self) -> Path:
        """The server's root folder."""
        return self._service.root_dir

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
        await self._tell(None)

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
        untrusted = self.look(slug)
        if untrusted is not None:
            raise EngineError(untrusted.detail, engine_id=definition.engine,
                              fix=f"Look at it and send `/trust @{slug}`.")  # fmt: skip
        persona = BasePersona.from_definition(
            definition,
            ychat=self._chat,
            registry=self._registry,
            root_dir=self._service.root_dir,
            former=self.view.former_names(slug),
            parent=self._owner,
        )
        persona.when_refused = partial(self._take_back, persona)
        persona.guard = partial(self._guard, persona)
        self._events.follow(persona)
        self._live[slug] = persona
        self._used[slug] = definition
        return persona

    def may_run(self, slug: str) -> bool:
        """Whether a persona could wait for trust at all; quick, and most could not."""
        definition = self.files.personas.get(slug)
        source = definition.source if definition is not None else None
        if definition is None or source is None or source.scope is not Scope.PROJECT:
            return False
        servers = definition.context.mcp_servers
        return bool(definition.code or definition.options or servers)

    def look(self, slug: str, path: str | None = None) -> Untrusted | None:
        """Return why a persona waits for trust, as its files are now; blocking.

        What was changed in the chat does not count: a person of this server has done it.

        Args:
            slug: The persona.
            path: The chat's path; a thread must give it, as a shared chat cannot be asked there.
        """
        files, view = self.files.personas.get(slug), self.view.personas.get(slug)
        if files is None or view is None:
            return None
        judged = files
        if view.engine != files.engine:  # which may take other options of the file
            judged = files.model_copy(update={"engine": view.engine})
        folder = self._service.folder(self._chat.get_path() if path is None else path)
        return self._service.judge(self._policy).look(judged, folder)

    async def _guard(self, persona: BasePersona) -> None:
        """Refuse to start or to answer if a file has changed since it was trusted."""
        if not self.may_run(persona.slug):
            return
        path = self._chat.get_path()
        untrusted = await asyncio.to_thread(self.look, persona.slug, path)
        if untrusted is not None:
            raise TurnError(untrusted.detail, fix=f"Look at it and send `/trust @{persona.slug}`.",
                            kind="untrusted")  # fmt: skip

    async def release(self, slug: str) -> None:
        """Let one go that may not go on: it is stopped at once."""
        persona = self._live.pop(slug, None)
        self._used.pop(slug, None)
        if persona is not None:
            await persona.shutdown()

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

    async def change(
        self,
        edit: Callable[[], Awaitable[None]],
        release: Callable[[BasePersona], Awaitable[None]] | None = None,
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
            after = await self._laid_over(self.files)
            result = await self._apply(after, release or self._let_finish)
            self._save()
            return result

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
        files = await self._service.completion.of(files)
        move_renamed(self._chat, self.changes, files)
        everyone, changes = files, self.changes.all()
        if changes:
            folder = self._service.folder(self._chat.get_path())
            everyone = await asyncio.to_thread(self._lay, files, changes, folder)  # imports engines
        self._everyone = everyone
        return without(everyone, self.roster.removed)

    def _lay(self, files: LiveView, changes: Mapping[str, Changes], folder: Path) -> LiveView:
        view = self._overlay.lay(files, changes)
        judge = self._service.judge(self._policy)
        found = dict(view.untrusted)
        for slug, definition in files.personas.items():
            now = view.personas[slug].engine
            if now != definition.engine:
                untrusted = judge.look(definition.model_copy(update={"engine": now}), folder)
                found.pop(slug, None)
                found |= {slug: untrusted} if untrusted is not None else {}
        if view is not files:
            view.untrusted = found
        return view

    def _save(self) -> None:
        """Write the chat's file, which in WebSocket mode is else done with the next message."""
        save = getattr(self._chat, "save", None)
        if save is not None:
            try:
                save()
            except OSError as exc:
                self._owner.log.warning("Could not save %s: %s", self._chat.get_path(), exc)

    async def _apply(
        self, after: LiveView, release: Callable[[BasePersona], Awaitable[None]]
    ) -> Refreshed:
        before, self._view = self.view, after
        result = await apply_changes(before, after, self._live, self._used, self._registry, release)
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

    async def _let_finish(self, persona: BasePersona) -> None:
        """Let a persona whose file is gone end what it was asked before, then let it go."""
        self._leaving.add(persona)
        self._spawn(self._finish(persona), f"let {persona.id} go")

    async def _finish(self, persona: BasePersona) -> None:
        try:
            await persona.finish()
        finally:
            self._leaving.discard(persona)
