"""What an agent has not heard of the chat, as text before a prompt."""

from __future__ import annotations

from collections.abc import Iterable

from persona.core import Turn, Utterance

MAX_TEXT = 60_000
"""Longest text that is handed over, in characters; the newest messages win."""

MAX_MESSAGE = 12_000
"""Longest text of one message in it."""


def handover(turn: Turn, heard: frozenset[str] | set[str], *, fresh: bool) -> str:
    """Return what was said that the agent has not heard, or an empty string.

    Args:
        turn: The turn; its history is what the persona may see.
        heard: Ids of the messages that the agent's session knows.
        fresh: Whether the session is new, so that the agent does not know what it said.
    """
    missed = [u for u in turn.history if u.id not in heard]
    lines = _newest(missed)
    if not lines:
        return _who(turn)
    if fresh:
        about = "What was said in this chat so far"
    else:
        about = "What was said in this chat since your last turn"
    if len(lines) < len(missed):
        about += f" (the first {len(missed) - len(lines)} messages are left out)"
    spoken = "\n\n".join(lines)
    return (
        f"<chat-history>\n{about}, for context:\n\n{spoken}\n</chat-history>\n\n"
        f"The message to answer now is from {_one_line(turn.message.name)}:"
    )


def _newest(utterances: list[Utterance]) -> list[str]:
    lines: list[str] = []
    left = MAX_TEXT
    for utterance in reversed(utterances):
        line = _line(utterance)
        left -= len(line)
        if left < 0 and lines:
            break
        lines.append(line)
    return lines[::-1]


def _line(utterance: Utterance) -> str:
    name = "You" if utterance.role == "self" else _one_line(utterance.name)
    text = utterance.text.strip()
    if len(text) > MAX_MESSAGE:
        text = text[:MAX_MESSAGE] + "\n… (the rest is left out)"
    files = ", ".join(attachment.name for attachment in utterance.attachments)
    return f"{name}: {text}" + (f"\n(Files sent with it: {files})" if files else "")


def _who(turn: Turn) -> str:
    """Say who asks, if that is not clear."""
    people = {u.sender for u in turn.history if u.role == "human"} | {turn.message.sender}
    return f"(From {_one_line(turn.message.name)}.)" if len(people) > 1 else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def ids_up_to(utterances: Iterable[Utterance], last: str) -> set[str]:
    """Return the ids of all utterances up to that one; nothing if it is not among them."""
    ids: set[str] = set()
    for utterance in utterances:
        ids.add(utterance.id)
        if utterance.id == last:
            return ids
    return set()
