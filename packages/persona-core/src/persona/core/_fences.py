"""Text from outside as code in Markdown: it is shown as it is and can do nothing."""

from __future__ import annotations

import re
import unicodedata

_TICKS = re.compile(r"`+")
_KEPT = frozenset("\t")
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co"})
_JOINERS = frozenset("\u200c\u200d")


def plain_text(text: str) -> str:
    """Return ``text`` with what cannot be seen written out, for example ``\\u{202e}``.

    Terminal escapes, characters that turn the direction of writing round, and invisible ones
    could make a command look like another one.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line if line.isprintable() else _written_out(line) for line in lines)


def code_span(text: str) -> str:
    """Return ``text`` as code within a line."""
    line = " ".join(plain_text(text).split()) or " "
    ticks = _longer_than_any(line, 1)
    edge = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{edge}{line}{edge}{ticks}"


def fence(text: str, language: str = "", *, lines: int = 80, characters: int = 6_000) -> str:
    """Return ``text`` as a block of code, cut where it is longer than the limits.

    What was cut is said below the block, so that nobody takes a part for the whole.
    """
    shown, rest = _cut(text, lines, characters)
    shown = plain_text(shown)
    ticks = _longer_than_any(shown, 3)
    block = f"{ticks}{language}\n{shown}\n{ticks}"
    return f"{block}\n\n*{rest}*" if rest else block


def _written_out(line: str) -> str:
    return "".join(c if _is_seen(c) else f"\\u{{{ord(c):x}}}" for c in line)


def _is_seen(char: str) -> bool:
    return char in _KEPT or char in _JOINERS or unicodedata.category(char) not in _HIDDEN


def _longer_than_any(text: str, least: int) -> str:
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    return "`" * max(least, longest + 1)


def _cut(text: str, lines: int, characters: int) -> tuple[str, str]:
    """Return what is shown, and what to say of the rest."""
    every = text.rstrip("\n").split("\n")
    kept: list[str] = []
    left = characters
    for line in every[:lines]:
        if left <= 0:
            break
        kept.append(line if len(line) <= left else f"{line[:left]}…")
        left -= len(line) + 1
    hidden = len(every) - len(kept)
    if hidden:
        return "\n".join(kept), f"{hidden} more line{'s' if hidden > 1 else ''} not shown."
    if left < -1:
        return "\n".join(kept), "The rest of the last line is not shown."
    return "\n".join(kept), ""
