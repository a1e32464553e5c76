"""Trust for what a person writes in the product's own editor."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from persona.core import TrustError, Untrusted

if TYPE_CHECKING:
    from persona.jupyter._service import PersonaService

_Waiting = dict[tuple[str, str], Untrusted]
"""Who waits, by folder and short name: what relative paths mean depends on the folder."""


class Writing:
    """Trusts the personas of a file as they are saved, but none that waited before.

    Args:
        service: The server's service.
        path: Path of the persona file, relative to the server's root.
    """

    def __init__(self, service: PersonaService, path: str) -> None:
        self._service = service
        self._file = Path(os.path.realpath(service.root_dir / path.strip("/")))
        self._project = path.strip("/").partition(".jupyter")[0].strip("/")
        self._before: frozenset[tuple[str, str]] = frozenset()

    async def begin(self) -> None:
        """Look at the file before it is saved."""
        self._before = frozenset(await self._waiting())

    async def end(self) -> None:
        """Trust what was saved; what cannot be kept is asked for in the chat."""
        waiting = await self._waiting()
        written = [
            found.version
            for key, found in waiting.items()
            if key not in self._before and found.why != "never" and not found.version.problems
        ]
        if not written:
            return
        try:
            await asyncio.to_thread(self._service.trust_store.approve, written)
        except TrustError as exc:
            self._service.log.warning("%s", exc)

    async def _waiting(self) -> _Waiting:
        """Return who of the file waits, in the project's folder and where chats are open."""
        root = self._service.root_dir
        folders = {self._project}
        for chat in self._service.open_paths():
            folder = Path(chat).parent
            if (root / folder).is_relative_to(root / self._project):
                folders.add(folder.as_posix())
        found: _Waiting = {}
        for folder_path in sorted(folders):
            view = await self._service.view(folder_path)
            for slug, untrusted in view.untrusted.items():
                if untrusted.version.file == self._file:
                    found[folder_path, slug] = untrusted
        return found
