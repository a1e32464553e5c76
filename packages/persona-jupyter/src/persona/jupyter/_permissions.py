"""Open requests for permission of one chat, and who may answer them how."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from persona.core import (
    BasePersona,
    PermissionKind,
    PermissionRequest,
    escape_markdown,
    find_mentions,
    note,
)

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

Verdict = Literal["approve", "deny"]

_KINDS: Mapping[tuple[Verdict, bool], PermissionKind] = {
    ("approve", False): "allow_once",
    ("approve", True): "allow_always",
    ("deny", False): "reject_once",
    ("deny", True): "reject_always",
}
_WORDS: Mapping[PermissionKind, str] = {
    "allow_once": "`/approve`",
    "allow_always": "`/approve always`",
    "reject_once": "`/deny`",
    "reject_always": "`/deny always`",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """An open request.

    Attributes:
        number: By which people choose it; it stays the same while the chat is open.
        persona: Who asks.
        request: What is asked.
    """

    number: int
    persona: BasePersona
    request: PermissionRequest


class Desk:
    """Numbers the open requests of one chat and answers them on behalf of people."""

    def __init__(self) -> None:
        # Requests are compared by identity: their ids may be used again.
        self._numbers: dict[PermissionRequest, int] = {}
        self._last = 0

    def open(self, personas: Iterable[BasePersona]) -> list[Asked]:
        """Return the open requests, the oldest first."""
        found = [(persona, request) for persona in personas for request in persona.permissions]
        numbers: dict[PermissionRequest, int] = {}
        for _, request in found:
            number = self._numbers.get(request)
            if number is None:
                self._last = number = self._last + 1
            numbers[request] = number
        self._numbers = numbers
        asked = [Asked(numbers[request], persona, request) for persona, request in found]
        return sorted(asked, key=lambda a: a.number)

    def answer(self, verdict: Verdict, rest: str, personas: Iterable[BasePersona], by: str) -> str:
        """Do what ``/approve`` or ``/deny`` asks for and return what the chat says.

        Args:
            verdict: Which of the two.
            rest: What stands after it: a persona, a number or ``all``, ``always``.
            personas: The personas in use.
            by: Username of who wrote it.
        """
        every = self.open(personas)
        words = _Words(rest, [a.persona for a in every])
        if words.unknown:
            return _usage(verdict, words.unknown)
        chosen = [a for a in every if words.fits(a)]
        if not chosen:
            return "Nobody waits for your permission." if not every else _choose(verdict, every)
        if len(chosen) > 1 and not words.all:
            return _choose(verdict, chosen)
        said = [_decide(asked, verdict, words.always, by) for asked in chosen]
        return said[0] if len(said) == 1 else "\n".join(f"- {line}" for line in said)


class _Words:
    """What stands after ``/approve`` or ``/deny``."""

    def __init__(self, rest: str, personas: Sequence[BasePersona]) -> None:
        names = {persona.slug: persona.mention_names() for persona in personas}
        self.slugs = frozenset(find_mentions(rest, names))
        for persona in personas:
            for name in sorted(persona.mention_names(), key=len, reverse=True):
                rest = re.sub(rf"@{re.escape(name)}(?!\S)", " ", rest, flags=re.IGNORECASE)
        words = rest.casefold().split()
        self.always = "always" in words
        self.all = "all" in words
        self.numbers = frozenset(int(word) for word in words if word.isdecimal())
        known = {"always", "all"}
        self.unknown = next((w for w in words if w not in known and not w.isdecimal()), "")

    def fits(self, asked: Asked) -> bool:
        return (not self.slugs or asked.persona.slug in self.slugs) and (
            not self.numbers or asked.number in self.numbers
        )


def _decide(asked: Asked, verdict: Verdict, always: bool, by: str) -> str:
    request = asked.request
    kind = _KINDS[verdict, always]
    option = next((o for o in request.options if o.kind == kind), None)
    what = f"{escape_markdown(asked.persona.name)}: {escape_markdown(request.title)}"
    if option is None:
        ways = ", ".join(dict.fromkeys(_WORDS[o.kind] for o in request.options))
        return f"Not answered, as it offers only {ways or 'no answer; `/stop` ends it'}. {what}."
    if not asked.persona.decide(request.id, option.id, by):
        return f"Somebody else was faster. {what}."
    return f"{'Allowed' if verdict == 'approve' else 'Not allowed'}. {what}."


def _choose(verdict: Verdict, asked: Sequence[Asked]) -> str:
    rows = "\n".join(
        f"- `/{verdict} {a.number}`: {escape_markdown(a.persona.name)}, "
        f"{escape_markdown(a.request.title)}"
        for a in asked
    )
    return f"Which one?\n\n{rows}\n- `/{verdict} all`: all of them"


def _usage(verdict: Verdict, word: str) -> str:
    return (
        f"What is meant by {escape_markdown(word)}? "
        "Nobody who waits for your permission is called so. "
        f"Write `/{verdict}`, `/{verdict} @Name`, `/{verdict} 2` or `/{verdict} all`, "
        "with `always` at the end if it is to count from now on."
    )


def answered_already(chat: BaseChatModel, key: str) -> Mapping[str, Any] | None:
    """Return what became of a request that does not wait any more.

    Args:
        chat: The chat.
        key: Id of the request or of its message.

    Returns:
        ``state`` (``decided`` or ``withdrawn``) and, if somebody decided, ``option``,
        ``kind``, ``by`` and ``name``; None if there never was such a request.
    """
    for message in reversed(chat.get_messages()):
        noted = note(message)
        asked = noted.get("permission")
        if noted.get("kind") != "permission" or not isinstance(asked, Mapping):
            continue
        if key not in (message.id, asked.get("id")):
            continue
        decision = asked.get("decision")
        known = dict(decision) if isinstance(decision, Mapping) else {}
        state = noted.get("state")
        return {"state": "withdrawn" if state == "waiting" else state, **known}
    return None
