"""Where a chat's folders are looked for."""

from __future__ import annotations

from pathlib import Path


def find_dot_dir(  # the names are those of Jupyter AI
    dir: str,  # noqa: A002
    dot_dir: str,
    root_dir: str | None = None,
) -> str | None:
    """Return the nearest folder of that name from ``dir`` up to the root, or None."""
    folder = Path(dir).resolve()
    if not folder.is_dir():
        raise ValueError(f"'{dir}' is not a directory")
    root = Path(root_dir).resolve() if root_dir is not None else None
    for place in (folder, *folder.parents):
        if (place / dot_dir).is_dir():
            return str(place / dot_dir)
        if place == root:
            break
    return None


def find_workspace_dir(dir: str, root_dir: str | None = None) -> str:  # noqa: A002
    """Return the folder that holds ``.jupyter``, unless that is the root; else ``.git``'s."""
    dot = find_dot_dir(dir, ".jupyter", root_dir)
    if dot is not None and (root_dir is None or Path(dot).parent != Path(root_dir).resolve()):
        return str(Path(dot).parent)
    git = find_dot_dir(dir, ".git", root_dir)
    return str(Path(git).parent) if git is not None else str(Path(dir).resolve())
