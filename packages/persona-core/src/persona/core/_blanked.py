"""Settings as they are shown where others read them: without what is secret in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from persona.core._secrets import looks_secret, secret_name, without_secrets

BLANK = "•••"
"""What stands in place of a secret."""

REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_AROUND = re.compile(r"(?:(?:bearer|basic|token|apikey)\s+)?[\s:=,;@-]*", re.IGNORECASE)
_NAMED_TEXTS = frozenset({"env", "environment", "headers", "extra_headers"})


def is_reference(text: str) -> bool:
    """Whether a value only names variables: ``${KEY}``, ``Bearer ${KEY}``."""
    return bool(REFERENCE.search(text)) and bool(_AROUND.fullmatch(REFERENCE.sub("", text)))


def blanked_at(path: str, value: Any) -> Any:
    """Return a setting with `BLANK` in place of the secrets in it; the same if there are none.

    Called before a setting is written to a chat, and to find out whether it may be kept
    there. Texts of an environment or of headers count as secrets, whatever they are
    called, unless they only name variables.

    Args:
        path: Its dotted path, such as ``options.env``.
        value: What is set.
    """
    *parents, key = path.split(".")
    return _mapping({key: value}, parents[-1] if parents else "")[key]


def secrets_of(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give key and text of an engine's options that are secrets as a whole."""
    yield from _pairs("", options, _mapping(options, ""))


def _blanked(key: str, value: Any) -> Any:
    match value:
        case str():
            if is_reference(value) or not looks_secret(key, value):
                return value
            return BLANK if secret_name(key) else without_secrets(value, BLANK)
        case Mapping():
            return _mapping(value, key)
        case list() | tuple():
            return _sequence(key, value)
        case _:
            return BLANK if looks_secret(key, value) else value


def _mapping(values: Mapping[Any, Any], name: str) -> dict[Any, Any]:
    hidden = name.casefold() in _NAMED_TEXTS
    return {
        key: BLANK
        if hidden and isinstance(value, str) and value.strip() and not is_reference(value)
        else _blanked(str(key), value)
        for key, value in values.items()
    }


def _sequence(key: str, values: Sequence[Any]) -> Sequence[Any]:
    found: list[Any] = []
    before: Any = ""
    for value in values:
        # As in a command line: what follows "--token" is one.
        is_flag = isinstance(before, str) and before.startswith("-") and "=" not in before
        found.append(_blanked(before if is_flag and secret_name(before) else key, value))
        before = value
    return tuple(found) if isinstance(values, tuple) else found


def _pairs(key: str, value: Any, shown: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if shown == BLANK:
            yield key, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _pairs(str(name), inner, shown[name])
    elif isinstance(value, list | tuple):
        for inner, blank in zip(value, shown, strict=True):
            yield from _pairs(key, inner, blank)
