"""What was changed of the personas in one chat, kept in the chat's metadata."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from persona.core import lies_below
from persona.jupyter._seal import Seal

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

KEY = "personas_changes"
"""Key in the chat's metadata: a mapping from short names to JSON text.

Text, as a collaborative chat turns whole numbers into others.
"""

_LONGEST = 256 * 1024
"""Characters of one persona's changes; more was not written here."""


class ChatChanges:
    """Reads and writes the changes of one chat.

    A chat file may come from somebody else, and what is changed may run programs. So each
    entry is sealed with a key that only this user has; what was changed elsewhere is told
    and has no effect until somebody here agrees.

    Args:
        chat: The chat.
        seal: Tells what was written here; by default with the user's own key.
    """

    def __init__(self, chat: BaseChatModel, seal: Seal | None = None) -> None:
        self._chat = chat
        self._seal = seal or Seal()

    def all(self) -> dict[str, dict[str, Any]]:
        """Return what was changed here, by short name and dotted path."""
        return {slug: own for slug, (own, ours) in self._entries().items() if ours}

    def foreign(self) -> dict[str, dict[str, Any]]:
        """Return what was changed on another server and has no effect here."""
        return {slug: own for slug, (own, ours) in self._entries().items() if not ours}

    def of(self, slug: str) -> dict[str, Any]:
        """Return what was changed here of one persona."""
        return self.all().get(slug, {})

    def can_keep(self, slug: str, values: Mapping[str, Any]) -> bool:
        """Whether these changes of a persona are small enough to be read again."""
        return len(self._entry(slug, values, ours=True)) <= _LONGEST

    def put(self, slug: str, values: Mapping[str, Any]) -> None:
        """Keep these changes of a persona, and no others."""
        self._write(slug, values)

    def reset(self, slug: str, blocks: Iterable[str] = ()) -> list[str]:
        """Forget changes of a persona, also foreign ones, and return their paths.

        Args:
            slug: Its short name.
            blocks: Only these, as people call them; by default all.
        """
        entry = self._entries().get(slug)
        if entry is None:
            return []
        own, _ = entry
        wanted = list(blocks)
        gone = [p for p in own if not wanted or any(lies_below(p, block) for block in wanted)]
        self._write(slug, {path: value for path, value in own.items() if path not in gone},
                    ours=entry[1])  # fmt: skip
        return gone

    def move(self, old: str, new: str) -> None:
        """Let what was changed of one persona be changed of another; that one's own wins.

        Called when a persona has another short name from now on.
        """
        entries = self._entries()
        if old not in entries:
            return
        values, ours = entries[old]
        self._write(old, {})
        if new not in entries:
            self._write(new, values, ours=ours)

    def accept(self, slug: str) -> list[str]:
        """Let what was changed elsewhere count here, and return its paths."""
        own = self.foreign().get(slug, {})
        if own:
            self._write(slug, own)
        return list(own)

    def _entries(self) -> dict[str, tuple[dict[str, Any], bool]]:
        stored = self._chat.get_metadata().get(KEY)
        if not isinstance(stored, dict):
            return {}
        found: dict[str, tuple[dict[str, Any], bool]] = {}
        for slug, text in stored.items():
            entry = _read(text)
            if isinstance(slug, str) and entry is not None:
                values, seal = entry
                found[slug] = values, self._seal.fits(slug, values, seal)
        return found

    def _write(self, slug: str, values: Mapping[str, Any], *, ours: bool = True) -> None:
        stored = self._chat.get_metadata().get(KEY)
        entries = dict(stored) if isinstance(stored, dict) else {}
        if values:
            entries[slug] = self._entry(slug, values, ours=ours)
        else:
            entries.pop(slug, None)
        self._chat.set_metadata(KEY, entries)

    def _entry(self, slug: str, values: Mapping[str, Any], *, ours: bool) -> str:
        entry: dict[str, Any] = {"values": dict(values)}
        if ours:
            entry["seal"] = self._seal.of(slug, values)
        return json.dumps(entry, ensure_ascii=False)


def _read(text: object) -> tuple[dict[str, Any], str] | None:
    """Return values and seal of an entry, or None: a chat file may hold anything."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return None
    values = entry.get("values") if isinstance(entry, dict) else None
    if not isinstance(values, dict) or not values:
        return None
    return values, str(entry.get("seal", ""))
