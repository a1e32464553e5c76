"""Setting and removing values in what a file says, by dotted keys.

Works on plain data in the form that the author chose, short forms included: the result
says the same in the same form but for the value that was to change.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any

from persona.core import DefinitionError, did_you_mean

PROMPT = ("context", "system_prompt")
"""Where the prompt stands; in Markdown usually below the front matter."""

Path = tuple[str, ...]

_PART = re.compile(r"""[^.'"\s]+|"([^"]*)"|'([^']*)'""")
_SHORT = {"model": "model_id", "identity": "name"}
"""Blocks that may be only a text, and which value that is."""


def split_key(text: str) -> Path:
    """Return the parts of a dotted key; parts that hold dots stand in quotes.

    Raises:
        DefinitionError: It is no key.
    """
    parts: list[str] = []
    at = 0
    while found := _PART.match(text, at):
        parts.append(next(part for part in (found[1], found[2], found[0]) if part is not None))
        at = found.end()
        if at == len(text):
            path = tuple(parts)
            return PROMPT if path in (("system_prompt",), ("prompt",)) else path
        if text[at] != ".":
            break
        at += 1
    raise DefinitionError(f"{text!r} is no key. Write for example model.temperature.")


def with_values(
    data: Mapping[str, Any],
    values: Mapping[Path, Any],
    unset: Iterable[Path] = (),
    *,
    toml: bool = False,
) -> dict[str, Any]:
    """Return what a file says with other values.

    Args:
        data: What it says now. It is not changed.
        values: New values by path.
        unset: Paths of values to take out.
        toml: Whether the forms of ``personas.toml`` are known there.

    Raises:
        DefinitionError: There is nothing that could be changed so.
    """
    new: dict[str, Any] = copy.deepcopy(dict(data))
    for path in unset:
        _unset(new, _written_as(new, path, toml=toml), path)
    for path, value in values.items():
        _set(new, path, value, toml=toml)
    return new


def same(one: object, other: object) -> bool:
    """Whether two values are written alike, in any order of keys; 1 and true are not."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    # Not a number is never the same as itself.
    return type(one) is type(other) and (one == other or repr(one) == repr(other))


def get(data: Mapping[str, Any], path: Path) -> Any:
    """Return the value at a path, or None."""
    value: Any = data
    for part in path:
        value = _inside(value, part)
    return value


def said(data: Mapping[str, Any], path: Path) -> Any:
    """Return the value at a path, also if it is written in a short form or by another name."""
    return get(data, _written_as(data, path, toml=False))


def _set(data: dict[str, Any], path: Path, value: Any, *, toml: bool) -> None:
    if path[0] in _SHORT and len(path) == 1 and isinstance(value, str):
        # Only a text was meant to change, not the values beside it.
        flat = path[0] == "model" and "preferred_models" in data
        if isinstance(data.get(path[0]), dict) or flat:
            path = (path[0], _SHORT[path[0]])
    if toml and "preferred_models" in data and path[0] in ("model", "models"):
        if path == ("model", "model_id") and _is_flat(data) and "/" in str(value):
            provider, _, model = str(value).partition("/")
            first = data["preferred_models"][0]
            first["provider"], first["model"] = provider, model
            return
        if len(path) != 2 or path[0] != "model" or not _is_flat(data):
            _unfold(data)
    written = _written_as(data, path, toml=toml)
    target: Any = data
    for number, part in enumerate(written[:-1]):
        inner = _inside(target, part)
        if inner is None:
            inner = {}
        elif isinstance(inner, str) and (number == 0 or written[number - 1] == "models"):
            short = _SHORT.get("model" if number else part)
            if short is None:
                raise _no_mapping(written[: number + 1])
            inner = {short: inner}
        elif not isinstance(inner, dict | list):
            raise _no_mapping(written[: number + 1])
        _place(target, part, inner, written[:number])
        target = inner
    _place(target, written[-1], value, written[:-1])


def _place(target: Any, part: str, value: Any, above: Path) -> None:
    if isinstance(target, dict):
        target[part] = value
        return
    if not part.isdecimal() or int(part) >= len(target):
        raise DefinitionError(
            f"{'.'.join(above)} is a list with {len(target)} values, and {part!r} is none of "
            "them. They are numbered from 0; to add one, set the whole list."
        )
    target[int(part)] = value


def _unset(data: dict[str, Any], written: Path, asked: Path) -> None:
    chain: list[Any] = [data]
    for part in written[:-1]:
        chain.append(_inside(chain[-1], part))
    last = written[-1]
    if isinstance(chain[-1], list) and last.isdecimal() and int(last) < len(chain[-1]):
        del chain[-1][int(last)]
    elif isinstance(chain[-1], dict) and last in chain[-1]:
        del chain[-1][last]
    else:
        key = ".".join(asked)
        guess = did_you_mean(key, _paths(data)) if len(key) <= 60 else None
        fix = f" Did you mean {guess!r}?" if guess else ""
        raise DefinitionError(f"{key} is not written there, so it cannot be taken out.{fix}")
    # What is left empty says nothing; without it the file is as if it was never set.
    for number in range(len(written) - 1, 0, -1):
        if chain[number] or not isinstance(chain[number - 1], dict):
            return
        del chain[number - 1][written[number - 1]]


def _written_as(data: Mapping[str, Any], path: Path, *, toml: bool) -> Path:
    """Return where a value stands in this file: some have two names, or two places."""
    if len(path) == 2 and isinstance(data.get(path[0]), str) and _SHORT.get(path[0]) == path[1]:
        return path[:1]
    context = data.get("context")
    inside = context if isinstance(context, dict) else {}
    if path[:2] in (("context", "skills"), ("context", "skills_paths")):
        other = {"skills": "skills_paths", "skills_paths": "skills"}[path[1]]
        if other in inside and path[1] not in inside:
            return ("context", other, *path[2:])
    if toml and path == PROMPT and "system_prompt" not in inside:
        return ("system_prompt",)
    if toml and path[0] == "model" and _is_flat(data):
        if path == ("model", "model_id"):
            return ("preferred_models", "0", "model")
        return ("preferred_models", "0", *path[1:])
    return path


def _is_flat(data: Mapping[str, Any]) -> bool:
    models = data.get("preferred_models")
    return isinstance(models, list) and bool(models) and isinstance(models[0], dict)


def _unfold(data: dict[str, Any]) -> None:
    models = unfolded(data.pop("preferred_models"))
    if models:
        data["model"] = models[0]
    if models[1:]:
        data["models"] = models[1:]


def unfolded(entries: object) -> list[Any]:
    """Return ``preferred_models`` as model blocks, with the defaults of the flat form."""
    models: list[Any] = []
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and {"provider", "model"} <= entry.keys():
            rest = {k: v for k, v in entry.items() if k not in ("provider", "model")}
            name = f"{entry['provider']}/{entry['model']}"
            models.append({"model_id": name, "temperature": 0.0, "top_p": 1.0, **rest})
        elif isinstance(entry, str):
            models.append({"model_id": entry, "temperature": 0.0, "top_p": 1.0})
        else:
            models.append(entry)
    return models


def _inside(value: Any, part: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return None


def _paths(data: Mapping[str, Any], prefix: str = "") -> Iterable[str]:
    for key, value in data.items():
        yield f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _paths(value, f"{prefix}{key}.")


def _no_mapping(path: Path) -> DefinitionError:
    return DefinitionError(f"{'.'.join(path)} holds a single value, so nothing can stand in it.")
