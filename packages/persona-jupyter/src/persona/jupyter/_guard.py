"""Whether a project's persona may run what it wants to, as its files are at that moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from persona.core import BasePersona, EngineError, Scope, TurnError, Untrusted

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

    from persona.jupyter._definitions import ChatDefinitions
    from persona.jupyter._policy import Policy
    from persona.jupyter._service import PersonaService


class Guard:
    """Looks at what personas of one chat would run, and stops those that wait for trust.

    Args:
        chat: The chat.
        service: Who is trusted.
        policy: What the server allows.
        definitions: The definitions in use.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        service: PersonaService,
        policy: Policy,
        definitions: ChatDefinitions,
    ) -> None:
        self._chat = chat
        self._service = service
        self._policy = policy
        self._definitions = definitions

    def may_run(self, slug: str) -> bool:
        """Whether a persona could wait for trust at all; quick, and most could not."""
        definition = self._definitions.files.personas.get(slug)
        source = definition.source if definition is not None else None
        if definition is None or source is None or source.scope is not Scope.PROJECT:
            return False
        servers = definition.context.mcp_servers
        return bool(definition.code or definition.options or servers)

    def look(self, slug: str, path: str | None = None) -> Untrusted | None:
        """Return why a persona waits for trust, as its files are now; blocking.

        What was changed in the chat does not count: a person of this server has done it.

        Args:
            slug: The persona.
            path: The chat's path; a thread must give it, as a shared chat cannot be asked there.
        """
        files = self._definitions.files.personas.get(slug)
        view = self._definitions.view.personas.get(slug)
        if files is None or view is None:
            return None
        judged = files
        if view.engine != files.engine:  # which may take other options of the file
            judged = files.model_copy(update={"engine": view.engine})
        folder = self._service.folder(self._chat.get_path() if path is None else path)
        return self._service.judge(self._policy).look(judged, folder)

    def check(self, slug: str, engine: str) -> None:
        """Let a persona be made only if it does not wait for trust; blocking.

        Raises:
            EngineError: It waits; ``engine`` is the one that it would have got.
        """
        untrusted = self.look(slug)
        if untrusted is not None:
            raise EngineError(untrusted.detail, engine_id=engine, fix=_fix(slug))

    async def check_turn(self, persona: BasePersona) -> None:
        """Let a persona start or answer only if no file has changed since it was trusted.

        Raises:
            TurnError: One has.
        """
        if not self.may_run(persona.slug):
            return
        path = self._chat.get_path()
        untrusted = await asyncio.to_thread(self.look, persona.slug, path)
        if untrusted is not None:
            raise TurnError(untrusted.detail, fix=_fix(persona.slug), kind="untrusted")


def _fix(slug: str) -> str:
    return f"Look at it and send `/trust @{slug}`."
