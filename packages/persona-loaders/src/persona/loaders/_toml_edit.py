"""Changes one table in a TOML text and leaves every other character as it is.

Each result is read back and compared before it is given to anybody.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, MutableMapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from persona.loaders._toml_text import Document
from persona.loaders._toml_write import item, same, table_text

Place = tuple[str, str]
"""Name of the outer table and of the entry in it."""

_LINES = re.compile(r"[^\n]*\n|[^\n]+")


def put_values(
    document: Document, place: Place, old: Mapping[str, Any], new: Mapping[str, Any]
) -> str | None:
    """Change only the values that differ between ``old`` and ``new``, in an entry that is there.

    Returns:
        The text, or None if the entry is written so that this cannot be done.
    """
    span = _span(document, place)
    if span is None:
        return None
    start, end = span
    part = document.text[start:end]
    try:
        own = tomlkit.parse(part)
        _apply(own[place[0]][place[1]], old, new)
        changed = own.as_string()
    except (TOMLKitError, KeyError, TypeError):  # written in another form than the values have
        return None
    return document.text[:start] + _with_ends(changed, document.newline) + document.text[end:]


def put_table(document: Document, place: Place, table: Mapping[str, Any]) -> str:
    """Write an entry whole, in the place of the one of its name or at the end."""
    block = _with_ends(table_text(place, table), document.newline)
    if place[1] not in document.table(place[0]):
        return _append(document.text, block, document.newline)
    span = _span(document, place)
    if span is not None and document.text[span[0]] == "[":
        return document.text[: span[0]] + block + document.text[span[1] :]
    # Written under another header, where a new one would cut that table.
    return _append(drop_table(document, place), block, document.newline)


def drop_table(document: Document, place: Place) -> str:
    """Return the text without an entry."""
    text, span = document.text, _span(document, place)
    if span is None:
        return _without(text, place)
    start, end = span
    # The blank line that set it apart goes with it.
    gap = len(text) - end - len(text[end:].lstrip("\r\n"))
    whole = not text[:start].strip("\r\n") or text[:start].endswith(("\n\n", "\n\r\n"))
    return text[:start] + text[end + gap if whole else end :]


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


def _without(text: str, place: Place) -> str:
    """Return the text without an entry and the comments up to the next one."""
    whole = tomlkit.parse(text)
    outer: Any = whole[place[0]]
    del outer[place[1]]
    if not outer and isinstance(outer, Table) and outer.is_super_table():
        del whole[place[0]]
    return whole.as_string()


def _span(document: Document, place: Place) -> tuple[int, int] | None:
    """Return the offsets of the lines of an entry; None if other lines are between them."""
    text = document.text
    try:
        rest = _without(text, place)
    except (TOMLKitError, KeyError):
        return None
    shared = len(os.path.commonprefix([text, rest]))  # noqa: RUF071 - characters are meant
    start = text.rfind("\n", 0, shared) + 1
    end = start + len(text) - len(rest)
    if text[:start] + text[end:] != rest:
        return None
    # Comments behind the last value are about what comes next.
    lines = _LINES.findall(text[start:end])
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    own = "".join(lines)
    try:
        complete = repr(tomllib.loads(own)) == repr(tomllib.loads(text[start:end]))
    except tomllib.TOMLDecodeError:  # the last line belongs to a text of several lines
        complete = False
    return start, start + len(own) if complete else end


def _apply(
    target: MutableMapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]
) -> None:
    for key in old:
        if key not in new:
            del target[key]
    for key, value in new.items():
        before = old.get(key)
        if same(before, value):
            continue
        if isinstance(before, Mapping) and before and isinstance(value, Mapping) and value:
            if not isinstance(target[key], MutableMapping):
                raise TypeError(key)
            _apply(target[key], before, value)
        else:
            target[key] = item(value)


def _with_ends(text: str, newline: str) -> str:
    return re.sub(r"\r?\n", "\r\n", text) if newline == "\r\n" else text


def _append(text: str, block: str, newline: str) -> str:
    if text and not text.endswith("\n"):
        text += newline
    return f"{text}{newline}{block}" if text.strip() else f"{text}{block}"
