"""The engine ``recall``: looks things up in the conversation, without a model."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence

from persona.core import EngineSupport, PersonaEngine, Turn, Utterance, escape_markdown

_FIRST = re.compile(r"\b(?:first|begin|began|beginning|start|started)\b", re.IGNORECASE)
_LAST = re.compile(r"\b(?:last|latest|previous|previously|before|just)\b", re.IGNORECASE)
_ABOUT = re.compile(r"\b(?:about|find|mention(?:s|ed)?|search(?: for)?)\s+(.+)", re.IGNORECASE)
_MENTIONS = re.compile(r"(?:\s*@[\w.-]+[,:]?(?=\s))+")
_EDGES = " \t\n?.!,;:\"'`"
_FOUND = 5
_LENGTH = 280

_NOTE = "*Looked up in this chat. The engine `recall` asks no language model.*"
_HELP = """\
I am no language model: I only look things up in this chat. Ask me

- what did I ask first?
- what did I ask last?
- what was said about *anything*?"""


class RecallEngine(PersonaEngine):
    """Answers from what was said before, and says that no model was asked.

    It needs no key and no network: with it the demo shows on any machine that a
    conversation goes along when a persona moves from one engine to another.
    """

    id = "recall"

    async def reply(self, turn: Turn) -> AsyncIterator[str]:
        """Answer one message."""
        said = [u for u in turn.history if _words(u)]
        people = [u for u in said if u.role == "human"]
        # Who logs in with a token may be called otherwise after a restart.
        own = [u for u in people if u.sender == turn.message.sender] or people
        about = _ABOUT.search(turn.text)
        if about and (text := about.group(1).strip(_EDGES)):
            found = [u for u in said if text.casefold() in u.text.casefold()]
            yield _list(f"About **{escape_markdown(text)}**", found)
        elif _FIRST.search(turn.text):
            yield _one("Your first message here was", own[:1])
        elif _LAST.search(turn.text):
            yield _one("Your last message before this one was", own[-1:])
        else:
            yield f"{_HELP}\n\n{_count(said)}"
        yield f"\n\n{_NOTE}"

    def support(self) -> EngineSupport:
        """Honour nothing: there is no model that a prompt or a tool could reach."""
        return EngineSupport()


def _words(utterance: Utterance) -> str:
    """Return what was said on one line, without the names that it begins with."""
    text = " ".join(_MENTIONS.sub("", utterance.text, count=1).split())
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}…"


def _one(lead: str, found: Sequence[Utterance]) -> str:
    if not found:
        return "You have said nothing here before."
    return f"{lead}:\n\n> {escape_markdown(_words(found[0]))}"


def _list(lead: str, found: Sequence[Utterance]) -> str:
    if not found:
        return f"{lead} nothing was said here before."
    rows = [
        f"- **{escape_markdown(u.name)}:** {escape_markdown(_words(u))}" for u in found[-_FOUND:]
    ]
    times = "once" if len(found) == 1 else f"{len(found)} times"
    shown = f", here the last {_FOUND}" if len(found) > _FOUND else ""
    return f"{lead} something was said {times}{shown}:\n\n" + "\n".join(rows)


def _count(said: Sequence[Utterance]) -> str:
    if not said:
        return "Nothing was said here before."
    names = ", ".join(dict.fromkeys(escape_markdown(u.name) for u in said))
    messages = "1 message" if len(said) == 1 else f"{len(said)} messages"
    return f"So far I see {messages}, from {names}."
