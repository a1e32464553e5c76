"""The values of a YAML document without their places: what most files need.

It reads the parser's events as `_yaml` does, and gives up where that one has more to say.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from persona.loaders._report import Refused
from persona.loaders._scalars import meaning
from persona.loaders._yaml import DEEPEST, Loader, plain_line_ends
from persona.loaders._yaml_lines import read_lines

_NUL = re.compile(r"\\(?:0|x00|u0000|U00000000)")


def read_values(text: str) -> dict[str, Any] | None:
    """Return the mapping that a document is.

    Returns:
        None for what needs a closer look: errors, doubled keys, anchors, tags, or what is
        no mapping.
    """
    try:
        values = read_lines(text)
    except Refused:
        return None
    if values is not None or _NUL.search(text):
        return values
    loader = Loader(plain_line_ends(text))
    try:
        return _values(loader)
    except (yaml.YAMLError, Refused):
        return None
    finally:
        loader.dispose()


def _values(loader: yaml.CSafeLoader | yaml.SafeLoader) -> dict[str, Any] | None:
    next_event, a_scalar, a_mapping = loader.get_event, yaml.ScalarEvent, yaml.MappingStartEvent
    a_list, its_end = yaml.SequenceStartEvent, yaml.SequenceEndEvent
    next_event()  # the start of the stream
    next_event()  # the start of the document, if there is one
    event: Any = next_event()
    if type(event) is not a_mapping or event.anchor or event.tag:
        return None
    root: dict[str, Any] = {}
    into: Any = root
    key: str | None = None
    above: list[Any] = []
    while True:
        event = next_event()
        kind = type(event)
        value: Any
        if kind is a_scalar:
            if event.tag is not None or event.anchor is not None:
                return None
            value = event.value
            if key is None and type(into) is dict:
                if value in into or value in ("", "<<"):
                    return None
                key = value
                continue
            if event.implicit[0]:
                value = meaning(value, 1, 1)
        elif kind is a_mapping or kind is a_list:
            if event.tag is not None or event.anchor is not None or len(above) >= DEEPEST - 1:
                return None
            value = {} if kind is a_mapping else []
        elif kind is yaml.MappingEndEvent or kind is its_end:
            if not above:
                break
            into = above.pop()
            continue
        else:
            return None
        if type(into) is list:
            into.append(value)
        elif key is not None:
            into[key] = value
            key = None
        else:  # a list or a mapping as a key
            return None
        if kind is not a_scalar:
            above.append(into)
            into = value
    next_event()  # the end of the document
    return root if type(next_event()) is yaml.StreamEndEvent else None
