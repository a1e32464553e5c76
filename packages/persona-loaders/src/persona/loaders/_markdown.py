"""Personas in Markdown: front matter in YAML, the prompt below it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from persona.core import LoadResult, Scope, Source

SUFFIX = ".persona.md"
MAIN = "persona.md"
"""The file of a persona in a folder of its own."""


class MarkdownLoader:
    """Reads ``*.persona.md``, and ``persona.md`` in a folder that is one persona's own.

    The catalog finds it by its entry point.

    A file whose name starts with ``_`` or ``.`` is not a persona: editors and people
    keep drafts under such names.
    """

    id = "markdown"

    def claims(self, filename: str) -> bool:
        """Whether a file of that name is one of its kind. Called for each file of a folder."""
        name = filename.lower()
        return (name.endswith(SUFFIX) or name == MAIN) and not name.startswith(("_", "."))

    def load(self, source: Source) -> LoadResult:
        """Read ``source.file``. Called by the catalog when the file is new or changed.

        What is wrong with the file is told in the result; nothing is raised.
        """
        # Imported with the first file: a server without personas needs neither
        # the YAML parser nor pydantic.
        from persona.loaders._define import load

        return load(source)


MARKDOWN = MarkdownLoader()
"""The loader that the entry point names."""


def load_markdown(
    path: Path | str, scope: Scope | None = None, root: Path | str | None = None
) -> LoadResult:
    """Read one persona file, wherever it lies and whatever its name.

    Called by tools that are given a path; the catalog finds files by itself.

    Args:
        path: The file.
        scope: What it belongs to; by default the project.
        root: Folder that relative paths may be relative to besides the file's own. By
            default the one that holds ``.jupyter/personas``, else the file's own.

    Returns:
        The definition, or what is wrong with the file. Nothing is raised for bad content.
    """
    from persona.core import Scope, Source, own_folder

    file = Path(path).absolute()
    folder = file.parent
    if root is None:
        holder = folder.parent if own_folder(file) else folder
        in_project = holder.name == "personas" and holder.parent.name == ".jupyter"
        root = holder.parent.parent if in_project else folder
    return MARKDOWN.load(Source(file, Scope.PROJECT if scope is None else scope, Path(root)))
