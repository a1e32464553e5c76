"""Values as YAML text, in the form that people write."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import yaml

from persona.core import DefinitionError
from persona.loaders._report import Refused
from persona.loaders._yaml import parse

_WIDE = 88


class _Quoted(str):
    """A text that is to be written with certain quotes."""

    __slots__ = ("style",)
    style: str


class _Dumper(yaml.SafeDumper):
    """Writes mappings in their own order, lists indented, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _represent_text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = getattr(value, "style", None)
    if style is None and "\n" in value:
        style = "|"
    elif style is None and _is_misread(value):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style)


def _is_misread(value: str) -> bool:
    """Whether a text without quotes would be a number or alike by the rules for reading."""
    try:
        node = parse(f"a: {value}", 1)
        return node is None or node.data != {"a": value}
    except Refused:
        return True


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_Quoted, _represent_text)


def parse_value(text: str) -> Any:
    """Return the value that a text without its key means, by the rules for reading.

    What starts with a quote or a bracket is YAML; else it is a number, ``true``, ``false``,
    nothing, or the text as it stands. Called for values that come from a command line.

    Raises:
        DefinitionError: It starts as YAML and is none.
    """
    plain = text.strip()
    try:
        node = parse(plain, 1)
    except Refused as refused:
        if plain[:1] in ("'", '"', "[", "{"):
            raise DefinitionError(f"{refused.message} {refused.fix}".strip()) from refused
        return text
    if plain[:1] in ("'", '"', "[", "{"):
        return None if node is None else node.data
    if node is None or node.children is not None or node.raw != plain:
        return text if plain else None
    return text if isinstance(node.data, str) else node.data


def inline_text(value: object, *, flow: bool = False, quotes: str = "") -> str | None:
    """Return a value on one line, or None if a text of several lines is better in a block.

    Args:
        value: The value.
        flow: Whether it will stand in brackets.
        quotes: The quotes to prefer for a text.

    Raises:
        DefinitionError: YAML has no form for it.
    """
    if isinstance(value, str):
        if "\n" in value and not flow:
            return None
        if quotes or "\n" in value:
            value = _Quoted(value)
            value.style = quotes or '"'
    if flow or isinstance(value, Mapping | list | tuple):
        return _dump([value], flow=True)[1:-2]
    return _dump({"k": value}, flow=False)[3:-1]


def block_lines(key: str, value: object) -> list[str]:
    """Return ``key: value`` as lines without line ends, nested values below the key.

    Raises:
        DefinitionError: YAML has no form for it.
    """
    return _dump({key: value}, flow=False)[:-1].split("\n")


def item_lines(value: object) -> list[str]:
    """Return ``- value`` as lines without line ends.

    Raises:
        DefinitionError: YAML has no form for it.
    """
    return _dump([value], flow=False)[:-1].split("\n")


def mapping_text(values: Mapping[str, object]) -> str:
    """Return a mapping as text of one or more lines.

    Raises:
        DefinitionError: YAML has no form for a value.
    """
    return _dump(dict(values), flow=False) if values else ""


def is_short_list(value: object) -> bool:
    """Whether a value is a list of plain values that fits on a line."""
    if not isinstance(value, list) or any(isinstance(v, Mapping | list) for v in value):
        return False
    return len(_dump([value], flow=True)) <= _WIDE


def _dump(value: object, *, flow: bool) -> str:
    try:
        text = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False,
                         default_flow_style=flow, width=sys.maxsize)  # fmt: skip
        text.encode()
    except yaml.representer.RepresenterError as exc:
        raise DefinitionError(f"YAML has no form for {value!r:.60}. Remove it.") from exc
    except UnicodeEncodeError as exc:
        raise DefinitionError(
            f"{value!r:.60} holds a character that no file can hold. Remove it."
        ) from exc
    return str(text)
