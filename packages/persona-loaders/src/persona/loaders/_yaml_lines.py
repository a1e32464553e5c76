"""The plainest YAML, read line by line: keys, values, texts, lists, indentation.

Most front matter has no more than that, and needs a third of the time so. Whatever could
mean something else is left to the YAML parser; tests compare the two on many texts.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

from persona.loaders._scalars import meaning

DEEPEST = 30

_WORD = r"[A-Za-z_][A-Za-z0-9_.-]{0,99}"
# In a line: no `: `, no ` #`, and nothing at the start that YAML means something by.
_PLAIN = r"(?:[^ \-?:,\[\]{}#&*!|>'\"%@`]|-(?=[^ ]))(?:[^:#]++|:(?=[^ ])|(?<=[^ ])#)*+"
# In brackets: a cautious choice of characters.
_ITEM = r"(-{0,2}[A-Za-z0-9_./$][A-Za-z0-9_./$ @+*=-]*+)|\"([^\"\\]*+)\"|'([^']*+)'"
_LINE = re.compile(
    rf"( *+)(-(?: ++))?(?:({_WORD}):(?: ++|$))?"
    rf"(?:({_PLAIN})|\"((?:[^\"\\]++|\\[\"\\/nt])*+)\"|'((?:[^']++|'')*+)'"
    r"|\[([^\]]*+)\]|\{([^}]*+)\}|([|>]-?)(?= *$))?"
    r" *+(?:(?:(?<= )|^)#.*+)?"
)
_ODD_ESCAPE = re.compile(r"\\[^\"\\/nt]")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = MappingProxyType({'"': '"', "\\": "\\", "/": "/", "n": "\n", "t": "\t"})
_LISTED = re.compile(rf" *+(?:{_ITEM}) *+(?:, *+|$)")
_PAIR = re.compile(rf" *+({_WORD}): ++(?:{_ITEM}) *+(?:, *+|$)")


def read_lines(text: str) -> dict[str, Any] | None:
    """Return the mapping that a text of YAML is, or None if it is not plain enough."""
    if not text.replace("\n", "").isprintable():
        return None
    # Seen early, so that not half of a file is read in vain.
    if ": &" in text or ": *" in text or ": !" in text or "- *" in text:
        return None
    if "\\" in text and _ODD_ESCAPE.search(text):
        return None
    root: dict[str, Any] = {}
    into: Any = root
    at = 0
    above: list[tuple[Any, int]] = []
    hole: str | None = None  # a key of `into` whose value has not come yet
    said: str | None = None  # a text that may go on in the next line, and where it is put
    last: Any = None
    lines = text.split("\n")
    number = -1
    while (number := number + 1) < len(lines):
        line = lines[number]
        found = _LINE.fullmatch(line)
        if found is None:
            return None
        spaces, dash, key, plain, double, single, listed, pairs, block = found.groups()
        value: Any = None
        opens = False
        goes_on, said = said, None
        if plain is not None:
            plain = plain.rstrip(" ")
            if key is None and dash is None:  # the text of the line above goes on
                if goes_on is None or len(spaces) <= at:
                    return None
                said = f"{goes_on} {plain}"
                into[last] = meaning(said, 1, 1)
                if found.end(4) < len(line):
                    said = None
                continue
            value = meaning(plain, 1, 1)
            said = plain if found.end(4) == len(line) else None
        elif double is not None or single is not None:
            value = single.replace("''", "'") if double is None else _unescaped(double)
        elif listed is not None or pairs is not None:
            value = _mapping(pairs) if listed is None else _list(listed)
            if value is None:
                return None
        elif key is not None:
            opens = block is None
        elif dash is not None or block is not None:
            return None
        else:  # blank, or a comment
            continue
        indent = len(spaces)
        # What the last key opens: a list may stand as far left as the key.
        if hole is not None and (indent > at or (dash is not None and indent == at)):
            inner: Any = {} if dash is None else []
            into[hole] = inner
            above.append((into, at))
            into, at = inner, indent
        hole = None
        while indent < at or (indent == at and dash is None and type(into) is list):
            if not above:
                return None
            into, at = above.pop()
        if indent != at or len(above) > DEEPEST:
            return None
        if dash is not None:
            if type(into) is not list:
                return None
            if key is None:
                last = len(into)
                into.append(value)
                continue
            inner = {}
            into.append(inner)
            above.append((into, at))
            into, at = inner, indent + len(dash)
        elif key is None:
            return None
        if type(into) is not dict or key in into:
            return None
        if block is not None:
            number, value = _text(lines, number + 1, at, block)
            if value is None:
                return None
        into[key] = value
        last = key
        if opens:
            hole = key
    return root or None


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED[found[1]], text) if "\\" in text else text


def _text(lines: list[str], start: int, parent: int, style: str) -> tuple[int, str | None]:
    """Return the number of the last line of a text below its key, and the text.

    Args:
        lines: All lines.
        start: Number of the first one below the key.
        parent: Indentation of the key.
        style: ``|`` or ``>``, and ``-`` if no line end follows.
    """
    first = lines[start] if start < len(lines) else ""
    indent = len(first) - len(first.lstrip(" "))
    if indent <= parent or indent == len(first):
        return start, None
    margin = first[:indent]
    end = start
    while end < len(lines) and (lines[end].startswith(margin) or not lines[end].strip(" ")):
        end += 1
    if end == len(lines) and lines[-1]:  # without a line end
        return start, None
    content = [line[indent:] for line in lines[start:end]]
    while not content[-1]:
        content.pop()
    if style[0] == ">" and any(line[:1] in ("", " ") for line in content):
        return start, None
    text = ("\n" if style[0] == "|" else " ").join(content)
    return end - 1, text if style[1:] else f"{text}\n"


def _list(text: str) -> list[Any] | None:
    """Return the items of a list in brackets."""
    items: list[Any] = []
    at = 0
    while at < len(text) or not items:
        found = _LISTED.match(text, at)
        if found is None:
            return None if text.strip(" ") else []
        items.append(_item(*found.groups()))
        at = found.end()
    return None if text.rstrip(" ").endswith(",") else items


def _mapping(text: str) -> dict[str, Any] | None:
    """Return the pairs of a mapping in braces."""
    pairs: dict[str, Any] = {}
    at = 0
    while at < len(text) or not pairs:
        found = _PAIR.match(text, at)
        if found is None:
            return None if text.strip(" ") else {}
        key, *item = found.groups()
        if key in pairs:
            return None
        pairs[key] = _item(*item)
        at = found.end()
    return None if text.rstrip(" ").endswith(",") else pairs


def _item(plain: str | None, double: str | None, single: str | None) -> Any:
    if plain is not None:
        return meaning(plain.rstrip(" "), 1, 1)
    return single if double is None else double
