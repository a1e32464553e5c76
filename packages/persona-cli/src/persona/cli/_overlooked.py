"""Files that lie among personas and are not read, as their names are other tools' names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from persona.core import Diagnostic, PersonaLoader

_KIND = ".md"
_MARKED = (".agent", ".chatmode", ".prompt", ".instructions")
"""What other tools put before the ending."""


def overlooked(folders: Iterable[Path], loaders: Sequence[PersonaLoader]) -> list[Diagnostic]:
    """Return a warning for each Markdown file with front matter that no loader reads.

    Other tools call the file of an agent ``reviewer.md``. For ``jupyter persona check``.

    Args:
        folders: Folders of persona files; they need not exist.
        loaders: What reads files here.
    """
    return [
        Diagnostic(
            "P113",
            "This file is not read as a persona, because of its name.",
            file,
            severity="warning",
            fix=f"Rename it to {_name_for(file)}; or begin its name with _ if it is none.",
        )
        for folder in dict.fromkeys(folders)
        for file in _texts(folder)
        if not any(loader.claims(file.name) for loader in loaders) and _has_front_matter(file)
    ]


def _texts(folder: Path) -> list[Path]:
    try:
        files = sorted(folder.iterdir())
    except OSError:  # it need not exist
        return []
    return [f for f in files if f.name.lower().endswith(_KIND) and f.name[0] not in "._"]


def _has_front_matter(file: Path) -> bool:
    try:
        if not file.is_file():
            return False
        with file.open("rb") as stream:
            return stream.readline(16).removeprefix(b"\xef\xbb\xbf").rstrip() == b"---"
    except OSError:
        return False


def _name_for(file: Path) -> str:
    stem = file.name[: -len(_KIND)]
    for mark in _MARKED:
        stem = stem.removesuffix(mark)
    return f"{stem}.persona.md"
