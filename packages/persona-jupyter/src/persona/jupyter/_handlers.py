"""REST under ``/api/personas``: the catalog, engines, avatars, stop, prepare, permissions."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from persona.jupyter._block_handlers import BlocksHandler, ChoicesHandler, CompletionsHandler
from persona.jupyter._contents import CONTENTS
from persona.jupyter._new_handler import NewHandler
from persona.jupyter._rest import Base
from persona.jupyter._roster_handler import RosterHandler
from persona.jupyter._save_handler import SaveHandler
from persona.jupyter._trust_handler import TrustHandler

if TYPE_CHECKING:
    from persona.jupyter._extension import PersonasExtension
    from persona.jupyter._last_good import LiveView


class PersonasHandler(Base):
    """``GET /api/personas?path=<chat>``: personas, findings, commands, who answers."""

    @web.authenticated
    async def get(self) -> None:
        """Answer with the catalog that a chat sees."""
        from persona.core import persona_id
        from persona.jupyter._commands import COMMANDS
        from persona.jupyter._listing import list_personas, with_support
        from persona.jupyter._names import names_in
        from persona.jupyter._readiness import supports
        from persona.jupyter._whereabouts import opened_by

        path = self.get_query_argument("path", "")
        manager = self.service.manager_at(path.strip("/"))
        view = await self._view(path)
        root = self.service.root_dir
        rows = manager.listing() if manager else list_personas(view, root)
        if self.get_query_argument("support", "") == "true":
            live = manager.personas.live if manager else {}
            rows = with_support(
                rows, await supports(view, self.service.catalog.registry, root, live)
            )
        brought = manager.carried.all(view) if manager else {}
        default = manager.default() if manager else self.service.default(view)
        allow_hidden = self.contents_manager.allow_hidden
        names = names_in(view)
        personas = [
            {
                **asdict(row),
                "id": persona_id(row.slug),
                "names": list(names.get(row.slug, ())),
                "default": row.slug == default.slug,
                "open": opened_by(row.path, allow_hidden=allow_hidden),
                "avatar_url": brought[row.slug].picture
                if row.slug in brought
                else self._avatar(row.slug, manager.personas.everyone if manager else view),
            }
            for row in rows
        ]
        payload = {
            "personas": personas,
            "diagnostics": [d.as_dict() for d in view.diagnostics],
            "default": default.slug,
            "default_from": default.origin,
            "last_addressed": manager.last_addressed if manager else None,
            "people": dict(manager.people) if manager else {},
            "commands": [{"name": c.name, "description": c.description} for c in COMMANDS],
        }
        self.finish(json.dumps(payload))

    def _avatar(self, slug: str, view: LiveView) -> str | None:
        from persona.core import MAX_AVATAR

        definition = view.personas.get(slug)
        avatar = definition.identity.avatar if definition else None
        if not avatar or avatar.startswith(("http://", "https://")):
            return avatar
        if avatar.startswith("data:") and len(avatar) <= 2 * MAX_AVATAR:
            return avatar
        path = self.get_query_argument("path", "")
        url = url_path_join(self.base_url, "api/personas/avatar", quote(slug, safe=""))
        return f"{url}?path={quote(path)}"


class EnginesHandler(Base):
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


class StopHandler(Base):
    """``POST /api/personas/stop``: stop what is being written in a chat."""

    @web.authenticated
    async def post(self) -> None:
        """Stop and answer with how many turns there were."""
        (chat_id,) = self._body("chat_id")
        manager = self._manager(chat_id)
        self.finish(json.dumps({"stopped": await manager.stop()}))


class PrepareHandler(Base):
    """``POST /api/personas/prepare``: a persona was picked; get its engine ready."""

    @web.authenticated
    async def post(self) -> None:
        """Begin and answer at once, or with ``wait`` when it is ready or cannot be."""
        chat_id, slug = self._body("chat_id", "slug")
        manager = self._manager(chat_id)
        if self._data().get("wait") is True:
            await manager.prepare(slug)
            self.finish("{}")
            return
        manager.prepare_soon(slug)
        self.set_status(202)
        self.finish("{}")


class PermissionHandler(Base):
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

    def get_login_url(self) -> str:
        """Refuse whoever is not logged in, as the other routes do, instead of redirecting."""
        raise web.HTTPError(403)

    @web.authenticated
    async def get(self, slug: str) -> None:
        """Answer with the image; nothing in it can run."""
        from persona.core import AvatarError, avatar_data_uri

        service = self._extension.service
        path = self.get_query_argument("path", "")
        manager = service.manager_at(path.strip("/"))
        if manager is not None:
            await manager.ready()
        view = manager.personas.everyone if manager else await service.view(path)
        definition = view.personas.get(slug)
        folders = definition.avatar_folders if definition else ()
        try:
            avatar = definition.identity.avatar if definition else None
            uri = await asyncio.to_thread(avatar_data_uri, avatar, folders)  # may scale it down
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
    (r"/api/personas/blocks", BlocksHandler),
    (r"/api/personas/choices", ChoicesHandler),
    (r"/api/personas/completions", CompletionsHandler),
    (r"/api/personas/roster", RosterHandler),
    (r"/api/personas/save", SaveHandler),
    (r"/api/personas/stop", StopHandler),
    (r"/api/personas/trust", TrustHandler),
    (r"/api/personas/prepare", PrepareHandler),
    (r"/api/personas/permission", PermissionHandler),
    (r"/api/personas/avatar/([^/]+)", AvatarHandler),
    (r"/api/personas/new", NewHandler),
    *CONTENTS,
)
