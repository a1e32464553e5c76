"""Which session of an agent's process an update is for."""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

from persona.engines.acp._transport import JsonObject

_EARLY_SESSIONS = 16
_EARLY_UPDATES = 200


class Listener(Protocol):
    """A session, as its agent sees it."""

    def on_update(self, update: JsonObject, size: int) -> None:
        """Take a ``session/update`` of so many bytes, in order; must not wait."""

    async def on_permission(self, params: JsonObject) -> JsonObject:
        """Answer a ``session/request_permission``."""


class Routes:
    """Gives updates to the sessions that they are for, in order."""

    def __init__(self) -> None:
        self._listeners: dict[str, Listener] = {}
        self._early: dict[str, deque[tuple[JsonObject, int]]] = {}

    def attach(self, session_id: str, listener: Listener) -> None:
        """Give a session's updates to ``listener`` from now on, those already here first."""
        self._listeners[session_id] = listener
        for update, size in self._early.pop(session_id, ()):
            listener.on_update(update, size)

    def detach(self, session_id: str) -> None:
        """Drop what comes for a session from now on."""
        self._listeners.pop(session_id, None)

    def has(self, session_id: str) -> bool:
        """Whether somebody listens to a session."""
        return session_id in self._listeners

    def listener(self, params: Any) -> Listener | None:
        """Return whom a request with these parameters is for."""
        session_id = params.get("sessionId") if isinstance(params, dict) else None
        return self._listeners.get(session_id) if isinstance(session_id, str) else None

    def on_update(self, params: JsonObject, size: int) -> None:
        """Take the parameters of a ``session/update`` of so many bytes."""
        session_id, update = params.get("sessionId"), params.get("update")
        if not isinstance(session_id, str) or not isinstance(update, dict):
            return
        listener = self._listeners.get(session_id)
        if listener is not None:
            listener.on_update(update, size)
            return
        # Some updates overtake the answer that tells the session's id.
        if session_id not in self._early and len(self._early) >= _EARLY_SESSIONS:
            self._early.pop(next(iter(self._early)))
        waiting = self._early.setdefault(session_id, deque(maxlen=_EARLY_UPDATES))
        waiting.append((update, size))
