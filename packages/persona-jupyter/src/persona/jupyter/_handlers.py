"""REST under ``/api/personas``: the catalog, engines, avatars, stop, prepare, permissions."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

if TYPE_CHECKING:
    from persona.jupyter._extension import PersonasExtension
    from persona.jupyter._last_good import LiveView
    from persona.jupyter._manager import PersonaManager
    from persona.jupyter._service import PersonaService


class _Base(APIHandler):
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

    def _body(self, *keys: str) -> list[str]:
        try:
            data = json.loads(self.request.body or b"{}")
        except ValueError as exc:
            raise web.HTTPError(400, "The body is not JSON.") from exc
        if not isinstance(data, dict) or not all(isinstance(data.get(k), str) for k in keys):
            raise web.HTTPError(400, f"The body needs: {', '.join(keys)} (text).")
        return [data[k] for k in keys]


class PersonasHandler(_Base):
    """``GET /api/personas?path=<chat>``: personas, findings, commands, default."""

    @web.authenticated
    async def get(self) -> None:
        """Answer with the catalog that a chat sees."""
        from persona.core import persona_id
        from persona.jupyter._commands import COMMANDS
        from persona.jupyter._listing import list_personas

        path = self.get_query_argument("path", "")
        manager = self.service.manager_at(path.strip("/"))
        view = await self._view(path)
        rows = manager.listing() if manager else list_personas(view, self.service.root_dir)
        personas = [
            {
                **asdict(row),
                "id": persona_id(row.slug),
                "avatar_url": self._avatar(row.slug, view),
            }
            for row in rows
        ]
        payload = {
            "personas": personas,
            "diagnostics": [d.as_dict() for d in view.diagnostics],
            "default": manager.default_slug() if manager else None,
            "commands": [{"name": c.name, "description": c.description} for c in COMMANDS],
        }
        self.finish(json.dumps(payload))

    def _avatar(self, slug: str, view: LiveView) -> str | None:
        definition = view.personas.get(slug)
        avatar = definition.identity.avatar if definition else None
        if not avatar or avatar.startswith(("http://", "https://", "data:")):
            return avatar
        path = self.get_query_argument("path", "")
        url = url_path_join(self.base_url, "api/personas/avatar", quote(slug, safe=""))
        return f"{url}?path={quote(path)}"


class EnginesHandler(_Base):
    """``GET /api/personas/engines``: every installed engine; imports none."""

    @web.authenticated
    def get(self) -> None:
        """Answer with the list of engines."""
        entries = self.service.catalog.registry.entries.values()
        policy = self.service.policy
        engines = [
            {
                "id": e.id,
                "distribution": e.distribution,
                "broken": e.broken,
                "allowed": policy.allows_engine(e.id),
            }
            for e in entries
        ]
        self.finish(json.dumps({"engines": engines}))


class StopHandler(_Base):
    """``POST /api/personas/stop``: stop what is being written in a chat."""

    @web.authenticated
    async def post(self) -> None:
        """Stop and answer with how many turns there were."""
        (chat_id,) = self._body("chat_id")
        manager = self._manager(chat_id)
        self.finish(json.dumps({"stopped": await manager.stop()}))


class PrepareHandler(_Base):
    """``POST /api/personas/prepare``: a persona was picked; get its engine ready."""

    @web.authenticated
    def post(self) -> None:
        """Begin and answer at once."""
        chat_id, slug = self._body("chat_id", "slug")
        manager = self._manager(chat_id)
        manager.prepare_soon(slug)
        self.set_status(202)
        self.finish("{}")


class PermissionHandler(_Base):
    """``POST /api/personas/permission``: a person answers a persona's request."""

    @web.authenticated
    def post(self) -> None:
        """Answer with what was decided; 409 if it was before, with who did it."""
        from persona.jupyter._permissions import answered_already

        chat_id, request, option = self._body("chat_id", "request", "option")
        manager = self._manager(chat_id)
        by = self.current_user.username
        name = self.current_user.display_name or self.current_user.name or by
        counted = False
        for persona in manager.in_use:
            try:
                counted = counted or persona.decide(request, option, by, name)
            except ValueError as exc:
                raise web.HTTPError(400, str(exc)) from exc
        became = answered_already(manager.chat, request)
        if became is None:
            raise web.HTTPError(404, "There is no such request in this chat.")
        if not counted:
            self.set_status(409)
        self.finish(json.dumps(became))


class AvatarHandler(JupyterHandler):
    """``GET /api/personas/avatar/<slug>?path=<chat>``: the picture of a persona."""

    def initialize(self, extension: PersonasExtension) -> None:
        self._extension = extension

    @web.authenticated
    async def get(self, slug: str) -> None:
        """Answer with the image; nothing in it can run."""
        from persona.core import AvatarError, avatar_data_uri

        service = self._extension.service
        path = self.get_query_argument("path", "")
        manager = service.manager_at(path.strip("/"))
        if manager is not None:
            await manager.ready()
        view = manager.view if manager else await service.view(path)
        definition = view.personas.get(slug)
        folders = definition.avatar_folders if definition else ()
        try:
            uri = avatar_data_uri(definition.identity.avatar if definition else None, folders)
        except (AvatarError, OSError) as exc:
            raise web.HTTPError(404, str(exc)) from exc
        if uri is None or not uri.startswith("data:"):
            raise web.HTTPError(404, "That persona has no avatar of its own.")
        head, _, data = uri.partition(",")
        self.set_header("Content-Type", head.removeprefix("data:").split(";")[0])
        self.set_header(
            "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        )
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "private, max-age=60")
        self.finish(base64.b64decode(data))


HANDLERS: tuple[tuple[str, Any], ...] = (
    (r"/api/personas", PersonasHandler),
    (r"/api/personas/engines", EnginesHandler),
    (r"/api/personas/stop", StopHandler),
    (r"/api/personas/prepare", PrepareHandler),
    (r"/api/personas/permission", PermissionHandler),
    (r"/api/personas/avatar/([^/]+)", AvatarHandler),
)
