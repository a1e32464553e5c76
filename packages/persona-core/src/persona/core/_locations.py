"""Where persona files lie, and which files of a folder they are."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from persona.core._slugs import slugify
from persona.core._source import Package, Scope

FOLDER = "personas"
TABLES = "personas.toml"
"""The one file of several personas, beside the folder."""

Stamp = tuple[str, int, int, int]
"""File name, mtime in ns, size, inode: changes whenever the content may have."""

Claims = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Location:
    """One level: a folder of persona files and what lies beside it.

    Attributes:
        folder: The folder; need not exist.
        scope: What its files belong to.
        root: What relative paths in them may be relative to, besides the file's folder.
        package: The package that brings them, in scope builtin.
    """

    folder: Path
    scope: Scope
    root: Path
    package: Package | None = field(default=None, compare=False)

    @property
    def tables(self) -> tuple[Path, ...]:
        """Files of several personas: beside a folder ``personas``, and in a project's root."""
        if self.folder.name != FOLDER:
            return ()
        beside = self.folder.parent / TABLES
        if self.scope is Scope.PROJECT and self.folder.parent != self.root:
            return (beside, self.root / TABLES)
        return (beside,)


def jupyter_locations() -> list[Location]:
    """Return the folders of Jupyter's configuration that hold personas, farthest first."""
    from jupyter_core.paths import ENV_CONFIG_PATH, SYSTEM_CONFIG_PATH, jupyter_config_dir

    admin = [*reversed(SYSTEM_CONFIG_PATH), *reversed(ENV_CONFIG_PATH)]
    folders = [(Path(p), Scope.ENVIRONMENT) for p in dict.fromkeys(admin)]
    folders.append((Path(jupyter_config_dir()), Scope.USER))
    return [Location(p / FOLDER, scope, p / FOLDER) for p, scope in folders]


def project_locations(folder: Path, root: Path) -> list[Location]:
    """Return the levels of a project from ``root`` down to ``folder``."""
    levels = [folder]
    if folder != root and folder.is_relative_to(root):
        levels += [p for p in folder.parents if p.is_relative_to(root)]
    return [Location(p / ".jupyter" / FOLDER, Scope.PROJECT, p) for p in reversed(levels)]


def level_for_new(levels: Sequence[Location], scope: Scope) -> Location | None:
    """Return the level that a new definition of a scope goes to, or None if there is none.

    For a project that is the nearest folder with ``.jupyter`` or ``personas.toml``, else the
    chat's own folder. Where that is the user's own folder of personas it is no project's.

    Args:
        levels: Where definitions are looked for, the farthest first.
        scope: ``user`` or ``project``.
    """
    user = next(level for level in reversed(levels) if level.scope is Scope.USER)
    if scope is Scope.USER:
        return user
    own = os.path.realpath(user.folder)
    nearest = [level for level in reversed(levels) if level.scope is Scope.PROJECT]
    free = [level for level in nearest if os.path.realpath(level.folder) != own]
    for level in free:
        if (level.root / ".jupyter").is_dir() or any(table.exists() for table in level.tables):
            return level
    return free[0] if free and free[0] is nearest[0] else None


def scan(folder: Path, claims: Claims) -> Iterator[Stamp]:
    """Yield the persona files of a folder by path: single files, and one folder a persona."""
    for entry in _entries(folder):
        name = entry.name
        if claims(name):
            main = _is_main(name) and not is_code(name)
            if name != TABLES and not main and (stamp := _stamp(entry)):
                yield stamp
        elif name[0] not in "._" and _is_folder(entry):
            for inner in _entries(Path(entry.path)):
                if not claims(inner.name):
                    continue
                ours = _is_main(inner.name) or _is_named(inner.name, name) or is_code(inner.name)
                if ours and (stamp := _stamp(inner, f"{name}/")):
                    yield stamp


def look(file: Path) -> Iterator[Stamp]:
    """Yield the stamp of a single file if it is there."""
    try:
        found = file.stat()
    except OSError:
        # A broken link: told when it is read. Path.is_symlink raises where it may not look.
        if os.path.islink(file):  # noqa: PTH114
            yield file.name, 0, 0, 0
        return
    if stat.S_ISREG(found.st_mode):
        yield file.name, found.st_mtime_ns, found.st_size, found.st_ino
    elif not stat.S_ISDIR(found.st_mode):  # a pipe, a device: told when it is read
        yield file.name, 0, 0, 0


def own_folder(file: Path) -> str | None:
    """Return the name of the folder that belongs to the persona of this file alone, if any."""
    # As texts: asked for each file, and paths are slow at it.
    above, name = os.path.split(file)
    folder = os.path.basename(above)  # noqa: PTH119
    if _is_main(name) or (_is_named(name, folder) and folder != FOLDER):
        return folder
    return None


def slug_of(file: Path) -> str:
    """Return the short name that the place of a file gives its persona."""
    stem = own_folder(file) or file.name.split(".")[0]
    return slugify(stem) or file.name


def is_code(name: str) -> bool:
    """Whether it is a file of Python, of which a folder may hold several."""
    return name.lower().endswith(".py")


def _is_main(name: str) -> bool:
    """Whether it is ``persona.md`` or the same in another format."""
    return name[:1] in "pP" and name.lower().startswith("persona.") and name.count(".") == 1


def _is_named(name: str, folder: str) -> bool:
    return name.lower().startswith(f"{folder.lower()}.persona.")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=attrgetter("name"))
    except OSError:  # no such folder, or not for us
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links that go round in a circle
        return False


def _stamp(entry: os.DirEntry[str], prefix: str = "") -> Stamp | None:
    try:
        found = entry.stat()
    except OSError:  # gone, or a broken link: told when it is read
        return f"{prefix}{entry.name}", 0, 0, 0
    if stat.S_ISDIR(found.st_mode):
        return None
    if not stat.S_ISREG(found.st_mode):  # a pipe, a device: told when it is read
        return f"{prefix}{entry.name}", 0, 0, 0
    return f"{prefix}{entry.name}", found.st_mtime_ns, found.st_size, found.st_ino
