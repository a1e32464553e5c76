"""Where a front matter has to be changed so that it says other values, and what comes there.

It goes by how the values are written. Whoever uses this reads the result back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from persona.loaders._keys import same
from persona.loaders._markdown_layout import Layout, Span
from persona.loaders._markdown_yaml import block_lines, inline_text, is_short_list, item_lines

_COLON = re.compile(r"\s*:")


class NotSo(Exception):
    """The value is not written in the way that is tried."""


class FrontEdit:
    """One change of a front matter.

    Args:
        layout: The file.
        aliases: Whether to write out what aliases stand for, where the original changes.
        blanks: Whether the blank lines below what is taken out go too; a text above them
            might keep them otherwise.
    """

    def __init__(self, layout: Layout, *, aliases: bool, blanks: bool) -> None:
        self._layout = layout
        self._text = layout.text
        self._aliases = aliases
        self._blanks = blanks
        self._changed: set[str] = set()
        self._edits: list[tuple[int, int, str]] = []

    def run(self, new: Mapping[str, Any]) -> str:
        """Return the file's text with these values, as far as it is written in known ways.

        Raises:
            NotSo: It is written otherwise.
        """
        root = self._layout.root
        if root is None or (root.kind == "scalar" and not self._layout.data):
            self._add_lines(self._layout.end, "", new)
        else:
            self._change(root, self._layout.data, new)
            if self._aliases:
                self._write_out(root, self._layout.data)
        return self._result()

    def _result(self) -> str:
        parts, at = [], 0
        for start, end, text in sorted(self._edits, key=lambda edit: edit[:2]):
            if start < at:
                raise NotSo
            parts += [self._text[at:start], text]
            at = end
        return "".join([*parts, self._text[at:]])

    # -- one value -------------------------------------------------------------

    def _change(self, span: Span, old: Any, new: Any) -> None:
        """Change what is in a mapping or list."""
        if span.anchor:
            self._changed.add(span.anchor)
        if span.kind == "list":
            self._change_list(span, old, new)
            return
        for key in [k for k in old if k not in new]:
            self._drop(span, key)
        added = {k: v for k, v in new.items() if span.find(k) is None and not _has(old, k, v)}
        for key, value in new.items():
            found = span.find(key)
            if found is not None and not (key in old and same(old[key], value)):
                self._put(found[0], found[1], old.get(key), value, flow=span.flow)
        if added:
            self._add(span, old, added)

    def _change_list(self, span: Span, old: list[Any], new: list[Any]) -> None:
        if len(old) == len(new):
            edits, changed = [*self._edits], {*self._changed}
            try:
                for item, before, after in zip(span.items, old, new, strict=True):
                    if not same(before, after):
                        self._put(None, item, before, after, flow=span.flow)
                return
            except NotSo:
                if span.flow:
                    raise
                self._edits, self._changed = edits, changed  # the lines of the items as a whole
        head, tail, shorter = 0, 0, min(len(old), len(new))
        while head < shorter and same(old[head], new[head]):
            head += 1
        while tail < shorter - head and same(old[-1 - tail], new[-1 - tail]):
            tail += 1
        for item in span.items[head : len(old) - tail]:
            self._forget(item)
            self._edits.append((self._item_start(span, item), self._behind(item), ""))
        first = span.items[head] if head < len(old) else None
        at = self._item_start(span, first) if first else self._behind(span.items[-1])
        pad, end = " " * span.column, self._layout.newline
        lines = [line for value in new[head : len(new) - tail] for line in item_lines(value)]
        text = "".join((pad + line if line else line) + end for line in lines)
        self._edits.append((at, at, text))

    def _item_start(self, span: Span, item: Span) -> int:
        """Return where the lines of an item of a list in lines start."""
        start = self._layout.line_start(item.start)
        before = self._text[start : item.start]
        if before.strip() != "-" or before.index("-") != span.column:
            raise NotSo
        return start

    def _behind(self, span: Span) -> int:
        return max(self._layout.after_line(span.end), span.next)

    def _put(self, key: Span | None, span: Span, old: Any, new: Any, *, flow: bool) -> None:
        """Put a new value where an old one stands."""
        if self._can_go_inside(span, old, new):
            self._change(span, old, new)
            return
        self._forget(span)
        quotes = span.style if span.style in ("'", '"') and isinstance(new, str) else ""
        nested = isinstance(new, Mapping | list) and bool(new)
        text = None
        if flow or not nested or span.flow or (span.kind != "list" and is_short_list(new)):
            text = inline_text(new, flow=flow or nested, quotes=quotes)
        single = span.end <= self._layout.line_end(span.start)
        if text is not None and single and self._is_inline(key, span):
            start = span.start
            if key is not None and span.start == span.end:
                start, text = self._after_colon(key), f" {text}"
                self._edits.append((start, start, text))
            else:
                self._edits.append((start, span.end, text))
            return
        if key is None:
            raise NotSo
        self._rewrite(key, span, text, new)

    def _can_go_inside(self, span: Span, old: Any, new: Any) -> bool:
        """Whether a list or mapping can be changed value by value."""
        if not new or type(old) is not type(new):
            return False
        if span.kind == "mapping" and isinstance(new, Mapping):
            return not span.flow or any(name in new for name, _, _ in span.entries)
        if span.kind == "list" and isinstance(new, list):
            return not span.flow or len(new) == len(span.items)
        return False

    def _rewrite(self, key: Span, span: Span, text: str | None, new: Any) -> None:
        """Put a value of another form behind a key: one line for a block, or the reverse."""
        colon = self._after_colon(key)
        line_end = self._layout.line_end(colon)
        if span.start > line_end:  # the value stands below the key
            start = self._layout.line_start(span.start)
            self._edits.append((start, self._behind(span), ""))
        elif span.end > line_end:  # it begins beside the key and goes on below
            tail = self._layout.line_end(span.end)
            self._edits.append((colon, tail, ""))
            line_end = tail
        else:
            self._edits.append((colon, span.end, ""))
        if text is not None:
            self._edits.append((colon, colon, f" {text}"))
            return
        first, *rest = block_lines("k", new)
        if first[2:]:  # the sign of a block of text
            self._edits.append((colon, colon, first[2:]))
        pad = " " * self._column(key)
        lines = [self._layout.newline + (pad + line if line else "") for line in rest]
        self._edits.append((line_end, line_end, "".join(lines)))

    def _is_inline(self, key: Span | None, span: Span) -> bool:
        return key is None or span.start <= self._layout.line_end(key.start)

    def _after_colon(self, key: Span) -> int:
        found = _COLON.match(self._text, key.end)
        if found is None:
            raise NotSo
        return found.end()

    def _column(self, key: Span) -> int:
        """Return the column that the lines of a mapping start in."""
        before = self._text[self._layout.line_start(key.start) : key.start]
        return before.index("?") if before.strip() == "?" else key.column

    # -- keys ------------------------------------------------------------------

    def _drop(self, span: Span, name: str) -> None:
        number = next((n for n, entry in enumerate(span.entries) if entry[0] == name), None)
        if number is None:  # it comes from another mapping
            raise NotSo
        _, key, value = span.entries[number]
        self._forget(value)
        following = span.entries[number + 1] if number + 1 < len(span.entries) else None
        if span.flow:
            before = span.entries[number - 1][2].end if number else None
            if following is not None:
                self._edits.append((key.start, following[1].start, ""))
            elif before is not None:
                self._edits.append((before, value.end, ""))
            else:
                self._edits.append((span.start, span.end, "{}"))
            return
        start = self._layout.line_start(key.start)
        if self._text[start : key.start].strip() not in ("", "?"):
            if following is None:
                raise NotSo
            self._edits.append((key.start, following[1].start, ""))
            return
        end = max(value.end, self._after_colon(key))
        end = max(self._layout.after_line(end), value.next)
        while self._blanks and end < self._layout.end:
            if self._text[end : self._layout.line_end(end)].strip():
                break
            end = self._layout.after_line(end)
        self._edits.append((start, end, ""))

    def _add(self, span: Span, old: Any, added: Mapping[str, Any]) -> None:
        if span.flow:
            texts = [inline_text({k: v}, flow=True) or "" for k, v in added.items()]
            inner = ", ".join(text[1:-1] for text in texts)
            kept = [entry for entry in span.entries if entry[0] in old]
            if not kept:
                self._edits.append((span.end - 1, span.end - 1, inner))
            else:
                self._edits.append((kept[-1][2].end, kept[-1][2].end, f", {inner}"))
            return
        last = span.entries[-1]
        end = max(last[2].end, self._after_colon(last[1]))
        at = max(self._layout.after_line(end), last[2].next)
        self._add_lines(at, " " * self._column(span.entries[0][1]), added)

    def _add_lines(self, at: int, pad: str, added: Mapping[str, Any]) -> None:
        lines = [
            pad + line if line else line
            for key, value in added.items()
            for line in block_lines(key, value)
        ]
        newline = self._layout.newline
        self._edits.append((at, at, "".join(line + newline for line in lines)))

    # -- anchors ---------------------------------------------------------------

    def _forget(self, span: Span) -> None:
        """Note that a value goes, and the anchors in it."""
        if span.anchor and span.kind != "alias":
            self._changed.add(span.anchor)
        for child in span.children:
            self._forget(child)

    def _write_out(self, span: Span, old: Any) -> None:
        """Put what they stand for in the place of aliases whose original changes."""
        pairs = [(v, old.get(k)) for k, _, v in span.entries] if isinstance(old, Mapping) else []
        if isinstance(old, list):
            pairs = list(zip(span.items, old, strict=True))
        for child, value in pairs:
            gone = any(s <= child.start and child.end <= e and s < e for s, e, _ in self._edits)
            if child.kind == "alias" and child.anchor in self._changed and not gone:
                self._edits.append((child.start, child.end, inline_text(value, flow=True) or ""))
            elif child.kind != "alias":
                self._write_out(child, value)


def _has(old: Mapping[str, Any], key: str, value: object) -> bool:
    return key in old and same(old[key], value)
