"""The loader of ``*persona*.py``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from persona.core import LoadResult, Scope, Source


class PythonLoader:
    """Reads ``*.py`` files whose name holds ``persona``. The catalog finds it by its entry point.

    Reading parses the file and runs nothing of it. What is written as a plain value is known
    at once; the rest when the persona is first used.
    """

    id = "python"

    def claims(self, filename: str) -> bool:
        """Whether a file of that name is one of its kind. Called for each file of a folder."""
        name = filename.lower()
        return name.endswith(".py") and "persona" in name[:-3] and name[0] not in "_."

    def load(self, source: Source) -> LoadResult:
        """Read ``source.file``. Called by the catalog when the file is new or changed.

        What is wrong with the file is told in the result; nothing is raised.
        """
        from persona.loaders.python._define import define

        return define(source)

    def installed(self) -> list[tuple[Source, LoadResult]]:
        """Return what installed packages bring. Called by the catalog; imports none of them."""
        from persona.loaders.python._packages import packaged

        return packaged()


PYTHON = PythonLoader()
"""The loader that the entry point names."""


def load_python(
    path: Path | str, scope: Scope | None = None, root: Path | str | None = None
) -> LoadResult:
    """Read one Python file, wherever it lies and whatever its name; runs nothing of it.

    Args:
        path: The file.
        scope: What it belongs to; by default the project.
        root: Folder that relative paths may be relative to besides the file's own.

    Returns:
        The definitions, or what is wrong with the file.
    """
    from persona.core import Scope, Source

    file = Path(path).absolute()
    return PYTHON.load(
        Source(file, Scope.PROJECT if scope is None else scope, Path(root or file.parent))
    )
