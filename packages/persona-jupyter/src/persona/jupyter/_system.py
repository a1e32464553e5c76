"""The chat's own voice: hints, answers to commands, and findings about files."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona.core import ChatGone, Conversation, Diagnostic
from persona.jupyter import _file_notices as notices

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

SYSTEM_USER = "personas::system"
_METADATA = "personas_diagnostics"
_KEPT = "personas_kept"
_FOREIGN = "personas_foreign"
_UNREADABLE = "personas_unreadable"
# A drawing, not an emoji: not every machine has a font for those.
_AVATAR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
    '<circle cx="50" cy="50" r="50" fill="#475569"/>'
    '<circle cx="36" cy="52" r="11" fill="#5eead4"/><circle cx="64" cy="52" r="11"'
    ' fill="#a5b4fc"/><circle cx="50" cy="34" r="11" fill="#fcd34d"/></svg>'
)


class SystemVoice:
    """Write to a chat as "Personas", a participant that never answers."""

    def __init__(self, chat: BaseChatModel) -> None:
        from jupyterlab_chat.models import User

        user = User(  # type: ignore[no-untyped-call]
            username=SYSTEM_USER,
            name="Personas",
            display_name="Personas",
            initials="P",
            avatar_url=f"data:image/svg+xml;base64,{b64encode(_AVATAR.encode()).decode()}",
            bot=True,
        )
        self._chat = chat
        self._conversation = Conversation(chat, user)

    def say(self, text: str, *, answers: str, kind: str = "notice") -> None:
        """Answer a message; ``kind`` is ``notice``, ``error`` or ``command``."""
        self._conversation.add(text, {"kind": kind, "answers": answers})

    def write(self, text: str, note: Mapping[str, Any]) -> str:
        """Add a message with a note of its own and return its id."""
        return self._conversation.add(text, note)

    def rewrite(self, message_id: str, text: str, note: Mapping[str, Any]) -> None:
        """Replace one of these; nothing happens if a person has deleted it."""
        with suppress(ChatGone):
            self._conversation.replace(message_id, text, note)

    def tell_diagnostics(self, found: Sequence[Diagnostic], root: Path) -> None:
        """Keep one message in the chat about broken files; rewrite it only on a change."""
        errors = [d for d in found if d.severity == "error"]
        text = notices.diagnostics(errors, root)
        digest = _digest(text) if errors else ""
        told = self._told(_METADATA)
        if told.get("digest", "") == digest:
            return
        message_id = self._write(told.get("message"), text)
        self._chat.set_metadata(_METADATA, {"digest": digest, "message": message_id})

    def tell_kept(
        self,
        kept: Mapping[str, Sequence[Diagnostic]],
        names: Mapping[str, str],
        root: Path,
        *,
        opening: bool = False,
    ) -> None:
        """Say which personas stay as they were before an edit, and when they are repaired.

        One message as long as there are any, rewritten when the faults change. The same
        fault is told once, however often the file is saved.

        Args:
            kept: Why, by short name.
            names: Shown names of all personas by short name.
            root: The server's root folder.
            opening: Whether the chat opens just now: nobody waits for what was repaired.
        """
        found = list(dict.fromkeys(d for errors in kept.values() for d in errors))
        text = notices.kept([names[slug] for slug in kept], found, root) if kept else ""
        digest = _digest(text) if kept else ""
        told = self._told(_KEPT)
        if told.get("digest", "") == digest:
            return
        message = told.get("message")
        mended = [s for s in told.get("slugs", ()) if s in names and s not in kept]
        if kept:
            message = self._write(message, text)
        elif message == self._last() and not opening:
            self._write(message, notices.mended([names[s] for s in mended]) if mended
                        else notices.no_longer_kept())  # fmt: skip
            mended = []
        if mended and not opening:
            self._write(None, notices.mended([names[s] for s in mended]))
        state = {"digest": digest, "message": message, "slugs": list(kept)} if kept else {}
        self._chat.set_metadata(_KEPT, state)

    def tell_foreign(self, text: str) -> None:
        """Say once what was changed on another server; again only if it is something else."""
        digest = _digest(text) if text else ""
        if self._told(_FOREIGN).get("digest", "") != digest:
            if text:
                self._write(None, text)
            self._chat.set_metadata(_FOREIGN, {"digest": digest})

    def tell_unreadable(self, why: str) -> None:
        """Say once that no persona can answer here, as a message cannot be read."""
        if self._told(_UNREADABLE).get("digest") != _digest(why):
            self._chat.set_metadata(_UNREADABLE, {"digest": _digest(why)})
            self._conversation.add(notices.unreadable(why), {"kind": "diagnostics"})

    def _told(self, key: str) -> dict[str, Any]:
        known = self._chat.get_metadata().get(key)
        return known if isinstance(known, dict) else {}

    def _last(self) -> str | None:
        messages = [m for m in self._chat.get_messages() if not m.deleted]
        return messages[-1].id if messages else None

    def _write(self, message_id: object, text: str) -> str:
        note = {"kind": "diagnostics"}
        if isinstance(message_id, str):
            try:
                self._conversation.replace(message_id, text, note)
                return message_id
            except ChatGone:
                pass  # deleted by a person: say it anew
        return self._conversation.add(text, note)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
