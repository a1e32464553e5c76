"""The messages that offer to save a persona that the chat brings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from persona.core import note
from persona.jupyter import _carried_offer as texts
from persona.jupyter._carried import Carried, CarriedDefinitions
from persona.jupyter._system import SYSTEM_USER, SystemVoice

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel


class Offers:
    """Makes the offers of one chat and notes in them what became of them.

    Args:
        chat: The chat.
        voice: Who makes them.
        carried: What the chat brings.
    """

    def __init__(
        self, chat: BaseChatModel, voice: SystemVoice, carried: CarriedDefinitions
    ) -> None:
        self._chat = chat
        self._carried = carried
        self._voice = voice

    def make(self, carried: Carried, answers: str) -> None:
        """Explain why a persona does not answer, and offer to save it."""
        seal = self._carried.seal(carried)
        self._voice.write(texts.offer(carried), texts.note_of(carried, seal, answers))

    def tell(self, text: str) -> None:
        """Say something that answers no message."""
        self._voice.write(text, {"kind": "notice"})

    def settle(self, slug: str, told: str) -> bool:
        """Say in the last open offer of a persona what became of it, and close all of them.

        Returns:
            Whether there was one.
        """
        found = False
        for message in reversed(self._chat.get_messages()):
            noted = note(message)
            brought = noted.get("carried")
            ours = message.sender == SYSTEM_USER and noted.get("kind") == texts.KIND
            if not ours or noted.get("state") != "offered" or message.deleted:
                continue
            if isinstance(brought, Mapping) and brought.get("slug") == slug:
                body = texts.settled(message.body, slug, "✓ **Saved.**" if found else told)
                self._voice.rewrite(message.id, body, {**noted, "state": "saved"})
                found = True
        return found
