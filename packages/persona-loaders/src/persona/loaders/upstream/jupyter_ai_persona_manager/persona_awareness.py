"""The awareness of Jupyter AI 3.0 and 3.1, as far as personas write to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from persona.loaders.upstream.jupyter_ai_persona_manager.persona_events import (
    PersonaManagerSessionState,
    PersonaSessionState,
)


class PersonaAwareness(PersonaSessionState):
    """Shows in the chat that a persona writes; keeps any other field.

    Args:
        show: Called with the status to show, or None.
        answers: Says whether the persona answers now.
    """

    def __init__(
        self,
        show: Callable[[str | None], None] | None = None,
        answers: Callable[[], bool] = lambda: False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._answers = answers
        self._show = show or (lambda status: None)
        self._fields: dict[str, Any] = {}

    @property
    def processing(self) -> bool:
        """Whether the persona answers now."""
        return self._answers()

    @property
    def client_id(self) -> int:
        """Some number."""
        return 0

    def get_local_state(self) -> dict[str, Any]:
        """Return the fields that were set."""
        return dict(self._fields)

    def set_local_state(self, state: dict[str, Any] | None) -> None:
        """Set all fields."""
        self._fields = {}
        for key, value in (state or {}).items():
            self.set_local_state_field(key, value)
        if not state:
            self._show(None)

    def set_local_state_field(self, field: str, value: Any) -> None:
        """Set one field; ``isWriting`` shows or ends the status."""
        self._fields[field] = value
        if field == "isWriting":
            self.is_writing = value
            self._show("is writing…" if value else None)

    @contextmanager
    def as_custom_client(self) -> Iterator[None]:
        """Do nothing: everybody writes as who they are."""
        yield


class PersonaManagerAwareness(PersonaManagerSessionState):
    """The awareness of a manager."""


ScopedAwareness = PersonaAwareness
