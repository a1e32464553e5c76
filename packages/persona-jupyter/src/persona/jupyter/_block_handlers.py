"""REST for the blocks of a chat's personas: change, take back, complete a command."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tornado import web

from persona.jupyter._rest import Base

if TYPE_CHECKING:
    from persona.jupyter._blocks import Change


class BlocksHandler(Base):
    """``/api/personas/blocks``: what is changed of a persona in one open chat."""

    @web.authenticated
    async def patch(self) -> None:
        """Change values by dotted path; 400 with the reason if one is refused."""
        from persona.core import ChangeError

        chat_id, slug = self._body("chat_id", "slug")
        values = self._data().get("values")
        if not isinstance(values, dict) or not values:
            raise web.HTTPError(400, "The body needs: values (new values by dotted path).")
        manager = self._manager(chat_id)
        await manager.ready()
        try:
            self._told(await manager.blocks.change(slug, values))
        except ChangeError as exc:
            raise web.HTTPError(400, str(exc)) from exc

    @web.authenticated
    async def delete(self) -> None:
        """Take changes back, all or those of some blocks."""
        from persona.core import ChangeError

        chat_id, slug = self._body("chat_id", "slug")
        blocks = self._data().get("blocks", [])
        if not isinstance(blocks, list) or not all(isinstance(b, str) for b in blocks):
            raise web.HTTPError(400, "`blocks` must be a list of names.")
        manager = self._manager(chat_id)
        await manager.ready()
        try:
            self._told(await manager.blocks.reset(slug, blocks))
        except ChangeError as exc:
            raise web.HTTPError(400, str(exc)) from exc

    def _told(self, change: Change) -> None:
        payload: dict[str, Any] = asdict(change)
        self.finish(json.dumps(payload))


class CompletionsHandler(Base):
    """``GET /api/personas/completions?path=<chat>&text=<before the cursor>``."""

    @web.authenticated
    async def get(self) -> None:
        """Answer with what can follow a command."""
        from persona.jupyter._completion import complete

        path = self.get_query_argument("path", "")
        # Spaces at the end say that a new word begins.
        text = self.get_query_argument("text", "", strip=False)
        manager = self.service.manager_at(path.strip("/"))
        if manager is None:
            self.finish(json.dumps({"completions": []}))
            return
        await manager.ready()
        found = await complete(manager, text)
        self.finish(json.dumps({"completions": [asdict(c) for c in found]}))
