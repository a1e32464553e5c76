"""The files of this machine that a command or a script would run: found and hashed, bounded."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import stat
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from persona.core._parsing import parse_python
from persona.core._paths import lies_in, real

LARGEST = 16 * 1024 * 1024
"""Bytes of one file that are looked at."""

_MOST = 400
"""Files of one persona that are looked at."""

_LONGEST_TEXT = 1024 * 1024
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_ENTRIES = ("__main__.py", "package.json", "index.js", "index.mjs", "pyproject.toml", "main.py")
"""What programs run of a folder that they are given."""
_MODULES = (".py", ".so", ".pyd")


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that would be run or read by what runs.

    Attributes:
        path: Where it is named, absolute.
        sha256: Digest of its content; empty if it cannot be checked.
        problem: Why it cannot be checked.
        text: Its text, if it is a short one.
    """

    path: Path
    sha256: str
    problem: str = ""
    text: str | None = None


class LocalCode:
    """Collects the files that are named, and what Python scripts import from beside them.

    Args:
        folder: Folder that relative paths start at: the chat's.
        root: Folder whose owner may be somebody else: the project's.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder
        self._root = root
        self._found: dict[Path, LocalFile] = {}
        self._left_out = 0

    @property
    def files(self) -> tuple[LocalFile, ...]:
        """What was found, by path."""
        found = [self._found[path] for path in sorted(self._found)]
        if self._left_out:
            why = f"There are more than {_MOST} files to check."
            found.append(LocalFile(self._folder, "", why))
        return tuple(found)

    def add_command(self, command: str, args: Sequence[str], env: Mapping[str, str]) -> None:
        """Add what a command line names: program, arguments, search paths."""
        for path in self._programs(command, env.get("PATH")):
            self.add(path)
        for number, arg in enumerate(args):
            self._add_argument(arg, args[number - 1] if number else "")
        for value in env.values():
            for part in value.split(os.pathsep):
                self._add_search_path(part)

    def add(self, path: Path) -> None:
        """Add one file, and what it imports if it is Python."""
        waiting = [Path(os.path.normpath(path))]
        while waiting:
            file = waiting.pop()
            if file in self._found:
                continue
            if len(self._found) >= _MOST:
                self._left_out += 1
                return
            found = read_local(file)
            if found.problem and not self._is_inside(file):
                continue  # a device, or a folder elsewhere: nothing that a project can change
            self._found[file] = found
            if file.suffix == ".py" and found.text is not None:
                waiting += _imported(file.parent, found.text)

    def add_folder(self, folder: Path) -> None:
        """Add everything in a folder, links not followed."""
        for where, folders, names in os.walk(folder):
            folders[:] = sorted(f for f in folders if f != ".git")
            for name in sorted(names):
                self.add(Path(where, name))
                if self._left_out:
                    return

    def _programs(self, command: str, search: str | None) -> Iterator[Path]:
        named = os.path.expanduser(command)  # noqa: PTH111 - Path raises for unknown users
        if os.sep in named or "/" in named:
            path = self._folder / named
            # A program that was installed elsewhere is not the project's, and gets updates.
            if _exists(path) and (not Path(named).is_absolute() or self._is_inside(path)):
                yield path
        elif search is not None:
            places = os.pathsep.join(str(self._folder / p) for p in search.split(os.pathsep) if p)
            found = shutil.which(named, path=places) if "\0" not in named else None
            if found is not None and self._is_inside(Path(found)):
                yield Path(found)

    def _add_argument(self, arg: str, before: str) -> None:
        if before == "-m":
            for path in _modules(self._folder, arg.partition(".")[0]):
                self._add_module(path)
        for part in dict.fromkeys((arg, arg.rpartition("=")[2], arg.removeprefix("file://"))):
            named = self._path(part)
            if named is None:
                continue
            if named.is_dir():
                for name in _ENTRIES:
                    if (named / name).is_file():
                        self.add(named / name)
            else:
                self.add(named)

    def _add_search_path(self, part: str) -> None:
        path = self._path(part)
        if path is None or not self._is_inside(path):
            return
        if path.is_dir():
            if not lies_in(real(self._folder), real(path)):  # not the whole project
                self.add_folder(path)
        else:
            self.add(path)

    def _add_module(self, path: Path) -> None:
        if path.is_dir():
            self.add_folder(path)
        else:
            self.add(path)

    def _path(self, text: str) -> Path | None:
        if not text or "\0" in text or len(text) > 4096 or "\n" in text:
            return None
        path = self._folder / os.path.expanduser(text)  # noqa: PTH111 - Path raises
        return path if _exists(path) else None

    def _is_inside(self, path: Path) -> bool:
        return any(lies_in(real(path), real(top)) for top in (self._root, self._folder))


def read_local(path: Path) -> LocalFile:
    """Return what a file holds, as far as it may be looked at. Waits for nobody."""
    try:
        handle = os.open(path, _READ)
    except OSError as exc:
        return LocalFile(path, "", f"It cannot be read: {exc.strerror}.")
    try:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            return LocalFile(path, "", "It is a folder.")
        if not stat.S_ISREG(status.st_mode):
            return LocalFile(path, "", "It is not an ordinary file.")
        data = b""
        if status.st_size <= LARGEST:
            while len(data) <= LARGEST and (part := os.read(handle, LARGEST)):
                data += part
    except OSError as exc:
        return LocalFile(path, "", f"It cannot be read: {exc.strerror}.")
    finally:
        os.close(handle)
    if max(status.st_size, len(data)) > LARGEST:
        size = max(status.st_size, len(data)) // (1024 * 1024)
        return LocalFile(path, "", f"It is too large to be checked: {size} MiB.")
    text = None
    if len(data) <= _LONGEST_TEXT and b"\0" not in data:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = None
    return LocalFile(path, hashlib.sha256(data).hexdigest(), text=text)


def _imported(folder: Path, text: str) -> list[Path]:
    """Return the modules beside a script that it imports. Nothing is imported or run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parse_python(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            first = (node.module or "").partition(".")[0]
            names |= {first} if first else {alias.name for alias in node.names}
    found: list[Path] = []
    for name in sorted(names):
        for path in _modules(folder, name):
            found += _python_files(path) if path.is_dir() else [path]
    return found


def _modules(folder: Path, name: str) -> Iterator[Path]:
    if not name.isidentifier():
        return
    if (folder / name).is_dir():
        yield folder / name
    try:
        with os.scandir(folder) as entries:
            names = [e.name for e in entries if e.name.split(".")[0] == name]
    except OSError:
        return
    yield from (folder / n for n in sorted(names) if n.endswith(_MODULES) and _exists(folder / n))


def _python_files(folder: Path) -> Iterable[Path]:
    found: list[Path] = []
    for where, folders, names in os.walk(folder):
        folders.sort()
        found += [Path(where, name) for name in sorted(names) if name.endswith((*_MODULES, ".pyc"))]
        if len(found) > _MOST:
            break
    return found


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # links in a circle, a NUL character
        return False
