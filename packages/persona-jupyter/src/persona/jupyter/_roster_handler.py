"""REST for who takes part in a chat: remove, add, make default."""

from __future__ import annotations

import json

from tornado import web

from persona.jupyter._rest import Base


class RosterHandler(Base):
    """``PATCH /api/personas/roster``: a persona's place in one open chat."""

    @web.authenticated
    async def patch(self) -> None:
        """Change it; 400 with the reason if that is refused."""
        from persona.core import ChangeError

        chat_id, slug = self._body("chat_id", "slug")
        data = self._data()
        removed, default = data.get("removed"), data.get("default")
        if not (isinstance(removed, bool) ^ isinstance(default, bool)):
            raise web.HTTPError(400, "The body needs one of: removed, default (true or false).")
        manager = self._manager(chat_id)
        await manager.ready()
        roster = manager.roster
        try:
            if removed is not None:
                await (roster.remove(slug) if removed else roster.add(slug))
            elif default:
                await roster.make_default(slug)
            elif roster.default == slug:  # what somebody else has chosen meanwhile stays
                await roster.make_default(None)
        except ChangeError as exc:
            raise web.HTTPError(400, str(exc)) from exc
        found = manager.default()
        self.finish(
            json.dumps(
                {
                    "slug": slug,
                    "removed": slug in manager.view.removed,
                    "default": found.slug,
                    "default_from": found.origin,
                }
            )
        )
