"""What personas do, as Jupyter Events: for other front ends, and for ours.

An event is emitted by a callback of the event loop, not within a turn: an event handler or a
modifier that somebody has added to the server may raise, and a turn must not fail of it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_events import EventLogger
    from jupyterlab_chat.models import BaseChatModel

    from persona.core import Activity, BasePersona
    from persona.jupyter._catalog_change import CatalogChange

STATE = "https://schema.jupyter.org/personas/persona_state/v1"
CATALOG = "https://schema.jupyter.org/personas/persona_catalog/v1"

_SCHEMAS = {STATE: "persona_state/v1.yaml", CATALOG: "persona_catalog/v1.yaml"}
_SPACING = 0.1
"""Seconds between two events of a persona in a turn; what passes faster is left out."""

_AT_ONCE = frozenset({"waiting", "idle", "stopped", "failed", "closed"})
"""What is never late and never left out: somebody is asked, or a turn is over."""

_WORD = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def register_schemas(logger: EventLogger) -> None:
    """Make the events known; safe to repeat.

    Called when the server loads the extension: whoever subscribes is told only of events that
    are known by then.
    """
    folder = Path(__file__).with_name("event_schemas")
    for schema, file in _SCHEMAS.items():
        if schema not in logger.schemas:
            logger.register_event_schema(folder / file)


class ChatEvents:
    """Tells what happens to the personas of one chat.

    Args:
        logger: The server's events, None if it has none.
        chat: The chat.
    """

    def __init__(self, logger: EventLogger | None, chat: BaseChatModel) -> None:
        self._logger = logger
        self._chat = chat
        self._chat_id = chat.get_id()

    def follow(self, persona: BasePersona) -> None:
        """Tell of what a persona does from now on. Called in the event loop, when it is made."""
        if self._logger is not None:
            persona.when_active = _Told(lambda now: self._tell_state(persona.slug, now)).take

    def catalog(self, change: CatalogChange) -> None:
        """Tell that other personas are here, or that they are made of something else."""
        if change:
            self._soon(CATALOG, change.as_dict())

    def _tell_state(self, slug: str, now: Activity) -> None:
        data = {
            "slug": slug,
            "state": now.state,
            "turn": now.turn,
            "engine": now.engine,
            "model": now.model,
            "error": _word(now.error),
        }
        self._soon(STATE, data)

    def _soon(self, schema: str, data: dict[str, Any]) -> None:
        if self._logger is not None:
            asyncio.get_running_loop().call_soon(self._emit, self._logger, schema, data)

    def _emit(self, logger: EventLogger, schema: str, data: dict[str, Any]) -> None:
        where = {"chat_id": self._chat_id, "path": self._chat.get_path()}
        logger.emit(schema_id=schema, data=where | data)


class _Told:
    """Passes on what a persona does: ends all and at once, the rest not more often than needed."""

    def __init__(self, tell: Callable[[Activity], None]) -> None:
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._kept: list[Activity] = []
        self._timer: asyncio.TimerHandle | None = None

    def take(self, now: Activity) -> None:
        if self._kept and self._kept[-1].state not in _AT_ONCE:
            self._kept.pop()  # passed over
        self._kept.append(now)
        wait = self._due - self._loop.time()
        if self._timer is not None and now.state not in _AT_ONCE:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wait <= 0 or now.state in _AT_ONCE:
            self._send()
        else:
            self._timer = self._loop.call_later(wait, self._send)

    def _send(self) -> None:
        self._timer = None
        self._due = self._loop.time() + _SPACING
        kept, self._kept = self._kept, []
        for activity in kept:
            self._tell(activity)


def _word(kind: str | None) -> str | None:
    """Return the sort of a failure, which engines choose freely, only if it is but a word."""
    return kind if kind is None or _WORD.fullmatch(kind) else "other"
