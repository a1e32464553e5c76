"""Where a persona is defined, as people read it and as an editor opens it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from persona.core import Source
from persona.jupyter._contents import is_persona_file


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a definition stands.

    Attributes:
        scope: Its scope; ``code`` if it is in no file.
        file: The file as people read it, or the package that brings it.
        line: The line, if it is known.
        package: The package that brings it, if one does.
        path: The file's path below the server's root, if it lies there.
    """

    scope: str = "code"
    file: str = ""
    line: int | None = None
    package: str | None = None
    path: str | None = None


def whereabouts(source: Source | None, root: Path, line: int | None = None) -> Whereabouts:
    """Return where a definition of ``source`` stands."""
    if source is None:
        return Whereabouts()
    package = source.package.distribution if source.package is not None else None
    below = package is None and source.file.is_relative_to(root)
    return Whereabouts(
        scope=source.scope,
        file=package or shown_path(source.file, root),
        line=None if package else line,
        package=package,
        path=source.file.relative_to(root).as_posix() if below else None,
    )


def opened_by(path: str | None, *, allow_hidden: bool) -> dict[str, str | bool] | None:
    """Return how an editor opens a file of a definition; None if it cannot.

    Args:
        path: Its path below the server's root, if it lies there.
        allow_hidden: Whether the server's contents API shows hidden files.
    """
    if path is None:
        return None
    hidden = any(part.startswith(".") for part in path.split("/")) and not allow_hidden
    return None if hidden and not is_persona_file(path) else {"path": path, "hidden": hidden}


def shown_path(file: Path, root: Path) -> str:
    """Return a path as people read it: relative to the server's root, or from the home."""
    if file.is_relative_to(root):
        return file.relative_to(root).as_posix()
    home = Path.home()
    return f"~/{file.relative_to(home).as_posix()}" if file.is_relative_to(home) else str(file)
