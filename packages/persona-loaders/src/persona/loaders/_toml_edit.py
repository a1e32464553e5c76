"""Changes one table in a TOML text and leaves every other character as it is.

Each result is read back and compared before it is given to anybody.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, MutableMapping, MutableSequence
from itertools import pairwise
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from persona.loaders._toml_scan import scan
from persona.loaders._toml_text import Document
from persona.loaders._toml_write import inline, item, same, table_text

Place = tuple[str, str]
"""Name of the outer table and of the entry in it."""

Span = tuple[int, int]


def put_values(
    document: Document,
    place: Place,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    whole_lists: bool = False,
) -> str | None:
    """Change only the values that differ between ``old`` and ``new``, in an entry that is there.

    Args:
        document: The text.
        place: Where the entry stands.
        old: What it says.
        new: What it shall say.
        whole_lists: Whether to write a list anew that gets longer or shorter. Not to do so
            keeps the comments in it, but does not work with each way to write one.

    Returns:
        The text, or None if the entry is written so that this cannot be done.
    """
    spans = _spans(document, place)
    if not spans:
        return None
    # Only the entry's own lines are parsed for editing; that is much quicker, and what is
    # not looked at cannot change. Pairs under the header of all entries get that header.
    text, bare = document.text, not _has_header(document, spans)
    header = f"[{place[0]}]\n" if bare and not _is_dotted(document, place) else ""
    try:
        own = tomlkit.parse(header + "".join(text[start:end] for start, end in spans))
        _apply(own[place[0]][place[1]], old, new, whole_lists)
        changed = own.as_string().removeprefix(header)
    except (TOMLKitError, LookupError, TypeError, ValueError):  # they do not fit to its form
        return None
    parts = _parted(document, spans, header, changed)
    return _replaced(text, spans, [_with_ends(part, document.newline) for part in parts])


def put_table(document: Document, place: Place, table: Mapping[str, Any]) -> str:
    """Write an entry whole, in the place of the one of its name or at the end."""
    block = _with_ends(table_text(place, table), document.newline)
    if place[1] not in document.table(place[0]):
        return _append(document.text, block, document.newline)
    spans = _spans(document, place)
    if spans and _has_header(document, spans):
        return _replaced(document.text, spans, [block])
    # Written under another header, where a new one would cut that table.
    return _append(drop_table(document, place), block, document.newline)


def drop_table(document: Document, place: Place) -> str:
    """Return the text without an entry; comments above it and below it stay."""
    text = document.text
    for start, end in reversed(_spans(document, place)):
        # The blank line that set it apart goes with it.
        gap = len(text) - end - len(text[end:].lstrip("\r\n"))
        whole = not text[:start].strip("\r\n") or text[:start].endswith(("\n\n", "\n\r\n"))
        text = text[:start] + text[end + gap if whole else end :]
    return text


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


def _spans(document: Document, place: Place) -> list[Span]:
    """Return the offsets of the lines of an entry; there may be others between them.

    Comments behind the last line of a part are about what comes next.
    """
    text, last = document.text, -2
    spans: list[Span] = []
    for number, statement in enumerate(document.index.statements):
        if statement.path[:2] != place:
            continue
        start = text.rfind("\n", 0, statement.start) + 1
        end = text.find("\n", statement.end) + 1 or len(text)
        if number == last + 1:
            start, _ = spans.pop()
        spans.append((start, end))
        last = number
    return spans


def _has_header(document: Document, spans: list[Span]) -> bool:
    """Whether an entry starts with a header of its own."""
    start, end = spans[0]
    return document.text[start:end].lstrip(" \t").startswith("[")


def _is_dotted(document: Document, place: Place) -> bool:
    """Whether an entry's first pair stands above all headers, with its whole path."""
    for statement in document.index.statements:
        if statement.is_header or statement.path[:2] == place:
            return not statement.is_header
    return False


def _parted(document: Document, spans: list[Span], header: str, changed: str) -> list[str]:
    """Return an entry's new text in as many parts as it had, or in one."""
    if len(spans) == 1:
        return [changed]
    starts = {start: path for start, _, path, _ in document.index.statements}
    firsts = [next(p for s, p in starts.items() if s >= start) for start, _ in spans[1:]]
    found = {path: start for start, _, path, _ in scan(header + changed).statements}
    cuts = [found.get(path, -1) for path in firsts]
    if cuts != sorted(cuts) or cuts[0] <= len(header):
        return [changed]
    whole = header + changed
    cuts = [len(header), *(whole.rfind("\n", 0, cut) + 1 for cut in cuts), len(whole)]
    *parts, last = (whole[start:end] for start, end in pairwise(cuts))
    # What follows brings its own blank line.
    return [*(part.rstrip("\n") + "\n" for part in parts), last]


def _replaced(text: str, spans: list[Span], parts: list[str]) -> str:
    """Return the text with other text at some places; without any where ``parts`` end."""
    for number, (start, end) in reversed(list(enumerate(spans))):
        text = text[:start] + (parts[number] if number < len(parts) else "") + text[end:]
    return text


def _apply(
    target: MutableMapping[str, Any],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    whole_lists: bool,
) -> None:
    for key in old:
        if key not in new:
            del target[key]
    for key, value in new.items():
        before = old.get(key)
        if same(before, value):
            continue
        if isinstance(before, Mapping) and before and isinstance(value, Mapping) and value:
            if isinstance(target[key], MutableMapping):
                _apply(target[key], before, value, whole_lists)
            else:  # the short form, such as the text of a model
                short = before.keys() == value.keys() and len(value) == 1
                target[key] = inline(next(iter(value.values())) if short else value)
        elif isinstance(before, list) and isinstance(value, list) and before and value:
            if whole_lists and not _are_tables(before, value):
                target[key] = item(value)
            else:
                _apply_list(target[key], before, value, whole_lists)
        else:
            target[key] = item(value)


def _apply_list(
    target: MutableSequence[Any], old: list[Any], new: list[Any], whole_lists: bool
) -> None:
    """Change the items that differ; of those that were added or removed the rest is kept."""
    if len(target) != len(old):
        raise ValueError("the list is written in another form")
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if not same(old[n], new[n])), shorter)
    tail = next(
        (n for n in range(shorter - head) if not same(old[-1 - n], new[-1 - n])), shorter - head
    )
    for number in range(head, shorter - tail):
        one, other = old[number], new[number]
        if isinstance(one, Mapping) and one and isinstance(other, Mapping) and other:
            _apply(target[number], one, other, whole_lists)
        elif not same(one, other):
            target[number] = inline(other)
    for number in range(len(old) - tail - 1, shorter - tail - 1, -1):
        del target[number]
    for number in range(shorter - tail, len(new) - tail):
        new_item = item if isinstance(target, AoT) else inline
        target.insert(number, new_item(new[number]))


def _are_tables(old: list[Any], new: list[Any]) -> bool:
    """Whether two lists hold tables that can be changed one by one."""
    tables = all(isinstance(entry, Mapping) and entry for entry in (*old, *new))
    return tables and len(old) == len(new)


def _with_ends(text: str, newline: str) -> str:
    return re.sub(r"\r?\n", "\r\n", text) if newline == "\r\n" else text


def _append(text: str, block: str, newline: str) -> str:
    if text and not text.endswith("\n"):
        text += newline
    return f"{text}{newline}{block}" if text.strip() else f"{text}{block}"
