"""Who was taken out of one chat, and who answers in it by default; kept in its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

KEY = "persona_roster"
"""Key in the chat's metadata: a mapping from short names to ``removed`` or ``default``.

By short name, so that who is renamed keeps its place.
"""

SINCE = "personas_default_since"
"""Key in the chat's metadata: id of the last message when the default one was chosen."""

Place = Literal["removed", "default"]


class ChatRoster:
    """Reads and writes the roster of one chat.

    It travels with the chat's file and is not sealed: it can only choose among personas
    that this server has, and take away.

    Args:
        chat: The chat.
    """

    def __init__(self, chat: BaseChatModel) -> None:
        self._chat = chat

    @property
    def removed(self) -> frozenset[str]:
        """Short names of those who do not take part."""
        return frozenset(slug for slug, place in self._places().items() if place == "removed")

    @property
    def default(self) -> str | None:
        """Short name of who answers in this chat when nobody is mentioned, or None."""
        return next((s for s, place in self._places().items() if place == "default"), None)

    @property
    def since(self) -> str | None:
        """Id of the last message that there was when the default one was chosen, or None."""
        found = self._chat.get_metadata().get(SINCE)
        return found if isinstance(found, str) and found else None

    def remove(self, slug: str) -> None:
        """Let one not take part any more; it is no longer the default one either."""
        self._write({**self._places(), slug: "removed"})

    def add(self, slug: str) -> None:
        """Let one take part again."""
        places = self._places()
        if places.get(slug) == "removed":
            del places[slug]
            self._write(places)

    def make_default(self, slug: str | None) -> None:
        """Let one answer by default in this chat; None takes that back."""
        places: dict[str, Place] = dict.fromkeys(self.removed, "removed")
        if slug is not None:
            places[slug] = "default"
            messages = self._chat.get_messages()
            self._chat.set_metadata(SINCE, messages[-1].id if messages else "")
        self._write(places)

    def _places(self) -> dict[str, Place]:
        stored = self._chat.get_metadata().get(KEY)
        if not isinstance(stored, Mapping):  # a chat file may hold anything
            return {}
        places: dict[str, Place] = {}
        for slug, place in stored.items():
            if isinstance(slug, str) and place in ("removed", "default"):
                places[slug] = place
        return places

    def _write(self, places: Mapping[str, Place]) -> None:
        self._chat.set_metadata(KEY, dict(places))
