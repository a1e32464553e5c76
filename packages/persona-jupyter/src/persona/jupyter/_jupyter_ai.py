"""Where Jupyter AI is installed too: what it answers, so that nothing is answered twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from persona.core import PersonaDefinition

if TYPE_CHECKING:
    from jupyterlab_chat.models import Message


class JupyterAI:
    """What Jupyter AI does in one chat, as far as the server's settings tell.

    Args:
        settings: The server's settings, in which Jupyter AI keeps its personas of each chat.
        chat_id: The chat's id.
    """

    def __init__(self, settings: Mapping[str, Any], chat_id: str) -> None:
        self._settings = settings
        self._chat_id = chat_id

    def answers_with(self, definition: PersonaDefinition | None, message: Message) -> bool:
        """Whether it answers a message with the class that this persona is made of.

        It runs the persona classes of a project and of packages too, and answers with the one
        that its picker names. Called before a persona answers.

        Args:
            definition: The persona that would answer, or None if its file is broken.
            message: The message.
        """
        code = definition.code if definition is not None else None
        if code is None:
            return False
        # A class is named by the first part of its module; a file of a project is a module.
        module = (code.module or code.file.stem).partition(".")[0]
        return self._picked(message) == f"jupyter-ai-personas::{module}::{code.qualname}"

    def takes_command(self, word: str, message: Message) -> bool:
        """Whether a command that we do not have is for it, or for a persona of it.

        Args:
            word: The command, with its slash.
            message: The message.
        """
        router = self._of("router")
        patterns = getattr(router, "slash_cmd_observers", {}).get(self._chat_id, ())
        return self._picked(message) is not None or any(_fits(word[1:], p) for p in patterns)

    def _picked(self, message: Message) -> str | None:
        """Return the id of its persona that its picker has sent a message to, if it is there."""
        picked = (message.metadata or {}).get("to_persona")
        manager = (self._of("persona-managers") or {}).get(self._chat_id)
        if isinstance(picked, str) and picked in getattr(manager, "personas", ()):
            return picked
        return None

    def _of(self, name: str) -> Any:
        return (self._settings.get("jupyter-ai") or {}).get(name)


def _fits(word: str, pattern: str) -> bool:
    try:
        return re.fullmatch(pattern, word) is not None
    except re.error:  # a mistake of whoever registered it
        return False
