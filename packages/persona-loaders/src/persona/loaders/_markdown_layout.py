"""Where everything stands in a Markdown persona file, character by character.

Reading needs values and lines. Changing a file needs the exact extent of each value in
the text as it is on disk, with its line ends and its byte order mark.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from typing import Any

import yaml

from persona.loaders._report import Refused
from persona.loaders._text import decode, split
from persona.loaders._yaml import Loader, parse, plain_line_ends

_LINE_END = re.compile(r"\r\n|\r|\n")
_KEEPS_BLANKS = re.compile(r"[|>][0-9-]*\+")


@dataclass(slots=True)
class Span:
    """A value and its extent.

    Attributes:
        kind: ``scalar``, ``mapping``, ``list`` or ``alias``.
        start: Offset of its first character, of its anchor or tag if it has one.
        end: Offset behind its last character.
        next: Where a line that follows it may begin; differs from ``end`` for a block of
            text that keeps the blank lines below it.
        column: Column of ``start``, from 0.
        flow: Whether a list or mapping is written in brackets.
        style: Quotes or block sign of a scalar, empty for a plain one.
        anchor: Name of its anchor; of an alias, the name that it refers to.
        entries: Keys and values of a mapping.
        items: Values of a list.
    """

    kind: str
    start: int
    end: int
    next: int
    column: int
    flow: bool = False
    style: str = ""
    anchor: str = ""
    entries: list[tuple[str, Span, Span]] = field(default_factory=list)
    items: list[Span] = field(default_factory=list)

    @property
    def children(self) -> list[Span]:
        """The values in it."""
        return [value for _, _, value in self.entries] + self.items

    def find(self, key: str) -> tuple[Span, Span] | None:
        """Return a key of a mapping and its value, if it stands there itself."""
        return next(((k, v) for name, k, v in self.entries if name == key), None)


@dataclass(frozen=True, slots=True)
class Layout:
    """A persona file, taken apart.

    Attributes:
        mark: The byte order mark, or nothing.
        text: All behind it, as it is on disk.
        newline: The line end that new lines get.
        start: Offset of the front matter.
        end: Offset behind the front matter, where the closing dashes stand.
        body_start: Offset behind the line of the closing dashes.
        body: The text below, as it is read.
        data: What the front matter says; empty if nothing.
        root: The extent of that, or None if nothing stands there.
    """

    mark: str
    text: str
    newline: str
    start: int
    end: int
    body_start: int
    body: str
    data: dict[str, Any]
    root: Span | None

    def line_end(self, offset: int) -> int:
        """Return the offset of the end of a line, before its line end."""
        found = _LINE_END.search(self.text, offset)
        return found.start() if found else len(self.text)

    def line_start(self, offset: int) -> int:
        """Return the offset of the start of a line."""
        return max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1

    def after_line(self, offset: int) -> int:
        """Return the offset of the start of the following line."""
        found = _LINE_END.search(self.text, offset)
        return found.end() if found else len(self.text)


def lay_open(content: bytes) -> Layout:
    """Take a file apart.

    Raises:
        Refused: It cannot be read; such a file is never rewritten.
    """
    parts = split(decode(content))
    node = parse(parts.yaml, parts.line)
    if node is not None and node.data is not None and node.keys is None:
        raise Refused(
            "P107", "The front matter is not made of `key: value` lines.",
            "Write for example `model: provider/model` on a line of its own.",
            line=node.line, column=node.column,
        )  # fmt: skip
    text = content.decode("utf-8-sig")
    starts = [0, *(m.end() for m in _LINE_END.finditer(text)), len(text)]
    first = parts.line - 1
    close = first + parts.yaml.count("\n")
    opening = _LINE_END.search(text, starts[first - 1])
    return Layout(
        mark="\ufeff" if content.startswith(BOM_UTF8) else "",
        text=text,
        newline=opening[0] if opening else "\n",
        start=starts[first],
        end=starts[close],
        body_start=starts[min(close + 1, len(starts) - 1)],
        body=parts.body,
        data=dict(node.data) if node is not None and node.data else {},
        root=_Spans(parts.yaml, text, starts[first:]).read() if node is not None else None,
    )


class _Spans:
    """Reads the extents from the parser's events. The text is known to be valid."""

    def __init__(self, front: str, text: str, starts: list[int]) -> None:
        self._events = yaml.parse(plain_line_ends(front), Loader=Loader)
        self._text = text
        self._starts = starts

    def read(self) -> Span | None:
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                return self._value(event)
        return None

    def _value(self, event: Any) -> Span:
        start, end = self._at(event.start_mark), self._at(event.end_mark)
        column = event.start_mark.column
        if isinstance(event, yaml.AliasEvent):
            return Span("alias", start, end, end, column, anchor=event.anchor or "")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, start, end, column)
        kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "list"
        span = Span(kind, start, end, end, column, bool(event.flow_style),
                    anchor=event.anchor or "")  # fmt: skip
        for inner in self._events:
            if isinstance(inner, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                closing = inner
                break
            value = self._value(inner)
            if kind == "list":
                span.items.append(value)
            else:
                name = inner.value if isinstance(inner, yaml.ScalarEvent) else ""
                span.entries.append((name, value, self._value(next(self._events))))
        last = span.children[-1:]
        if span.flow or not last:
            span.end = span.next = self._at(closing.end_mark)
        else:
            # The parser lets a block end where the next value starts, behind all comments.
            span.end, span.next = last[0].end, last[0].next
        return span

    def _scalar(self, event: Any, start: int, end: int, column: int) -> Span:
        style, following = event.style or "", end
        if style in ("|", ">"):
            written = self._text[start:end]
            end = start + len(written.rstrip())
            if not _KEEPS_BLANKS.search(written.partition("\n")[0].partition("#")[0]):
                following = end
        return Span("scalar", start, end, following, column, style=style,
                    anchor=event.anchor or "")  # fmt: skip

    def _at(self, mark: Any) -> int:
        return int(self._starts[mark.line] + mark.column)
