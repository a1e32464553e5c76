"""Find @-mentions in a message: any case, not in code, not in an e-mail address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_FENCE = re.compile(
    r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?P<fence>`{3,}|~{3,})"
    r".*?(?:^[ \t>]*(?P=fence)[`~]*\s*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_SPAN = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`)", re.DOTALL)
_LINK_TARGET = re.compile(r"\]\([^()\[\]\s]*\)|<?https?://\S+")
_AT = re.compile(r"(?<![\w@./+-])@(?=\S)")


def mention_name(name: str) -> str:
    """Return the @-name for a shown name, as jupyterlab-chat forms it: spaces become ``-``."""
    return name.replace(" ", "-")


def find_mentions(body: str, names: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the ids of those mentioned in ``body``, in order of appearance, each once.

    Args:
        body: Markdown of a message.
        names: For each id the names that it answers to, without the ``@``. Names may
            hold spaces, dots and brackets; the longest name that fits wins, and of two
            with the same name the first.
    """
    by_name: dict[str, str] = {}
    for owner, own in names.items():
        for name in own:
            by_name.setdefault(name.casefold(), owner)
            by_name.setdefault(mention_name(name).casefold(), owner)
    if not by_name:
        return []
    longest = max(map(len, by_name))
    text = without_code(body)
    found: dict[str, None] = {}
    for at in _AT.finditer(text):
        id_ = _longest_match(text, at.end(), by_name, longest)
        if id_ is not None:
            found[id_] = None
    return list(found)


def without_code(body: str) -> str:
    """Return ``body`` with code and link targets blanked out."""
    for pattern in (_FENCE, _SPAN, _LINK_TARGET):
        body = pattern.sub(lambda m: " " * len(m.group()), body)
    return body


def _longest_match(text: str, start: int, by_name: Mapping[str, str], longest: int) -> str | None:
    for size in range(min(longest, len(text) - start), 0, -1):
        id_ = by_name.get(text[start : start + size].casefold())
        after = text[start + size : start + size + 2]
        if id_ is not None and not _continues(after):
            return id_
    return None


def _continues(after: str) -> bool:
    """Whether the word goes on: ``@ada`` is not in ``@adalbert``, ``@ada.com``, ``@ada/core``."""
    if not after:
        return False
    first, second = after[0], after[1:]
    if first.isalnum() or first == "_":
        return True
    return first in ".-@/" and bool(second) and (second.isalnum() or second == "_")
