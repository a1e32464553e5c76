"""Enough of TOML to write an agent's configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def as_toml(data: Mapping[str, Any]) -> str:
    """Return data as TOML: values first, then tables and lists of tables. None is left out."""
    return "\n".join(_table((), data)) + "\n"


def _table(path: tuple[str, ...], data: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    nested: list[str] = []
    for key, value in data.items():
        if value is None:
            continue
        if isinstance(value, Mapping):
            nested += ["", f"[{_path((*path, key))}]", *_table((*path, key), value)]
        elif isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value):
            for entry in value:
                nested += ["", f"[[{_path((*path, key))}]]", *_table((*path, key), entry)]
        else:
            lines.append(f"{_text(key)} = {_value(value)}")
    return lines + nested


def _path(parts: tuple[str, ...]) -> str:
    return ".".join(_text(part) for part in parts)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_text(k)} = {_value(v)}" for k, v in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(_value(v) for v in value)}]"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return _text(str(value))


def _text(text: str) -> str:
    # JSON leaves DEL as it is; TOML wants it escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
