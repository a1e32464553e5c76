"""What the REST handlers have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jupyter_server.base.handlers import APIHandler
from tornado import web

if TYPE_CHECKING:
    from persona.jupyter._extension import PersonasExtension
    from persona.jupyter._last_good import LiveView
    from persona.jupyter._manager import PersonaManager
    from persona.jupyter._service import PersonaService


class Base(APIHandler):
    """Finds the chat that a request is about, and reads its body."""

    def initialize(self, extension: PersonasExtension) -> None:
        self._extension = extension

    @property
    def service(self) -> PersonaService:
        return self._extension.service

    async def _view(self, path: str) -> LiveView:
        manager = self.service.manager_at(path.strip("/"))
        if manager is not None:
            await manager.ready()
            self.service.watch()  # the chat's file may have been moved
            return manager.view
        return await self.service.view(path)

    def _manager(self, chat_id: str) -> PersonaManager:
        manager = self.service.manager(chat_id)
        if manager is None:
            raise web.HTTPError(404, "That chat is not open.")
        return manager

    def _data(self) -> dict[str, Any]:
        try:
            data = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError) as exc:
            raise web.HTTPError(400, "The body is not JSON.") from exc
        if not isinstance(data, dict):
            raise web.HTTPError(400, "The body must be an object.")
        return data

    def _body(self, *keys: str) -> list[str]:
        data = self._data()
        if not all(isinstance(data.get(key), str) for key in keys):
            raise web.HTTPError(400, f"The body needs: {', '.join(keys)} (text).")
        return [data[key] for key in keys]
