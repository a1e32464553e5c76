"""Changes of files as people read them, bounded in size."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cached_property
from itertools import takewhile

from persona.core._events import Diff, FilePosition
from persona.core._fences import code_span, fence

_AROUND = 3
"""Unchanged lines shown on each side of a change."""

_COMPARED = 500
"""Changed regions of more lines are shown as a whole instead of being compared."""

_LONGEST = 6_000
"""Characters that are shown of the changes of one file."""

_MOST = 20
"""How many files or places are listed."""


class FileChange:
    """A diff line by line. Compared when somebody looks: that takes its time."""

    def __init__(self, diff: Diff) -> None:
        self.diff = diff

    @cached_property
    def lines(self) -> list[str]:
        """The lines as `unified` gives them."""
        return unified(self.diff.old or "", self.diff.new)

    @property
    def added(self) -> int:
        """How many lines are new."""
        return sum(line.startswith("+") for line in self.lines)

    @property
    def removed(self) -> int:
        """How many lines are gone."""
        return sum(line.startswith("-") for line in self.lines)


def render_diffs(diffs: Sequence[Diff], *, lines: int = 120) -> str:
    """Return each change below the name of its file, in a fence of its own.

    Args:
        diffs: The changes.
        lines: How many lines are shown, all files together. Files beyond that are named.
    """
    return render_changes([FileChange(diff) for diff in diffs], lines=lines)


def render_changes(changes: Sequence[FileChange], *, lines: int, characters: int = 24_000) -> str:
    """Return the same for diffs that are compared already, or shall be only once.

    Args:
        changes: The changes.
        lines: How many lines are shown, all files together. Files beyond that are named.
        characters: How many characters are shown, counted alike.
    """
    parts: list[str] = []
    for number, change in enumerate(changes):
        if lines <= 0 or characters <= 0:
            rest = [FilePosition(other.diff.path) for other in changes[number:]]
            parts.append(f"Not shown: {render_locations(rest)}.")
            break
        shown = _change(change, lines, min(characters, _LONGEST))
        parts += [_heading(change.diff), shown]
        lines -= len(change.lines) + 1
        characters -= len(shown)
    return "\n\n".join(parts)


def render_locations(locations: Sequence[FilePosition]) -> str:
    """Return the places as one line."""
    places = dict.fromkeys(
        p.path if p.line is None else f"{p.path}:{p.line}" for p in locations if p.path
    )
    shown = ", ".join(code_span(place) for place in list(places)[:_MOST])
    more = len(places) - _MOST
    return f"{shown} and {more} more" if more > 0 else shown


def unified(old: str, new: str) -> list[str]:
    """Return the lines of a unified diff without the names of the files."""
    before, after = _lines(old), _lines(new)
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))))
    ends = zip(reversed(before[same:]), reversed(after[same:]), strict=False)
    tail = len(list(takewhile(lambda pair: pair[0] == pair[1], ends)))
    start = max(same - _AROUND, 0)
    # Only what lies between equal beginnings and ends is compared: that is quick.
    a = before[start : len(before) - max(tail - _AROUND, 0)]
    b = after[start : len(after) - max(tail - _AROUND, 0)]
    if max(len(a), len(b)) > _COMPARED:
        return [
            _hunk(start, len(a), start, len(b)),
            *(f"-{line}" for line in a),
            *(f"+{line}" for line in b),
        ]
    lines: list[str] = []
    for group in SequenceMatcher(None, a, b).get_grouped_opcodes(_AROUND):
        _, from_a, _, from_b, _ = group[0]
        _, _, to_a, _, to_b = group[-1]
        lines.append(_hunk(start + from_a, to_a - from_a, start + from_b, to_b - from_b))
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                lines += [f" {line}" for line in a[a1:a2]]
                continue
            lines += [f"-{line}" for line in a[a1:a2]]
            lines += [f"+{line}" for line in b[b1:b2]]
    return lines


def _heading(diff: Diff) -> str:
    return f"{code_span(diff.path)}{' (new file)' if diff.old is None else ''}"


def _change(change: FileChange, lines: int, characters: int) -> str:
    if not change.lines:
        return "*The same lines as before.*" if change.diff.old is not None else "*Empty.*"
    return fence("\n".join(change.lines), "diff", lines=lines, characters=characters)


def _lines(text: str) -> list[str]:
    # Not splitlines(): it also splits at characters that the reader must see.
    return text.removesuffix("\n").split("\n") if text else []


def _hunk(a: int, a_length: int, b: int, b_length: int) -> str:
    return f"@@ -{_range(a, a_length)} +{_range(b, b_length)} @@"


def _range(start: int, length: int) -> str:
    return f"{start + 1 if length else start},{length}"
