"""REST for trust: what a project's persona would run, and whether it may."""

from __future__ import annotations

import asyncio
import json

from jupyter_server.auth.decorator import authorized
from tornado import web

from persona.jupyter._refusal import Refusal
from persona.jupyter._rest import Base


class TrustHandler(Base):
    """``/api/personas/trust``: a person looks at what would run, and decides."""

    @web.authenticated
    @authorized("read", resource="personas")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Answer with everybody who waits for trust in a chat, and what they would run."""
        path = self.get_query_argument("path", "")
        view = await self._view(path)
        waiting = [
            {
                "slug": slug,
                "name": found.version.name,
                "why": found.why,
                "detail": found.detail,
                "problem": found.problem,
                "digest": found.version.digest,
                "project": str(found.version.root),
                "runs": [run.as_dict() for run in found.version.runs],
                "files": [
                    {"file": str(file.path), "sha256": file.sha256, "problem": file.problem}
                    for file in found.version.files
                ],
                "changes": [
                    {"file": change.path, "old": change.old, "new": change.new}
                    for change in found.changes
                ],
            }
            for slug, found in view.untrusted.items()
        ]
        problem = await asyncio.to_thread(lambda: self.service.trust_store.problem)
        self.finish(json.dumps({"waiting": waiting, "problem": problem}))

    @web.authenticated
    @authorized("execute", resource="personas")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Decide: ``version``, ``project`` or ``later``."""
        from persona.jupyter._trust import CHOICES

        chat_id, slug, decision = self._body("chat_id", "slug", "decision")
        seal = self._data().get("seal")
        choice = next((choice for choice in CHOICES if choice == decision), None)
        if choice is None or not isinstance(seal, str | None):
            raise web.HTTPError(400, "`decision` is version, project or later; `seal` is text.")
        manager = self._manager(chat_id)
        await manager.ready()
        user = self.current_user
        by = user.display_name or user.name or user.username
        try:
            answered = await manager.decide_trust(slug, choice, seal, by)
        except Refusal as exc:
            raise web.HTTPError(exc.status, str(exc)) from exc
        trusted = choice != "later"
        self.finish(json.dumps({"slug": slug, "trusted": trusted, "answered": answered}))

    @web.authenticated
    @authorized("execute", resource="personas")  # type: ignore[untyped-decorator]
    async def put(self) -> None:
        """Ask in the chat, where a person can see what would run, and decide."""
        chat_id, slug = self._body("chat_id", "slug")
        manager = self._manager(chat_id)
        await manager.ready()
        try:
            message = await manager.trust.review(slug)
        except Refusal as exc:
            raise web.HTTPError(exc.status, str(exc)) from exc
        self.finish(json.dumps({"slug": slug, "message": message}))
