"""YAML with the place of every value, in one pass over the parser's events.

The rules for plain values are those of YAML 1.2: ``yes`` and ``2026-11-21`` are text.
Depth, aliases and tags are bounded, so that no file can hang or crash its reader.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from persona.loaders._nodes import Node
from persona.loaders._report import Refused, short
from persona.loaders._scalars import TAG, bad_tag, scalar
from persona.loaders._yaml_words import explain

DEEPEST = 60
MOST_BY_ALIAS = 10_000
"""Values that aliases may stand for, in all."""

Loader: type[yaml.CSafeLoader | yaml.SafeLoader] = (
    yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
)
# The parser counts these as line ends, editors do not; as blanks they keep lines right.
_ODD_LINE_ENDS = str.maketrans("\x85\u2028\u2029", "   ")
_REFUSED_CHARACTER = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class _Merge(Node):
    """A ``<<`` without quotes: as a key it takes in the keys of other mappings."""

    __slots__ = ()


class _Open:
    """A list or mapping that is being read."""

    __slots__ = ("key", "merged", "node")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.key: Node | None = None
        self.merged: list[Node] = []


def parse(text: str, first_line: int) -> Node | None:
    """Parse one YAML document.

    Args:
        text: The document.
        first_line: Line of the file on which it starts.

    Returns:
        Its root, or None if there is nothing in it.

    Raises:
        Refused: P106, or P202 for a number that nothing can hold.
    """
    text = plain_line_ends(text)
    loader = Loader(text)
    try:
        return _build(loader, first_line)
    except yaml.reader.ReaderError as exc:
        raise _bad_character(text, first_line) from exc
    except yaml.MarkedYAMLError as exc:
        message, fix, mark = explain(exc, text)
        line, column = (mark.line, mark.column) if mark else (0, 0)
        raise Refused("P106", message, fix, line=first_line + line, column=column + 1) from exc
    finally:
        loader.dispose()


def plain_line_ends(text: str) -> str:
    """Return the text with the same lines for the parser as for an editor."""
    return text if text.isascii() else text.translate(_ODD_LINE_ENDS)


def _build(loader: yaml.CSafeLoader | yaml.SafeLoader, first_line: int) -> Node | None:
    root: Node | None = None
    stack: list[_Open] = []
    anchors: dict[str, Node] = {}
    by_alias = 0
    next_event, a_scalar, a_mapping = loader.get_event, yaml.ScalarEvent, yaml.MappingStartEvent
    while True:
        event: Any = next_event()
        kind = type(event)
        mark = event.start_mark
        line, column = mark.line + first_line, mark.column + 1
        if kind is a_scalar:
            above = stack[-1] if stack else None
            is_key = above is not None and above.key is None and above.node.keys is not None
            node = scalar(event, line, column, is_key=is_key)
            if node.raw == "<<" and event.implicit[0]:
                node = _Merge("<<", line, column, None, None, "<<")
            if event.anchor:
                anchors[event.anchor] = node
        elif kind is a_mapping or kind is yaml.SequenceStartEvent:
            is_mapping = kind is a_mapping
            node = Node({}, line, column, {}, {}) if is_mapping else Node([], line, column, [])
            if event.tag not in (None, "!", TAG + ("map" if is_mapping else "seq")):
                raise bad_tag(event.tag, line, column)
            if len(stack) >= DEEPEST:
                raise Refused("P106", f"Values are nested deeper than {DEEPEST} levels.",
                              "Write it flatter.", line=line, column=column)  # fmt: skip
            if stack and stack[-1].key is None and stack[-1].node.keys is not None:
                raise Refused(
                    "P106", "A key must be plain text, not a list or a mapping.",
                    "If braces or brackets are part of a text, put the text in quotes.",
                    line=line, column=column,
                )  # fmt: skip
            if event.anchor:
                anchors[event.anchor] = node
            stack.append(_Open(node))
            continue
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            closed = stack.pop()
            node = closed.node
            for merged in closed.merged:
                _merge(node, merged)
        elif kind is yaml.AliasEvent:
            node = _aliased(event.anchor, anchors, stack, line, column)
            by_alias += node.size
            if by_alias > MOST_BY_ALIAS:
                raise Refused("P106", f"Aliases stand for more than {MOST_BY_ALIAS:,} values.",
                              "Write the values out, or use fewer aliases (*name).",
                              line=line, column=column)  # fmt: skip
        elif kind is yaml.DocumentStartEvent:
            if root is not None:
                raise Refused("P106", "A second YAML document starts here.",
                              "Write --- alone on its line.", line=line, column=column)  # fmt: skip
            continue
        elif kind is yaml.StreamEndEvent:
            return root
        else:
            continue
        if stack:
            if kind is yaml.AliasEvent:
                node = _at(node, line, column, stack[-1])
            _put(stack[-1], node)
        else:
            root = node


def _put(parent: _Open, node: Node) -> None:
    """Add a finished value to the list or mapping that is being read."""
    into = parent.node
    into.size += node.size
    if isinstance(into.children, list):
        into.children.append(node)
        into.data.append(node.data)
        return
    key = parent.key
    if key is None:
        if node.children is not None or node.raw == "":
            raise Refused("P106", "A key is empty or not a text.", "Write `key: value`.",
                          line=node.line, column=node.column)  # fmt: skip
        parent.key = node
        return
    parent.key = None
    name = key.raw
    keys, children = into.keys, into.children
    if keys is None or children is None:
        return
    if isinstance(key, _Merge):
        _note_merged(parent, node, key)
        return
    if name in keys:
        raise Refused("P106", f"The key {short(name)!r} stands twice.",
                      f"Keep one of them; the first is in line {keys[name][0]}.",
                      line=key.line, column=key.column)  # fmt: skip
    keys[name] = (key.line, key.column)
    children[name] = node
    into.data[name] = node.data


def _at(node: Node, line: int, column: int, parent: _Open) -> Node:
    """Return an alias's value: as a key it stands where the alias does."""
    if parent.key is not None or parent.node.keys is None or node.children is not None:
        return node
    return Node(node.data, line, column, raw=node.raw)


