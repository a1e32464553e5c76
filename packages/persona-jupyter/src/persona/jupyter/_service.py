"""One for the server: the shared catalog, its watcher, and a `PersonaManager` for each chat."""

from __future__ import annotations

import asyncio
import contextlib
import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets.config import LoggingConfigurable

from persona.core import Catalog, Location, TrustJudge, TrustStore, Untrusted
from persona.jupyter._completed import Completion
from persona.jupyter._default import Default, choose_default
from persona.jupyter._last_good import LastGood, LiveView
from persona.jupyter._manager import PersonaManager
from persona.jupyter._policy import Policy, policy_of, restrict
from persona.jupyter._system import SystemVoice
from persona.jupyter._unreadable import why_unreadable
from persona.loaders import PersonaWatcher

if TYPE_CHECKING:
    from jupyter_events import EventLogger
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
        self.completion = Completion(self.catalog.registry)
        self._last_good = LastGood(self.catalog.registry)
        self._views: dict[Path, LiveView] = {}
        self._restricted: dict[tuple[Path, Policy], tuple[LiveView, LiveView]] = {}
        self._judged: dict[tuple[Path, Policy], tuple[LiveView, LiveView]] = {}
        self.trust_store = TrustStore()
        self._watcher: PersonaWatcher | None = None

    @property
    def root_dir(self) -> Path:
        """The server's root folder."""
        settings = self.serverapp.web_app.settings
        return Path(settings.get("server_root_dir", ".")).expanduser().resolve()

    @property
    def event_logger(self) -> EventLogger | None:
        """The server's events."""
        logger: EventLogger | None = self.serverapp.web_app.settings.get("event_logger")
        return logger

    @property
    def policy(self) -> Policy:
        """What whoever runs the server allows, by the settings of `PersonaManager`."""
        return policy_of(self.config)

    def default(self, view: LiveView) -> Default:
        """Return who answers by default in a chat that is not open."""
        wanted = self.config["PersonaManager"].get("default_persona", "")
        return choose_default(view, wanted if isinstance(wanted, str) else "")

    def folder(self, chat_path: str) -> Path:
        """Return the folder of a chat."""
        return folder_of(self.root_dir, chat_path)

    def levels(self, chat_path: str) -> list[Location]:
        """Return where definitions of a chat are looked for, the farthest first."""
        return self.catalog.locations(folder_of(self.root_dir, chat_path), self.root_dir)

    def manager(self, chat_id: str) -> PersonaManager | None:
        """Return the manager of an open chat."""
        return self._managers.get(chat_id)

    def manager_at(self, path: str) -> PersonaManager | None:
        """Return the manager of the open chat with that path, if any."""
        return next((m for m in self._managers.values() if m.path == path), None)

    def open_paths(self) -> list[str]:
        """Return the paths of the open chats."""
        return [manager.path for manager in self._managers.values()]

    def attach(self, chat_id: str) -> PersonaManager | None:
        """Give the chat its personas. Called for each "opened" event; safe to repeat.

        A chat whose messages cannot be read gets none, and says so.
        """
        chat = self.serverapp.web_app.settings["chat_manager"].get(chat_id)
        if chat is None:
            return None
        manager = self._managers.get(chat_id)
        if manager is not None and manager.chat is chat:
            return manager  # RTC says "opened" twice, and again on every reconnect
        if manager is not None:
            manager.close_soon()
            del self._managers[chat_id]
        if why := why_unreadable(chat):
            self.log.error("No persona can answer in %s: %s", chat.get_path(), why)
            with contextlib.suppress(TypeError):  # it may be that nothing can be written either
                SystemVoice(chat).tell_unreadable(why)
            return None
        manager = PersonaManager(parent=self, chat=chat, service=self)
        self._managers[chat_id] = manager
        manager.start()
        self.watch()
        return manager

    async def detach(self, chat_id: str) -> None:
        """End the personas of a chat that was closed or deleted."""
        manager = self._managers.pop(chat_id, None)
        if manager is not None:
            await manager.close()
            self.watch()

    async def close(self) -> None:
        """End everything. Called when the server stops."""
        managers, self._managers = list(self._managers.values()), {}
        await asyncio.gather(*(manager.close() for manager in managers))
        await self.catalog.registry.close()
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            await asyncio.to_thread(watcher.close)

    def watch(self) -> None:
        """Watch the files of all open chats from now on; of none there is no cost.

        Called when a chat opens or closes, when its definitions were read, and when it
        may have moved. Must be called in the event loop.
        """
        folders: dict[Path, set[Path]] = {}
        root = self.root_dir
        for manager in self._managers.values():
            if manager.live_reload:
                files = folders.setdefault(folder_of(root, manager.path), set())
                files |= manager.attached
        if self._watcher is None:
            if not folders:
                return
            loop = asyncio.get_running_loop()

            def changed(found: frozenset[Path]) -> None:
                with contextlib.suppress(RuntimeError):  # the loop ended without us
                    loop.call_soon_threadsafe(self._on_changed, found)

            self._watcher = PersonaWatcher(self.catalog, root, changed)
        self._watcher.watch(folders)

    def _on_changed(self, folders: frozenset[Path]) -> None:
        root = self.root_dir
        for manager in self._managers.values():
            if manager.live_reload and folder_of(root, manager.path) in folders:
                manager.reload_soon()

    async def view(
        self, chat_path: str, *, fresh: bool = False, policy: Policy | None = None
    ) -> LiveView:
        """Return the definitions that a chat sees; reads off the event loop.

        The same object as long as nothing changed. What is broken now and could be used
        before is there as it was before.

        Args:
            chat_path: Path of the chat file (or of a folder) relative to the root.
            fresh: Read every file again, also those that seem unchanged.
            policy: What is allowed; by default the server's.
        """
        root = self.root_dir
        folder = folder_of(root, chat_path)
        policy = self.policy if policy is None else policy
        async with self._reading:  # the catalog's caches are not for several threads
            if fresh:
                self.catalog.forget()
                self._views.clear()
            return await asyncio.to_thread(self._trusted, folder, root, policy)

    def judge(self, policy: Policy) -> TrustJudge:
        """Return who decides whether a project's persona may run programs."""
        return TrustJudge(self.catalog.registry, self.trust_store, policy.trust)

    def _trusted(self, folder: Path, root: Path, policy: Policy) -> LiveView:
        """Return a view that knows who waits for trust; the same one if nothing changed."""
        view = self._allowed(folder, root, policy)
        found = self.judge(policy).look_at_all(view.personas.values(), folder)
        known = self._judged.get((folder, policy))
        if known is None or known[0] is not view or known[1].untrusted != found:
            known = self._judged[folder, policy] = view, _with_untrusted(view, found)
        return known[1]

    def _allowed(self, folder: Path, root: Path, policy: Policy) -> LiveView:
        view = self._read(folder, root)
        known = self._restricted.get((folder, policy))
        if known is None or known[0] is not view:
            known = self._restricted[folder, policy] = view, restrict(view, policy)
        return known[1]

    def _read(self, folder: Path, root: Path) -> LiveView:
        results = self.catalog.results(folder, root)
        known = self._views.get(folder)
        if known is not None and known.is_of(results):
            return known
        self._views[folder] = view = self._last_good.view(folder, results)
        return view


def _with_untrusted(view: LiveView, found: dict[str, Untrusted]) -> LiveView:
    if not found:
        return view
    result = copy.copy(view)
    result.untrusted = found
    return result


def folder_of(root: Path, chat_path: str) -> Path:
    """Return the folder of a chat; the root if it is outside of it or cannot be."""
    try:
        target = (root / chat_path.strip("/")).resolve()
        folder = target if target.is_dir() else target.parent
    except (OSError, RuntimeError, ValueError):  # too long, links in a circle, a NUL character
        return root
    return folder if folder.is_relative_to(root) else root
