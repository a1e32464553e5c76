"""A value with the place where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from persona.core import Origin, Source


class Node:
    """One YAML value: its data, its place, and the nodes inside it.

    Attributes:
        data: The value as plain data.
        line: Line in the file, from 1.
        column: Column, from 1.
        children: Nodes of a mapping by key, of a list in order; None for a scalar.
        keys: Places of a mapping's keys.
        raw: A scalar as it is written.
        size: Number of values in it, itself included.
    """

    __slots__ = ("children", "column", "data", "keys", "line", "raw", "size")

    def __init__(
        self,
        data: Any,
        line: int,
        column: int,
        children: dict[str, Node] | list[Node] | None = None,
        keys: dict[str, tuple[int, int]] | None = None,
        raw: str = "",
    ) -> None:
        self.data = data
        self.line = line
        self.column = column
        self.children = children
        self.keys = keys
        self.raw = raw
        self.size = 1

    @property
    def place(self) -> tuple[int, int]:
        """Line and column."""
        return self.line, self.column

    @property
    def members(self) -> dict[str, Node]:
        """Nodes by key; empty for anything but a mapping."""
        return self.children if isinstance(self.children, dict) else {}

    @property
    def items(self) -> list[Node]:
        """Nodes of a list in order; empty for anything but a list."""
        return self.children if isinstance(self.children, list) else []

    def place_of(self, key: str) -> tuple[int, int]:
        """Return the place of a key, or of the whole if the key stands nowhere."""
        return (self.keys or {}).get(key, self.place)


def mapping(
    at: Node, children: dict[str, Node], keys: dict[str, tuple[int, int]] | None = None
) -> Node:
    """Make a mapping at the place of another node."""
    data = {key: child.data for key, child in children.items()}
    keys = (at.keys or {}) if keys is None else keys
    return Node(data, at.line, at.column, children=children, keys=keys)


def sequence(at: Node, children: list[Node]) -> Node:
    """Make a list at the place of another node."""
    return Node([child.data for child in children], at.line, at.column, children=children)


class Origins(Mapping[str, Origin]):
    """For each value, by dotted path, where it stands.

    Made from the nodes when somebody first asks: most definitions are never asked.

    Args:
        root: The whole.
        source: Its file.
        implied: Paths of values that the file does not say.
    """

    def __init__(
        self,
        root: Node | Callable[[], Node],
        source: Source,
        implied: frozenset[str] = frozenset(),
    ) -> None:
        self._root = root
        self._source = source
        self._implied = implied

    @cached_property
    def _table(self) -> dict[str, Origin]:
        file, scope = self._source.file, self._source.scope
        root = self._root if isinstance(self._root, Node) else self._root()
        return {
            path: Origin(file, line, scope, column=column)
            for path, (line, column) in _places(root)
            if path not in self._implied
        }

    def __getitem__(self, path: str) -> Origin:
        return self._table[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        return f"Origins({self._table!r})"


def _places(root: Node) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield path and place; a block starts at its key, a scalar at its value."""
    todo = [("", root)]
    while todo:
        prefix, node = todo.pop()
        if isinstance(node.children, dict):
            entries = [(k, node.place_of(k), c) for k, c in node.children.items()]
        else:
            entries = [(str(i), c.place, c) for i, c in enumerate(node.children or ())]
        for key, at, child in entries:
            path = f"{prefix}{key}"
            if child.children is None:
                yield path, child.place
            else:
                yield path, at
                todo.append((f"{path}.", child))