def _note_merged(parent: _Open, node: Node, key: Node) -> None:
    bases = node.children if isinstance(node.children, list) else [node]
    if any(base.keys is None for base in bases):
        raise Refused("P106", "The key << takes in other mappings, and this is not one.",
                      "Write `<<: *name` of a mapping, or put << in quotes.",
                      line=key.line, column=key.column)  # fmt: skip
    parent.merged += bases


def _merge(node: Node, base: Node) -> None:
    """Take in the keys that ``node`` does not have."""
    for name, child in base.members.items():
        if node.keys is not None and name not in node.keys:
            node.keys[name] = base.place_of(name)
            node.members[name] = child
            node.data[name] = child.data


def _aliased(
    anchor: str, anchors: dict[str, Node], stack: list[_Open], line: int, column: int
) -> Node:
    node = anchors.get(anchor)
    if node is None:
        raise Refused("P106", f"*{short(anchor)} refers to an anchor that does not exist.",
                      "If the asterisk is part of a text, put the text in quotes.",
                      line=line, column=column)  # fmt: skip
    if any(open_.node is node for open_ in stack):
        raise Refused("P106", f"*{short(anchor)} refers to the value that it is a part of.",
                      "Write the value out.", line=line, column=column)  # fmt: skip
    return node


def _bad_character(text: str, first_line: int) -> Refused:
    found = _REFUSED_CHARACTER.search(text)
    at = found.start() if found else 0
    shown = f"U+{ord(text[at]):04X}" if found else "a control character"
    return Refused(
        "P106", f"A character that YAML does not allow stands here: {shown}.",
        "Remove it; it is usually invisible and comes with copied text.",
        line=first_line + text.count("\n", 0, at), column=at - text.rfind("\n", 0, at),
    )  # fmt: skip
