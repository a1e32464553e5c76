"""REST for the blocks of a chat's personas: change, take back, what can be chosen, completion."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tornado import web

from persona.jupyter._rest import Base

if TYPE_CHECKING:
    from persona.jupyter._blocks import Change
    from persona.jupyter._choices import Option


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


class ChoicesHandler(Base):
    """``GET /api/personas/choices?path=<chat>&slug=<short name>``: what a persona may be."""

    @web.authenticated
    async def get(self) -> None:
        """Answer with engines, models, modes and options; may import its engine."""
        from persona.core import persona_id
        from persona.jupyter._choices import engines_here, models_here, modes_of, options_of
        from persona.jupyter._usage import usage_of

        slug = self.get_query_argument("slug", "")
        manager = self.service.manager_at(self.get_query_argument("path", "").strip("/"))
        if manager is None:
            raise web.HTTPError(404, "That chat is not open.")
        await manager.ready()
        if slug not in manager.view.personas:
            raise web.HTTPError(404, "There is no such persona, or its file has to be repaired.")
        options = await options_of(manager, slug)
        definition = manager.view.personas.get(slug)  # files may have changed meanwhile
        if definition is None:
            raise web.HTTPError(404, "That persona is gone.")
        ids = map(persona_id, (slug, *manager.view.former_names(slug)))
        usage = usage_of(manager.chat.get_messages(), ids, definition)
        payload = {
            "engine": definition.engine,
            "model": definition.model.model_id if definition.model else None,
            "engines": [
                {"id": id_, "distribution": distribution}
                for id_, distribution in engines_here(manager, slug).items()
            ],
            "models": models_here(manager, slug),
            "modes": [{"id": id_, "name": name} for id_, name in modes_of(manager, slug).items()],
            "options": [_plain(option) for option in options],
            "usage": usage and asdict(usage),
        }
        self.finish(json.dumps(payload))


def _plain(option: Option) -> dict[str, Any]:
    from persona.core import looks_secret

    names, value = option.names, option.value
    simple = value is None or isinstance(value, str | int | float)
    hidden = not simple or looks_secret(option.key.rpartition(".")[2], value)
    choices = [{"id": id_, "name": names.get(id_, id_)} for id_ in option.choices]
    return {
        "key": option.key,
        "value": None if hidden else value,
        "changed": option.changed,
        "description": option.description,
        "choices": choices,
    }


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
