"""Where the files that an engine speaks of lie for somebody who wants to open them."""

from __future__ import annotations

import os
from pathlib import Path

from persona.core._paths import lies_in


class Places:
    """Turns an engine's paths into paths below the server's root, without looking at any file.

    Args:
        root: The server's root folder.
        folder: The folder that relative paths start at, the chat's.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = os.path.abspath(root)  # noqa: PTH100 - links stay as they are shown
        self._folder = os.path.abspath(folder)  # noqa: PTH100

    def below_root(self, path: str) -> str | None:
        """Return the path as Jupyter's contents name it; None if it lies elsewhere."""
        if not path or "\0" in path:
            return None
        found = os.path.normpath(os.path.join(self._folder, path))  # noqa: PTH118
        if found == self._root or not lies_in(found, self._root):
            return None
        return Path(os.path.relpath(found, self._root)).as_posix()
