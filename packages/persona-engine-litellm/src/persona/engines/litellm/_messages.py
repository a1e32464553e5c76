"""From the chat to the messages of one model call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from persona.core import Turn, Utterance
from persona.engines.litellm._attachments import Part

Message = dict[str, Any]
"""A message in OpenAI's form."""


def build_messages(
    turn: Turn, files: dict[str, list[Part]], sections: Iterable[str] = ()
) -> list[Message]:
    """Return the messages: who the persona is, what was said, and what to answer.

    The persona's own replies are ``assistant``. Everybody else is ``user``, with the
    name before the text, because most providers know only two sides of a conversation.

    Args:
        turn: The turn.
        files: For each utterance, by id, the parts of its files.
        sections: More text for the system prompt: the catalogue of skills.
    """
    prompt = "\n\n".join(part for part in (system_prompt(turn), *sections) if part)
    spoken = [_said(u, u.text, files.get(u.id, [])) for u in turn.history]
    asked = turn.text.strip() or turn.message.text
    spoken.append(_said(turn.message, asked, files.get(turn.message.id, []), ask=True))
    if spoken[0]["role"] == "assistant":  # some providers want a user first
        spoken.insert(0, {"role": "user", "content": "(The chat begins.)"})
    return [{"role": "system", "content": prompt}, *merge(spoken)]


def system_prompt(turn: Turn) -> str:
    """Return the persona's instructions and who is in the chat."""
    identity = turn.identity
    about = f"You are {_one_line(identity.name)}"
    if identity.description:
        about += f" ({_one_line(identity.description)})"
    lines = [
        about + ", one of the participants of a chat in JupyterLab.",
        "Each message of somebody else begins with that participant's name and a colon. Do not "
        "begin yours with a name. Answer in Markdown.",
    ]
    others = _others(turn)
    if others:
        lines.append(f"Others in this chat: {', '.join(others)}.")
    own = (turn.context.system_prompt or "").strip()
    return "\n\n".join(part for part in (own, "\n".join(lines)) if part)


def merge(messages: Sequence[Message]) -> list[Message]:
    """Join neighbours of one role into one message."""
    merged: list[Message] = []
    for message in messages:
        if merged and merged[-1]["role"] == message["role"]:
            merged[-1] = {
                "role": message["role"],
                "content": _joined(merged[-1]["content"], message["content"]),
            }
        else:
            merged.append(message)
    return merged


def _said(utterance: Utterance, text: str, parts: list[Part], *, ask: bool = False) -> Message:
    # A message to answer is never ours, even if its sender is: it must stay the last word.
    if utterance.role == "self" and not ask:
        return {"role": "assistant", "content": text}
    content = f"{_one_line(utterance.name)}: {text}"
    if not parts:
        return {"role": "user", "content": content}
    return {"role": "user", "content": _joined([{"type": "text", "text": content}], parts)}


def _joined(first: str | list[Part], second: str | list[Part]) -> str | list[Part]:
    """Join two contents; as a plain string wherever no image is in them."""
    parts = [*_parts(first), *_parts(second)]
    if all(part["type"] == "text" for part in parts):
        return "\n\n".join(part["text"] for part in parts)
    return parts


def _parts(content: str | list[Part]) -> list[Part]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _others(turn: Turn) -> list[str]:
    kinds = {"human": "human", "persona": "AI persona"}
    names = {
        u.sender: f"{_one_line(u.name)} ({kinds[u.role]})"
        for u in (*turn.history, turn.message)
        if u.role != "self"
    }
    return list(names.values())


def _one_line(text: str) -> str:
    return " ".join(text.split())
