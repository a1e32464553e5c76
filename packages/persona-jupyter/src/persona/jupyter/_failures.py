"""Why a persona could not answer last: what only the attempt finds out, such as a login."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from persona.core import TurnError, note, persona_id

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel, Message

    from persona.core import BasePersona

LOGIN = frozenset({"login", "auth", "no-key"})
"""Kinds of errors that a login, or a key, mends."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed.

    Attributes:
        kind: A word for programs.
        text: One line for people.
        engine: The engine that failed; empty if that is not known.
    """

    kind: str
    text: str
    engine: str = ""


class LastFailures:
    """Remembers for the personas of one chat how their last attempt failed.

    Args:
        chat: The chat; its messages are read once, for what happened before.
    """

    def __init__(self, chat: BaseChatModel) -> None:
        self._chat = chat
        self._known: dict[str, Failure] = {}
        last: dict[str, Message] = {}
        for message in chat.get_messages():
            if note(message).get("kind") in ("reply", "error"):
                last[message.sender] = message
        for sender, message in last.items():
            failure = _failure_in(message)
            if failure is not None:
                self._known[sender] = failure

    def of(self, slug: str, engine: str) -> Failure | None:
        """Return why a persona failed last, unless it has got another engine since."""
        failure = self._known.get(persona_id(slug))
        return failure if failure and failure.engine in ("", engine) else None

    def after_turn(self, persona: BasePersona, message_id: str) -> None:
        """Note how a turn ended. Called when it has."""
        answers = [
            m
            for m in self._chat.get_messages()
            if m.sender == persona.id and note(m).get("answers") == message_id
        ]
        self._note(persona, next(filter(None, map(_failure_in, reversed(answers))), None))

    def after_start(self, persona: BasePersona, error: TurnError | None) -> None:
        """Note whether an engine got ready. Called when one was prepared."""
        found = Failure(error.kind, f"{error.summary} {error.fix}".strip()) if error else None
        self._note(persona, found)

    def _note(self, persona: BasePersona, failure: Failure | None) -> None:
        if failure is None:
            self._known.pop(persona.id, None)
        else:
            self._known[persona.id] = Failure(failure.kind, failure.text, persona.engine.id)


def _failure_in(message: Message) -> Failure | None:
    found = note(message)
    if found.get("kind") != "error" or not isinstance(found.get("error"), str):
        return None
    return Failure(found["error"], _plain(message.body.split("\n\n")[:2]))


def _plain(paragraphs: Iterable[str]) -> str:
    """Return what happened and what to do as one line, without the marks of Markdown."""
    text = " ".join(p for p in paragraphs if not p.startswith("<"))
    return " ".join(text.removeprefix("⚠").replace("**", "").replace("\\", "").split())
