"""Where things stand in a TOML text that is known to be valid.

The standard reader and tomlkit give values without places. This scan gives places without
values; it runs only when a place is asked for.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

Path = tuple[str | int, ...]
"""Keys and list indexes from the root."""

_BLANK = re.compile(r"[ \t\r\n]*+(?:#[^\n]*+[ \t\r\n]*+)*+")
_SPACE = re.compile(r"[ \t]*+")
_PART = re.compile(r"[A-Za-z0-9_-]++|\"(?:[^\"\\]++|\\.)*+\"|'[^']*+'")
_STRING = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"""(?:"{0,2})'
    r"|'''(?:[^']++|'(?!''))*+'''(?:'{0,2})"
    r'|"(?:[^"\\]++|\\.)*+"'
    r"|'[^']*+'",
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}#\n\r]++")


class Statement(NamedTuple):
    """A header or a pair that stands on lines of its own.

    Attributes:
        start: Offset of its first character.
        end: Offset behind its last one; a comment may follow.
        path: What it defines or says.
        is_header: Whether it starts a table.
    """

    start: int
    end: int
    path: Path
    is_header: bool


@dataclass
class Index:
    """Everything that a text defines, with offsets.

    Attributes:
        keys: Offset of each key, by path.
        values: Offset of each value, by path.
        statements: Headers and pairs in order.
    """

    text: str
    keys: dict[Path, int] = field(default_factory=dict)
    values: dict[Path, int] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, from 1."""
        if not self._starts:
            self._starts = [0, *(m.end() for m in re.finditer("\n", self.text))]
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def scan(text: str) -> Index:
    """Return what stands where. The text must be valid TOML."""
    return _Scan(text).run()


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.index = Index(text)
        self.table: Path = ()
        self.counts: dict[Path, int] = {}

    def run(self) -> Index:
        text, at = self.text, _end(_BLANK, self.text, 0)
        while at < len(text):
            start, is_header = at, text[at] == "["
            at, path = self._header(at) if is_header else self._pair(at)
            self.index.statements.append(Statement(start, at, path, is_header))
            at = _end(_BLANK, text, at)
        return self.index

    def _header(self, start: int) -> tuple[int, Path]:
        many = self.text.startswith("[[", start)
        parts, at = self._key(start + 1 + many)
        path: Path = ()
        for number, (part, where) in enumerate(parts):
            path += (part,)
            self.index.keys.setdefault(path, where)
            self.index.values.setdefault(path, start)
            if number < len(parts) - 1 and path in self.counts:
                path += (self.counts[path] - 1,)
        if many:
            count = self.counts.get(path, 0)
            self.counts[path] = count + 1
            path += (count,)
            self.index.keys[path] = self.index.values[path] = start
        else:
            # A table that a deeper header implied is at its own header, if it has one.
            self.index.keys[path], self.index.values[path] = parts[-1][1], start
        self.table = path
        return at + 1 + many, path

    def _pair(self, start: int) -> tuple[int, Path]:
        path, at = self._assign(self.table, start)
        return self._value(at, path), path

    def _assign(self, base: Path, start: int) -> tuple[Path, int]:
        """Read ``key =``; return the path and the offset of the value."""
        parts, at = self._key(start)
        for part, where in parts:
            base += (part,)
            self.index.keys.setdefault(base, where)
            self.index.values.setdefault(base, where)
        return base, _end(_SPACE, self.text, at + 1)

    def _key(self, at: int) -> tuple[list[tuple[str, int]], int]:
        parts: list[tuple[str, int]] = []
        while True:
            at = _end(_SPACE, self.text, at)
            found = _PART.match(self.text, at)
            if found is None:  # not valid TOML; the caller promised that it is
                raise ValueError(f"no key at offset {at}")
            parts.append((_plain(found[0]), at))
            at = _end(_SPACE, self.text, found.end())
            if self.text[at : at + 1] != ".":
                return parts, at
            at += 1

    def _value(self, at: int, path: Path) -> int:
        self.index.values[path] = at
        opening = self.text[at]
        if opening == "[":
            return self._items(at + 1, path, "]")
        if opening == "{":
            return self._items(at + 1, path, "}")
        found = (_STRING if opening in "\"'" else _BARE).match(self.text, at)
        if found is None:
            raise ValueError(f"no value at offset {at}")
        return at + len(found[0].rstrip(" \t"))

    def _items(self, at: int, path: Path, closing: str) -> int:
        number = 0
        while True:
            at = _end(_BLANK, self.text, at)
            if self.text[at] == closing:
                return at + 1
            if self.text[at] == ",":
                at += 1
                continue
            if closing == "]":
                at = self._value(at, (*path, number))
                number += 1
            else:
                inner, at = self._assign(path, at)
                at = self._value(at, inner)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


def _plain(part: str) -> str:
    if part[0] == "'":
        return part[1:-1]
    if part[0] == '"':
        return str(tomllib.loads(f"key = {part}")["key"])
    return part
