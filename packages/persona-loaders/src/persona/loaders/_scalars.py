"""What a YAML value without quotes means, by the rules of YAML 1.2."""

from __future__ import annotations

import math
import re
import sys
from typing import Any

import yaml

from persona.loaders._nodes import Node
from persona.loaders._report import Refused, short

_CONSTANTS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_CONSTANTS |= dict.fromkeys(("true", "True", "TRUE"), True)
_CONSTANTS |= dict.fromkeys(("false", "False", "FALSE"), False)
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MAY_BE_NUMBER = frozenset("-+.0123456789")
TAG = "tag:yaml.org,2002:"
"""Start of the long form of YAML's own tags."""


def scalar(event: yaml.ScalarEvent, line: int, column: int, *, is_key: bool = False) -> Node:
    """Return the value of a parser's event. A key is what is written, never a number.

    Raises:
        Refused: P106 for a tag that is not plain YAML, P202 for a number nothing can hold.
    """
    value = event.value
    data: Any = value
    tag = event.tag
    if tag is None:
        if event.implicit[0] and not is_key:
            data = meaning(value, line, column)
    elif tag not in ("!", TAG + "str"):
        data = _tagged(tag, value, line, column)
    if "\0" in value:
        raise Refused(
            "P106",
            "The text holds a NUL character.",
            "Remove \\0 from it.",
            line=line,
            column=column,
        )
    return Node(data, line, column, None, None, value)


def meaning(value: str, line: int, column: int) -> str | float | bool | None:
    """Return what a value without quotes means.

    Raises:
        Refused: P202 for a number that nothing can hold.
    """
    if value in _CONSTANTS:
        return _CONSTANTS[value]
    if value[0] not in _MAY_BE_NUMBER:  # most values are words
        return value
    if _INT.fullmatch(value):
        digits = sys.get_int_max_str_digits()
        if digits and len(value) > digits:
            raise _not_a_number(value, line, column)
        return int(value, 0) if value[:2] in ("0x", "0o") else int(value)
    if _FLOAT.fullmatch(value):
        number = float(value)
        if math.isfinite(number):
            return number
        raise _not_a_number(value, line, column)
    if _NOT_FINITE.fullmatch(value):
        raise _not_a_number(value, line, column)
    return value


_TAGGED: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "null": (type(None),),
}


def _tagged(tag: str, value: str, line: int, column: int) -> str | float | bool | None:
    kinds = _TAGGED.get(tag.removeprefix(TAG)) if tag.startswith(TAG) else None
    if kinds is None:
        raise bad_tag(tag, line, column)
    data = meaning(value, line, column)
    if not isinstance(data, kinds) or (isinstance(data, bool) and bool not in kinds):
        raise Refused("P106", f"{short(value)!r} is not what its tag says.", "Remove the tag.",
                      line=line, column=column)  # fmt: skip
    return float(data) if kinds == (float, int) and isinstance(data, int) else data


def _not_a_number(value: str, line: int, column: int) -> Refused:
    return Refused("P202", f"{short(value, 30)} is not a number that can be used.",
                   "Write an ordinary number, or put it in quotes if it is text.",
                   line=line, column=column)  # fmt: skip


def bad_tag(tag: str, line: int, column: int) -> Refused:
    """Return the answer to a tag that asks for anything but plain data."""
    shown = tag.replace(TAG, "!!") if tag.startswith(TAG) else tag
    return Refused("P106", f"The YAML tag {short(shown)} is not allowed here.",
                   "Remove the tag and write the plain value.",
                   line=line, column=column)  # fmt: skip
