"""REST for first use: make a persona in the project of a chat."""

from __future__ import annotations

import json

from tornado import web

from persona.jupyter._refusal import Refusal
from persona.jupyter._rest import Base


class NewHandler(Base):
    """``POST /api/personas/new``: a person wants a persona of their own."""

    @web.authenticated
    async def post(self) -> None:
        """Write its file and answer with where it is."""
        from persona.jupyter._new_persona import make_persona

        data = self._data()
        (name,) = self._body("name")
        chat_id, path = data.get("chat_id"), data.get("path")
        if isinstance(chat_id, str):
            path = self._manager(chat_id).path
        elif not isinstance(path, str):
            raise web.HTTPError(400, "The body needs `chat_id` or `path` (text).")
        service = self.service
        view = await self._view(path)
        taken = [*view.personas, *view.removed, *(broken.slug for broken in view.broken)]
        try:
            made = await make_persona(
                name,
                service.levels(path),
                service.root_dir,
                taken,
                service.catalog.registry,
                service.policy,
            )
        except Refusal as exc:
            raise web.HTTPError(exc.status, str(exc)) from exc
        manager = service.manager_at(path.strip("/"))
        if manager is not None:
            await manager.reload()
        self.set_status(201)
        # Where the contents API finds it; the persona's own one if hidden files are closed to it.
        file = made.file.relative_to(service.root_dir).as_posix()
        self.finish(
            json.dumps(
                {
                    "slug": made.slug,
                    "name": made.name,
                    "path": file,
                    "hidden": not self.contents_manager.allow_hidden,
                }
            )
        )
