"""One for the server: the shared catalog and one `PersonaManager` for each open chat."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets.config import LoggingConfigurable

from persona.core import Catalog, CatalogView
from persona.jupyter._manager import PersonaManager

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


class PersonaService(LoggingConfigurable):
    """Attach personas to chats and find definitions.

    Args:
        serverapp: The server; its root folder is where projects are looked for.
        catalog: Definitions; by default those that the installed loaders find.
    """

    def __init__(
        self, *, serverapp: ServerApp, catalog: Catalog | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.serverapp = serverapp
        self.catalog = catalog or Catalog()
        self._managers: dict[str, PersonaManager] = {}
        self._reading = asyncio.Lock()

    @property
    def root_dir(self) -> Path:
        """The server's root folder."""
        settings = self.serverapp.web_app.settings
        return Path(settings.get("server_root_dir", ".")).expanduser().resolve()

    def manager(self, chat_id: str) -> PersonaManager | None:
        """Return the manager of an open chat."""
        return self._managers.get(chat_id)

    def manager_at(self, path: str) -> PersonaManager | None:
        """Return the manager of the open chat with that path, if any."""
        return next((m for m in self._managers.values() if m.path == path), None)

    def attach(self, chat_id: str) -> PersonaManager | None:
        """Give the chat its personas. Called for each "opened" event; safe to repeat."""
        chat = self.serverapp.web_app.settings["chat_manager"].get(chat_id)
        if chat is None:
            return None
        manager = self._managers.get(chat_id)
        if manager is not None and manager.chat is chat:
            return manager  # RTC says "opened" twice, and again on every reconnect
        if manager is not None:
            manager.close_soon()
        manager = PersonaManager(parent=self, chat=chat, service=self)
        self._managers[chat_id] = manager
        manager.start()
        return manager

    async def detach(self, chat_id: str) -> None:
        """End the personas of a chat that was closed or deleted."""
        manager = self._managers.pop(chat_id, None)
        if manager is not None:
            await manager.close()

    async def close(self) -> None:
        """End everything. Called when the server stops."""
        managers, self._managers = list(self._managers.values()), {}
        await asyncio.gather(*(manager.close() for manager in managers))
        await self.catalog.registry.close()

    async def view(self, chat_path: str, *, fresh: bool = False) -> CatalogView:
        """Return the definitions that a chat sees; reads off the event loop.

        Args:
            chat_path: Path of the chat file (or of a folder) relative to the root.
            fresh: Read every file again, also those that seem unchanged.
        """
        root = self.root_dir
        folder = _folder_of(root, chat_path)
        async with self._reading:  # the catalog's caches are not for several threads
            if fresh:
                self.catalog.forget()
            return await asyncio.to_thread(self._read, folder, root)

    def _read(self, folder: Path, root: Path) -> CatalogView:
        view = self.catalog.view(folder, root)
        _ = view.diagnostics  # reads avatars and looks for skills: here, off the loop
        return view


def _folder_of(root: Path, chat_path: str) -> Path:
    """Return the folder of a chat; the root if it is outside of it or cannot be."""
    try:
        target = (root / chat_path.strip("/")).resolve()
        folder = target if target.is_dir() else target.parent
    except (OSError, RuntimeError, ValueError):  # too long, links in a circle, a NUL character
        return root
    return folder if folder.is_relative_to(root) else root
