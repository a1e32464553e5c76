"""Changes one table in a TOML text and leaves every other character as it is.

Each result is read back and compared before it is given to anybody.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from persona.core import DefinitionError
from persona.loaders._toml_scan import Index, Statement
from persona.loaders._toml_text import Document
from persona.loaders._toml_write import render, render_key, render_table

Place = tuple[str, str]
"""Name of the outer table and of the entry in it."""


def put_values(
    document: Document, place: Place, old: Mapping[str, Any], new: Mapping[str, Any]
) -> str | None:
    """Change only the values that differ between ``old`` and ``new``, in an entry that is there.

    Returns:
        The text, or None if the entry is written so that this cannot be done.
    """
    before, after = _leaves(old), _leaves(new)
    own = [s for s in document.index.statements if s.path[:2] == place]
    edits: list[tuple[int, int, str]] = []
    for path in {**before, **after}:
        if path in before and path in after and _same(before[path], after[path]):
            continue
        full = (*place, *path)
        there = [s for s in own if s.path == full and not s.header]
        if path not in after:
            if not there:
                return None
            edits.append((_line_start(document.text, there[0].start), there[0].end, ""))
            continue
        value = render(after[path], full).replace("\n", document.newline)
        if there:
            edits.append((*there[0].value, value))
            continue
        holders = [s for s in own if s.table == full[:-1]]
        if not holders or any(s.path[: len(full)] == full for s in own):
            return None
        at = holders[-1].end
        before_it = "" if document.text[:at].endswith("\n") else document.newline
        line = f"{render_key(path[-1])} = {value}{document.newline}"
        edits.append((at, at, before_it + line))
    text = document.text
    for start, end, value in sorted(edits, key=lambda e: e[:2], reverse=True):
        text = text[:start] + value + text[end:]
    return text


def put_table(document: Document, place: Place, table: Mapping[str, Any]) -> str:
    """Write an entry whole, in the place of the one of its name or at the end."""
    spans = _spans(document.index, place)
    block = render_table(place, table).replace("\n", document.newline)
    if not spans:
        return _append(document.text, block, document.newline)
    at, in_order = spans[0][0], all(s.header for s in document.index.statements
                                    if s.path[:2] == place and s.table[:2] != place)  # fmt: skip
    text = _cut(document.text, spans if not in_order else spans[1:])
    if not in_order:  # written under another header, where a new one would cut that table
        return _append(text, block, document.newline)
    return text[:at] + block + text[spans[0][1] :]


def drop_table(document: Document, place: Place) -> str:
    """Return the text without an entry."""
    text = document.text
    spans = []
    for start, end in _spans(document.index, place):
        # The blank line that set it apart goes with it.
        rest = text[end:]
        gap = len(rest) - len(rest.lstrip("\r\n"))
        whole = not text[:start].strip("\r\n") or text[:start].endswith(("\n\n", "\n\r\n"))
        spans.append((start, end + gap if whole else end))
    return _cut(text, spans)


def keeps_the_rest(before: Document, after: Document, place: Place, *, there: bool) -> bool:
    """Whether nothing but the entry differs, and the entry is there or is not, as wanted."""
    entry = place[1] in after.table(place[0])
    if entry is not there:
        return False
    return _rest(before.data, place) == _rest(after.data, place) or (
        # Not a number is never the same as itself; as text it is.
        _rest(tomllib.loads(before.text, parse_float=str), place)
        == _rest(tomllib.loads(after.text, parse_float=str), place)
    )


def _rest(data: Mapping[str, Any], place: Place) -> dict[str, Any]:
    outer, name = place
    inner = {k: v for k, v in data.get(outer, {}).items() if k != name}
    return {**data, outer: inner}


def refuse_inline(document: Document, place: Place) -> None:
    """Refuse a text whose outer table is one inline value.

    Raises:
        DefinitionError: It is.
    """
    outer = place[0]
    if any(s.path == (outer,) and not s.header for s in document.index.statements):
        raise DefinitionError(
            f"{outer} is written as one value, which is not changed by programs. "
            f"Write each entry as a table [{outer}.<name>]."
        )


def _leaves(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            found |= _leaves(value, (*path, key))
        else:
            found[*path, key] = value
    return found


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _spans(index: Index, place: Place) -> list[tuple[int, int]]:
    """Return the offsets of the lines of an entry; neighbours are joined."""
    spans: list[tuple[int, int]] = []
    previous: Statement | None = None
    for statement in index.statements:
        if statement.path[:2] == place:
            start = _line_start(index.text, statement.start)
            if previous is not None and previous.path[:2] == place:
                spans[-1] = (spans[-1][0], statement.end)
            else:
                spans.append((start, statement.end))
        previous = statement
    return spans


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _cut(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = text[:start] + text[end:]
    return text


def _append(text: str, block: str, newline: str) -> str:
    if text and not text.endswith("\n"):
        text += newline
    return f"{text}{newline}{block}" if text.strip() else f"{text}{block}"
