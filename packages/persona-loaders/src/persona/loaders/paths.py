"""Where ``personas.toml`` lies. Asked anew each time, so that a test or a tool may answer."""

from __future__ import annotations

from pathlib import Path

from persona.loaders._toml import FILE_NAME


def get_global_personas_path() -> Path:
    """Return the user's file, in Jupyter's configuration folder."""
    from jupyter_core.paths import jupyter_config_dir

    return Path(jupyter_config_dir()) / FILE_NAME


def get_project_personas_path(project_root: Path | str) -> Path:
    """Return the project's file.

    That is ``personas.toml`` in the project's folder, or the one in its ``.jupyter`` folder
    if only that one exists.
    """
    plain, hidden = (Path(project_root, *at, FILE_NAME) for at in ((), (".jupyter",)))
    return hidden if hidden.exists() and not plain.exists() else plain
