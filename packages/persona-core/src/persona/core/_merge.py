"""Laying what one file says over what another says: scalars and lists replace, mappings merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from persona.core._definition import PersonaDefinition

Data = dict[str, Any]

NEVER_INHERITED = ("name", "extends", "enabled", "formerly")
"""What a file says of itself alone."""


class Whole(dict[str, Any]):
    """A mapping that replaces, because it was laid over something that is no mapping.

    Without this mark the result would depend on which two of three files are merged first.
    """


def merge(far: Mapping[str, Any], near: Mapping[str, Any]) -> Data:
    """Return ``near`` laid over ``far``; neither is changed. Associative and idempotent."""
    if isinstance(near, Whole):
        return near
    merged: Data = Whole(far) if isinstance(far, Whole) else dict(far)
    for key, value in near.items():
        if key not in far or not isinstance(value, Mapping):
            merged[key] = value
        elif isinstance(far[key], Mapping):
            merged[key] = merge(far[key], value)
        else:
            merged[key] = Whole(value)
    return merged


def written(definition: PersonaDefinition) -> Data:
    """Return what the file of a definition says that others may inherit, and nothing else."""
    data = definition.model_dump(exclude_unset=True, exclude=set(NEVER_INHERITED))
    for path in definition.implied:
        drop(data, path)
    return data


def copy_plain(value: Any) -> Any:
    """Return a copy in plain dicts and lists, so that two definitions share no value."""
    if isinstance(value, Mapping):
        return {key: copy_plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [copy_plain(inner) for inner in value]
    return value


def paths(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each mapping and each value in it with its dotted path; lists are values."""
    for key, value in data.items():
        path = f"{prefix}{key}"
        yield path, value
        if isinstance(value, Mapping):
            yield from paths(value, f"{path}.")


def drop(data: Data, path: str) -> None:
    """Take a value out of ``data`` if it is there, and the mapping that it leaves empty."""
    head, _, rest = path.partition(".")
    if not rest:
        data.pop(head, None)
    elif isinstance(data.get(head), dict) and data[head]:
        inner = dict(data[head])
        drop(inner, rest)
        if inner:
            data[head] = inner
        else:
            del data[head]
