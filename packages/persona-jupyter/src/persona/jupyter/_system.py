"""The chat's own voice: hints, answers to commands, and findings about files."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona.core import ChatGone, Conversation, Diagnostic
from persona.jupyter import _notices as notices

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

SYSTEM_USER = "personas::system"
_METADATA = "personas_diagnostics"
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

    def tell_diagnostics(self, found: Sequence[Diagnostic], root: Path) -> None:
        """Keep one message in the chat about broken files; rewrite it only on a change."""
        errors = [d for d in found if d.severity == "error"]
        text = notices.diagnostics(errors, root)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16] if errors else ""
        known = self._chat.get_metadata().get(_METADATA)
        told: dict[str, Any] = known if isinstance(known, dict) else {}
        if told.get("digest", "") == digest:
            return
        message_id = self._write(told.get("message"), text)
        self._chat.set_metadata(_METADATA, {"digest": digest, "message": message_id})

    def _write(self, message_id: object, text: str) -> str:
        note = {"kind": "diagnostics"}
        if isinstance(message_id, str):
            try:
                self._conversation.replace(message_id, text, note)
                return message_id
            except ChatGone:
                pass  # deleted by a person: say it anew
        return self._conversation.add(text, note)
