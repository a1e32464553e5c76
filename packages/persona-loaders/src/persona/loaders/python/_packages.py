"""Personas of installed packages: found by entry point, read from their files, imported last."""

from __future__ import annotations

import builtins
import importlib.util
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from persona.core import CodeReference, LoadResult, Package, Scope, Source
from persona.loaders._report import Refused
from persona.loaders._text import read_bytes
from persona.loaders.python._define import define
from persona.loaders.python._outline import outline
from persona.loaders.python._substitutes import substitute

GROUP = "jupyter_ai.personas"
"""The group in which packages name classes of personas."""

_THEIRS = ("jupyter_ai",)
_HOPS = 6

_log = logging.getLogger(__name__)


def packaged(entries: Sequence[EntryPoint] | None = None) -> list[tuple[Source, LoadResult]]:
    """Return what installed packages bring. Nothing is imported.

    The personas of Jupyter AI's own packages are left out: the engines bring their like.

    Args:
        entries: The entry points; by default those of the installed packages.
    """
    points = entry_points(group=GROUP) if entries is None else entries
    found: list[tuple[Source, LoadResult]] = []
    for point in sorted(set(points), key=lambda p: (p.name, p.value)):
        module, _, name = point.value.partition(":")
        if module.startswith(_THEIRS) or not name:
            continue
        owner = point.dist.name if point.dist is not None else "an unnamed package"
        place = _place_of(module, name.strip(), 0)
        if place is None:
            _log.warning("Persona %r of %s: there is no %s", point.name, owner, point.value)
            continue
        file, cls = place
        source = Source(file, Scope.BUILTIN, file.parent, Package(owner))
        result = define(source, module=module, only=cls)
        found.append((source, result))
    return found


def _place_of(module: str, name: str, hops: int) -> tuple[Path, str] | None:
    """Return the file that defines a class, also if the named module only takes it in."""
    file = _file_of(module)
    if file is None or hops > _HOPS:
        return None
    try:
        found = outline(read_bytes(file))
    except Refused:
        return file, name  # told when it is read again
    if name in found.classes or name not in found.aliases:
        return file, name
    dotted = found.aliases[name]
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    level = len(dotted) - len(dotted.lstrip("."))
    if level:
        above = package.split(".")[: len(package.split(".")) - (level - 1)]
        dotted = ".".join([*above, dotted.lstrip(".")])
    inner, _, last = dotted.rpartition(".")
    return _place_of(inner, last, hops + 1)


def _file_of(module: str) -> Path | None:
    top, *parts = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if not parts:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    for folder in spec.submodule_search_locations or ():
        place = Path(folder, *parts)
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file.is_file():
                return file
    return None


def import_packaged(code: CodeReference) -> ModuleType:
    """Import the module of a packaged persona, so that its imports lead to what we bring.

    Only the modules of that package see it; nothing global is replaced.

    Raises:
        BaseException: What the code raises.
    """
    finder = _Finder(code.module.partition(".")[0])
    with finder.active():
        return importlib.import_module(code.module)


class _Finder:
    """Finds the modules of one package as ever, and lets them see our ``__import__``."""

    def __init__(self, top: str) -> None:
        self._top = top

    @contextmanager
    def active(self) -> Iterator[None]:
        """Find modules meanwhile."""
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import a module. Called by Python's import system."""
        if name.partition(".")[0] != self._top:
            return None
        for other in sys.meta_path:
            find = None if isinstance(other, _Finder) else getattr(other, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find is not None else None
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = cast("Loader", _Loader(spec.loader, self))
                return spec
        return None

    def find(
        self,
        wanted: str,
        globals_: Mapping[str, object] | None = None,
        locals_: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import a module for one of the package. Takes the place of ``__import__`` there."""
        other = None if level else substitute(wanted, tuple(fromlist or ()))
        if other is not None:
            return other
        with self.active():
            return builtins.__import__(wanted, globals_, locals_, tuple(fromlist or ()), level)


class _Loader:
    """Loads a module as its own loader does, with another ``__import__``."""

    def __init__(self, below: Any, finder: _Finder) -> None:
        self._below = below
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module. Called by Python's import system."""
        made: ModuleType | None = self._below.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Run the module. Called by Python's import system."""
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": self._finder.find}
        self._below.exec_module(module)
