"""Relative paths and patterns that stand in a definition."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from persona.core._source import Source


def real(path: Path | str) -> str:
    """Return the path with links followed."""
    return os.path.realpath(path)  # Path.resolve raises for links that go round in a circle


def lies_in(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or something in it; both absolute and without links."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def leads_elsewhere(source: Source) -> bool:
    """Whether a project's file is itself a link out of the project and out of its folder."""
    if not source.bounded or source.holds(source.file):
        return False
    return not lies_in(real(source.file), real(source.file.parent))


def find_pattern(pattern: str, source: Source) -> list[str]:
    """Return the absolute patterns that a path or pattern in a file stands for.

    It is looked up beside the file, then in the file's root. In a project nothing above
    the root is found, also not through links; such matches are left out.

    Args:
        pattern: As it is written; absolute ones and those with ``~`` are taken as they are.
        source: The file that says it.

    Returns:
        One pattern, or several paths if only some of its matches may be used. If nothing
        matches, where it was looked for first; nothing if that is above the project.
    """
    expanded = _expanded(pattern)
    if os.path.isabs(expanded):  # noqa: PTH117
        return [expanded]
    for folder, found in _look(expanded, source):
        allowed = [name for name in found if source.holds(folder / name)]
        if found and len(allowed) == len(found):
            return [str(folder / pattern)]
        if allowed:
            return [str(folder / name) for name in sorted(allowed)]
    return [] if leads_out(pattern, source) else [str(source.folders[0] / pattern)]


def leads_somewhere(pattern: str, source: Source) -> bool:
    """Whether a path or pattern in a file matches something that may be used."""
    if os.path.isabs(_expanded(pattern)):  # noqa: PTH117
        return bool(glob.glob(_expanded(pattern), recursive=True))  # noqa: PTH207
    return any(
        source.holds(folder / name)
        for folder, found in _look(_expanded(pattern), source)
        for name in found
    )


def leads_out(pattern: str, source: Source) -> bool:
    """Whether a relative path or pattern in a project's file leads out of the project."""
    expanded = _expanded(pattern)
    if not source.bounded or os.path.isabs(expanded):  # noqa: PTH117
        return False
    first = source.folders[0]
    if not lies_in(os.path.normpath(first / expanded), os.path.normpath(source.root)):
        return True
    return any(
        not source.holds(folder / name)
        for folder, found in _look(expanded, source)
        for name in found
    )


def _look(expanded: str, source: Source) -> Iterator[tuple[Path, list[str]]]:
    for folder in source.folders:
        yield folder, glob.glob(expanded, root_dir=folder, recursive=True)  # noqa: PTH207


def _expanded(pattern: str) -> str:
    return os.path.expanduser(pattern)  # noqa: PTH111 - Path raises for unknown users
