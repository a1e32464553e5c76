"""From a TOML file to its data, and to nodes with places when they are asked for."""

from __future__ import annotations

import datetime
import math
import re
import tomllib
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from persona.loaders._nodes import Node
from persona.loaders._report import Refused, short
from persona.loaders._text import decode, read_bytes
from persona.loaders._toml_scan import Index, scan

LARGEST = 16 * 1024 * 1024
"""Bytes that a file of many personas may have."""

DEEPEST = 60
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_NUL = re.compile(r"\\u0000|\\U00000000")
_FIXES = (
    ("twice", "Each table and key may stand once; keep one of them."),
    ("overwrite", "Each table and key may stand once; keep one of them."),
    ("Illegal character", 'Close the text with a quote; text of several lines stands in """.'),
    ("Invalid value", 'Text needs quotes: key = "text".'),
    ("after a key", 'Write key = "value", or [table] in brackets.'),
    ('Expected "\'"', "Close the text with the quotes that it starts with."),
    ("Unclosed", "Close the list, table or text."),
    ("Unterminated", "Close the text with the quotes that it starts with."),
)


class Document:
    """A TOML text with its data.

    Attributes:
        text: The text, without a byte order mark.
        data: What it says.
        newline: The line end that new lines get.
        has_odd_values: Whether there are values that no definition can have: not a number,
            infinite, or with a NUL.
    """

    def __init__(self, text: str, newline: str = "\n") -> None:
        """Parse ``text``.

        Raises:
            Refused: P109.
        """
        self.text = text
        self.newline = newline
        floats: list[float] = []
        self.data = parse(text, floats.append)
        self.has_odd_values = bool(floats) or _NUL.search(text) is not None

    @cached_property
    def index(self) -> Index:
        """Where everything stands."""
        return scan(self.text)

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a table of the root, empty if it is missing or no table."""
        found = self.data.get(name)
        return found if isinstance(found, dict) else {}

    def is_inline(self, name: str) -> bool:
        """Whether a table of the root is written as one value, in braces."""
        at = self.index.values.get((name,))
        return at is not None and self.text[at] == "{"

    def place(self, *path: str) -> tuple[int, int]:
        """Return line and column of a key."""
        return self.index.place(self.index.keys.get(path, 0))

    def node(self, *path: str, places: bool) -> Node:
        """Return the nodes of a value; without places it costs no scan.

        Raises:
            Refused: P202 for a value that nothing can use.
        """
        value: Any = self.data
        for part in path:
            value = value[part]
        return _build(value, path, self.index, 0) if places else _bare(value, 0)


def read_document(file: Path) -> Document:
    """Read a file.

    Raises:
        Refused: It cannot be read or is not TOML.
    """
    return Document(decode(read_bytes(file, LARGEST)))


def read_for_editing(file: Path) -> tuple[Document, str]:
    """Read a file with its line ends as they are; also return its byte order mark.

    Raises:
        Refused: It cannot be read or is not TOML.
    """
    data = read_bytes(file, LARGEST)
    decode(data)
    text, mark = data.decode("utf-8-sig"), "\ufeff" if data.startswith(BOM_UTF8) else ""
    return Document(text, "\r\n" if 0 < data.count(b"\n") == data.count(b"\r\n") else "\n"), mark


def parse(text: str, note: Callable[[float], object] = float) -> dict[str, Any]:
    """Return the data of a TOML text; ``note`` is called with each number that is not finite.

    Raises:
        Refused: P109.
    """

    def to_float(written: str) -> float:
        number = float(written)
        if not math.isfinite(number):
            note(number)
        return number

    try:
        return tomllib.loads(text, parse_float=to_float)
    except tomllib.TOMLDecodeError as exc:
        message = str(exc)
        found = _AT.search(message)
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
        if found is not None:
            message = message[: found.start()]
            if found[1]:
                line, column = int(found[1]), int(found[2])
        fix = next((fix for word, fix in _FIXES if word in message), "Correct this line.")
        raise Refused("P109", f"{short(message, 200)}.", fix, line=line, column=column) from exc
    except RecursionError as exc:
        raise Refused("P109", "Values are nested too deeply.", "Write it flatter.") from exc
    except ValueError as exc:  # a number or a date that Python cannot hold
        raise Refused("P109", f"{short(exc, 200)}.", "Put the value in quotes.") from exc


def _bare(value: Any, depth: int) -> Node:
    """Return nodes that stand nowhere: what every persona needs when all is well."""
    kind = type(value)
    if kind is str and "\0" not in value:
        return Node(value, 1, 1, None, None, value)
    if kind is dict and depth < DEEPEST:
        members = {k: _bare(v, depth + 1) for k, v in value.items()}
        data = {k: node.data for k, node in members.items()}
        return Node(data, 1, 1, members, dict.fromkeys(data, (1, 1)))
    if kind is list and depth < DEEPEST:
        items = [_bare(v, depth + 1) for v in value]
        return Node([node.data for node in items], 1, 1, items)
    return _build(value, (), Index(""), depth)


def _build(value: Any, path: tuple[str | int, ...], index: Index, depth: int) -> Node:
    line, column = index.place(index.values.get(path, 0))
    if depth > DEEPEST:
        raise _unusable(f"Values are nested deeper than {DEEPEST} levels.", "Write it flatter.",
                        line, column)  # fmt: skip
    if isinstance(value, dict):
        members = {k: _build(v, (*path, k), index, depth + 1) for k, v in value.items()}
        data = {k: node.data for k, node in members.items()}
        keys = {k: index.place(index.keys.get((*path, k), 0)) for k in value}
        return Node(data, line, column, members, keys)
    if isinstance(value, list):
        items = [_build(v, (*path, n), index, depth + 1) for n, v in enumerate(value)]
        return Node([node.data for node in items], line, column, items)
    if isinstance(value, str):
        if "\0" in value:
            raise _unusable("The text holds a NUL character.", "Remove it.", line, column)
        return Node(value, line, column, None, None, value)
    if isinstance(value, datetime.date | datetime.time):
        value = value.isoformat()
    elif isinstance(value, float) and not math.isfinite(value):
        raise _unusable(f"{value} is not a number that can be used.", "Write an ordinary number.",
                        line, column)  # fmt: skip
    return Node(value, line, column, None, None, str(value))


def _unusable(message: str, fix: str, line: int, column: int) -> Refused:
    return Refused("P202", message, fix, line=line, column=column)
