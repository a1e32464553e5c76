"""``--set key=value``: what the words of a command line mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from persona.cli._errors import USAGE, CliError

_WORD = re.compile(r"""((?:[^='"]|"[^"]*"|'[^']*')+)=(.*)""", re.DOTALL)


def parse_settings(words: Sequence[str]) -> dict[str, Any]:
    """Return the values by dotted keys.

    A value is read as one of YAML: ``0.2``, ``true``, ``[a, b]``, ``"0.2"``. What starts
    with neither quotes nor brackets is a number, a word like ``true``, or text as it stands.

    Raises:
        CliError: A word is no ``key=value``.
    """
    values: dict[str, Any] = {}
    for word in words:
        found = _WORD.fullmatch(word)
        if found is None:
            raise CliError(f"{word[:60]!r} is not of the form key=value.", USAGE)
        key = found[1].strip()
        if key in values:
            raise CliError(f"{key} is set twice.", USAGE)
        values[key] = _value(key, found[2])
    return values


def _value(key: str, text: str) -> Any:
    from persona.core import DefinitionError
    from persona.loaders import parse_value

    try:
        value = parse_value(text)
    except DefinitionError as exc:
        raise CliError(f"The value of {key} cannot be read: {exc}", USAGE) from exc
    if value is None:
        raise CliError(f"The value of {key} is empty. To take it out, write --unset {key}.", USAGE)
    return value
