"""Many personas in one TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from persona.core import LoadResult, Scope, Source

FILE_NAME = "personas.toml"


class TomlLoader:
    """Reads ``personas.toml``. The catalog finds it by its entry point."""

    id = "toml"

    def claims(self, filename: str) -> bool:
        """Whether a file of that name is one of its kind. Called for each file of a folder."""
        return filename.lower() == FILE_NAME

    def load(self, source: Source) -> LoadResult:
        """Read ``source.file``. Called by the catalog when the file is new or changed.

        A table that is wrong does not hide the others. Nothing is raised.
        """
        # Imported with the first file: a server without personas does not need it.
        from persona.loaders._toml_load import load

        return load(source)


TOML = TomlLoader()
"""The loader that the entry point names."""


def load_toml(
    path: Path | str, scope: Scope | None = None, root: Path | str | None = None
) -> LoadResult:
    """Read a file of personas, wherever it lies and whatever its name.

    Called by tools that are given a path; the catalog finds files by itself.

    Args:
        path: The file.
        scope: What it belongs to; by default the project.
        root: Folder that relative paths may be relative to besides the file's own. By
            default the one that holds ``.jupyter``, else the file's own.

    Returns:
        The definitions, and what is wrong with the others. Nothing is raised for bad content.
    """
    from persona.core import Scope, Source

    file = Path(path).absolute()
    if root is None:
        root = file.parent.parent if file.parent.name == ".jupyter" else file.parent
    return TOML.load(Source(file, Scope.PROJECT if scope is None else scope, Path(root)))
