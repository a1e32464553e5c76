"""Persona files for JupyterLab's editor.

They lie in ``.jupyter``, and the server's contents API shows no hidden files unless it is
told to. This one speaks the same protocol below ``/api/personas/contents``, for persona
files alone, so that the editor can open and save them.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import path_regex
from jupyter_server.services.contents.handlers import (
    CheckpointsHandler,
    ContentsAPIHandler,
    ContentsHandler,
    ModifyCheckpointsHandler,
)
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado import web

if TYPE_CHECKING:
    from persona.jupyter._extension import PersonasExtension

_DEEPEST = 2
"""A file of the folder, or of a persona's own folder in it."""


def is_persona_file(path: str) -> bool:
    """Whether a path of the contents API is that of a persona file in a ``.jupyter``."""
    from persona.loaders import MARKDOWN, PYTHON, TOML

    parts = PurePosixPath(path.strip("/")).parts
    hidden = [number for number, part in enumerate(parts) if part.startswith(".")]
    if "\0" in path or "\\" in path or len(hidden) != 1 or parts[hidden[0]] != ".jupyter":
        return False
    below = parts[hidden[0] + 1 :]
    if below == ("personas.toml",):
        return True
    if not below or below[0] != "personas" or not 1 <= len(below) - 1 <= _DEEPEST:
        return False
    return any(loader.claims(below[-1]) for loader in (MARKDOWN, TOML, PYTHON))


class _PersonaFiles(ContentsAPIHandler):
    """Keeps a handler of the contents API to persona files."""

    def initialize(self, extension: PersonasExtension) -> None:
        self._extension = extension

    @property
    def contents_manager(self) -> AsyncLargeFileManager:
        """What reads and writes; like the server's own, but it sees hidden files."""
        service = self._extension.service
        root = str(service.root_dir)
        return AsyncLargeFileManager(parent=service.serverapp, root_dir=root, allow_hidden=True)

    def _refuse_others(self) -> None:
        path = self.path_kwargs.get("path") or ""
        root = self._extension.service.root_dir
        if not is_persona_file(path):
            raise web.HTTPError(404, "That is no persona file.")
        if not Path(os.path.realpath(root / path.strip("/"))).is_relative_to(root):
            raise web.HTTPError(404, "That file is not in the server's root folder.")

    async def _require_file(self, path: str) -> None:
        if not await self.contents_manager.file_exists(path):
            raise web.HTTPError(404, "There is no such file.")


class FileHandler(_PersonaFiles, ContentsHandler):
    """Reads and saves a persona file."""

    SUPPORTED_METHODS = ("GET", "PUT", "OPTIONS")

    @web.authenticated
    async def get(self, path: str = "") -> None:
        """Answer with the file."""
        self._refuse_others()
        await ensure_async(super().get(path=path))

    @web.authenticated
    async def put(self, path: str = "") -> None:
        """Save the file, which must be there."""
        self._refuse_others()
        model = self.get_json_body() or {}
        await self._require_file(path)
        if model.get("type", "file") != "file":
            raise web.HTTPError(400, "Only a file can be saved there.")
        from persona.jupyter._written import Writing

        writing = Writing(self._extension.service, path)
        await writing.begin()
        await ensure_async(super().put(path=path))
        user = self.current_user
        # Who may write files only must not bring it about that something runs.
        if await ensure_async(self.authorizer.is_authorized(self, user, "execute", "personas")):
            await writing.end()


class FileCheckpointsHandler(_PersonaFiles, CheckpointsHandler):
    """Lists and makes checkpoints of a persona file, as the editor does."""

    @web.authenticated
    async def get(self, path: str = "") -> None:
        """Answer with the checkpoints."""
        self._refuse_others()
        await self._require_file(path)
        await ensure_async(super().get(path=path))

    @web.authenticated
    async def post(self, path: str = "") -> None:
        """Make one."""
        self._refuse_others()
        await self._require_file(path)
        await ensure_async(super().post(path=path))


class FileCheckpointHandler(_PersonaFiles, ModifyCheckpointsHandler):
    """Restores and deletes a checkpoint of a persona file."""

    @web.authenticated
    async def post(self, path: str, checkpoint_id: str) -> None:
        """Restore it."""
        self._refuse_others()
        await ensure_async(super().post(path=path, checkpoint_id=checkpoint_id))

    @web.authenticated
    async def delete(self, path: str, checkpoint_id: str) -> None:
        """Delete it."""
        self._refuse_others()
        await ensure_async(super().delete(path=path, checkpoint_id=checkpoint_id))


_AT = rf"/api/personas/contents{path_regex}"

CONTENTS: tuple[tuple[str, Any], ...] = (
    (rf"{_AT}/checkpoints", FileCheckpointsHandler),
    (rf"{_AT}/checkpoints/(?P<checkpoint_id>[\w-]+)", FileCheckpointHandler),
    (_AT, FileHandler),
)
