"""REST for personas that a chat brings: save one as a file of one's own."""

from __future__ import annotations

import json

from tornado import web

from persona.jupyter._refusal import Refusal
from persona.jupyter._rest import Base


class SaveHandler(Base):
    """``POST /api/personas/save``: a person wants a persona that the chat brings."""

    @web.authenticated
    async def post(self) -> None:
        """Save it and answer with its file and what it lacks."""
        from persona.jupyter._carried_save import save_carried

        chat_id, slug = self._body("chat_id", "slug")
        data = self._data()
        scope, seal = data.get("scope", "project"), data.get("seal")
        if not isinstance(scope, str) or not isinstance(seal, str | None):
            raise web.HTTPError(400, "`scope` is project or user; `seal` is text.")
        manager = self._manager(chat_id)
        await manager.ready()
        try:
            saved = await save_carried(manager, slug, scope, seal)
        except Refusal as exc:
            raise web.HTTPError(exc.status, str(exc)) from exc
        user = self.current_user
        told = saved.told(user.display_name or user.name or user.username)
        if not manager.offers.settle(slug, told):
            manager.offers.tell(told)
        self.finish(
            json.dumps(
                {
                    "slug": saved.slug,
                    "file": saved.file,
                    "scope": saved.scope,
                    "variables": [list(pair) for pair in saved.packed.variables],
                    "left_out": [*saved.packed.left_out, *saved.problems],
                }
            )
        )
