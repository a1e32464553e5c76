"""Which skills there are: their folders, and what they are about."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_FILE = "SKILL.md"
_SKIPPED = frozenset({".ipynb_checkpoints", "__pycache__", ".git", "node_modules"})
_DESCRIPTION = re.compile(r"^description:[ \t]*(?P<text>[^\n|>][^\n]*)$", re.MULTILINE)
_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)


def skill_folders(patterns: Iterable[str]) -> dict[str, Path]:
    """Return the folders of skills under absolute paths or patterns, by the folder's name.

    A match may be a skill's folder, its SKILL.md, or a folder of skills. The first of two
    with one name wins. Only looks at the disk.
    """
    found: dict[str, Path] = {}
    for pattern in patterns:
        for match in sorted(glob.glob(pattern, recursive=True, include_hidden=True)):  # noqa: PTH207
            for folder in _folders(Path(match)):
                if not _SKIPPED & set(folder.parts):
                    found.setdefault(folder.name, folder)
    return dict(sorted(found.items()))


def skill_links(skills: Mapping[str, Path], place: str) -> tuple[tuple[str, str], ...]:
    """Return links from the private home's folder ``place`` to the skills."""
    return tuple((f"{place}/{name}", str(folder)) for name, folder in skills.items())


def catalogue(skills: Mapping[str, Path]) -> str:
    """Return a text that tells a model of the skills, for agents that know no skills."""
    if not skills:
        return ""
    lines = [_line(name, folder) for name, folder in skills.items()]
    return (
        "You have skills: instructions for certain kinds of work. When a request fits one, read "
        "its file first and follow it.\n" + "\n".join(lines)
    )


def _folders(path: Path) -> list[Path]:
    if path.name == _FILE:
        return [path.parent]
    if (path / _FILE).is_file():
        return [path]
    return [file.parent for file in sorted(path.glob(f"*/{_FILE}"))] if path.is_dir() else []


def _line(name: str, folder: Path) -> str:
    file = folder / _FILE
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    front = _FRONT.match(text)
    said = _DESCRIPTION.search(front.group(1)) if front else None
    about = f": {said['text'].strip().strip(chr(34) + chr(39))}" if said else ""
    return f"- {name}{about} ({file})"
