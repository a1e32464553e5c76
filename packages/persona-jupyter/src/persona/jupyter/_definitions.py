"""The definitions that one chat sees: what the files say, and what the chat makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from persona.core import Changes, value_at
from persona.jupyter._changes import ChatChanges
from persona.jupyter._chat_roster import ChatRoster
from persona.jupyter._last_good import LiveView
from persona.jupyter._overlay import Changed, Overlay
from persona.jupyter._policy import Policy
from persona.jupyter._renamed import move_renamed
from persona.jupyter._roster import without

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

    from persona.jupyter._service import PersonaService


class ChatDefinitions:
    """Reads definitions, and lays over them what was changed in the chat.

    Args:
        chat: The chat.
        service: Where definitions come from.
        policy: What the server allows.

    Attributes:
        changes: What was changed in this chat.
        roster: Who was removed from this chat, and who is its default.
    """

    def __init__(self, chat: BaseChatModel, service: PersonaService, policy: Policy) -> None:
        self.changes = ChatChanges(chat)
        self.roster = ChatRoster(chat)
        self._chat = chat
        self._service = service
        self._policy = policy
        self._overlay = Overlay(service.catalog.registry, policy)
        self._files: LiveView | None = None
        self._view: LiveView | None = None
        self._everyone: LiveView | None = None

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
    def attached(self) -> frozenset[Path]:
        """Files that the definitions use besides their own; none before they are read."""
        return frozenset() if self._files is None else self._files.attached

    async def read(self, *, fresh: bool = False) -> bool:
        """Read the files, and return whether they say anything else than before.

        Args:
            fresh: Read also those that seem unchanged.
        """
        path = self._chat.get_path()
        files = await self._service.view(path, fresh=fresh, policy=self._policy)
        changed, self._files = files is not self._files, files
        return changed

    async def laid_over(self) -> LiveView:
        """Return what the files and the chat say together; not in use before `use`."""
        files = await self._service.completion.of(self.files)
        move_renamed(self._chat, self.changes, files)
        everyone, changes = files, self.changes.all()
        if changes:
            folder = self._service.folder(self._chat.get_path())
            everyone = await asyncio.to_thread(self._lay, files, changes, folder)  # imports engines
        self._everyone = everyone
        return without(everyone, self.roster.removed)

    def use(self, view: LiveView) -> None:
        """Use these from now on."""
        self._view = view

    def keep(self, slug: str, values: Changes) -> None:
        """Keep in the chat what differs from the files."""
        definition = self.files.personas[slug]
        own = {path: v for path, v in values.items() if v != value_at(definition, path)}
        self.changes.put(slug, own)

    async def preview(self, slug: str, values: Changes) -> Changed:
        """Return what a persona would be with these changes; may import an engine."""
        definition = self.files.personas[slug]
        return await asyncio.to_thread(self._overlay.changed, definition, values)

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
