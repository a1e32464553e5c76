"""Files as people read them: from the folder that the agent works in."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from persona.core import Diff, FilePosition

_VERBS = frozenset({"delete", "edit", "move", "read", "search"})


class Places:
    """Says files and tool calls briefly.

    Args:
        folder: The folder that the agent works in.
    """

    def __init__(self, folder: str) -> None:
        self._folder = PurePath(os.path.normpath(folder))
        inside = re.escape(os.path.join(folder, ""))  # noqa: PTH118 - with a separator at its end
        self._inside = re.compile(rf"(?<![\w./\\~-]){inside}(?=[^\s/])")

    def path(self, path: str) -> str:
        """Return a path from the folder if it is inside of it, else as it is."""
        found = PurePath(os.path.normpath(path))
        if found == self._folder or not found.is_relative_to(self._folder):
            return path
        return str(found.relative_to(self._folder))

    def title(self, call: Mapping[str, Any]) -> str:
        """Return what people read about a tool call.

        Some agents give nothing but the file, some from their own idea of a root.
        """
        title, kind = line_of(call.get("title")), line_of(call.get("kind"))
        if not title:
            return kind or "a tool"
        files = [*(d.path for d in diffs_of(call)), *(p.path for p in locations_of(call))]
        for file in files:
            if f"/{file.strip('/')}".endswith(f"/{title.strip('/')}"):
                shown = self.path(file)
                return f"{kind} {shown}" if kind in _VERBS else shown
        return self._inside.sub("", title)

    def diffs(self, call: Mapping[str, Any]) -> tuple[Diff, ...]:
        """Return the changes of files in a tool call's content."""
        return tuple(Diff(self.path(d.path), d.old, d.new) for d in diffs_of(call))

    def locations(self, call: Mapping[str, Any]) -> tuple[FilePosition, ...]:
        """Return where a tool works."""
        return tuple(FilePosition(self.path(p.path), p.line) for p in locations_of(call))


def line_of(value: object) -> str | None:
    """Return a text as one line; None if there is none."""
    return " ".join(value.split()) or None if isinstance(value, str) else None


def diffs_of(call: Mapping[str, Any]) -> tuple[Diff, ...]:
    """Return the changes of files in a tool call's content, as the agent says them."""
    found: list[Diff] = []
    for item in _objects(call.get("content")):
        if item.get("type") == "diff":
            path, new, old = item.get("path"), item.get("newText"), item.get("oldText")
            if isinstance(path, str) and isinstance(new, str):
                found.append(Diff(path, old if isinstance(old, str) else None, new))
    return tuple(found)


def locations_of(call: Mapping[str, Any]) -> tuple[FilePosition, ...]:
    """Return where a tool works, as the agent says it."""
    found: list[FilePosition] = []
    for item in _objects(call.get("locations")):
        if isinstance(item.get("path"), str):
            line = item.get("line")
            is_line = isinstance(line, int) and not isinstance(line, bool) and line > 0
            found.append(FilePosition(item["path"], line if is_line else None))
    return tuple(found)


def _objects(items: object) -> Sequence[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
