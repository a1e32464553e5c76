"""Runs the files of Python personas as modules: once for each content, leaving no traces.

The one place where such code is imported. What is run are the very bytes whose digest was
checked. Nothing is written beside them, ``sys.path`` stays as it is, and the modules have
names of their own, so that two files of one name do not meet.
"""

from __future__ import annotations

import asyncio
import builtins
import hashlib
import re
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from persona.core import CodeFile, CodeReference, TurnError
from persona.loaders._report import Refused
from persona.loaders._text import read_bytes
from persona.loaders.python._local import resolve
from persona.loaders.python._outline import Imported
from persona.loaders.python._substitutes import substitute

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE = 60.0
"""Seconds that importing a file may take before whoever waits is told."""


class ModuleStore:
    """The modules of all Python personas of a server. Belongs to the engine registry."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._modules: dict[Path, tuple[CodeReference, ModuleType, list[str]]] = {}

    async def imported(self, code: CodeReference, patience: float = PATIENCE) -> ModuleType:
        """Return the module of a reference; imports it in a thread if it is not there yet.

        Called by the engine when it starts, and when a chat opens for what could not be read.

        Raises:
            TurnError: The files are not what was read, or the import takes too long.
            BaseException: What the code raises.
        """
        done: Future[ModuleType] = Future()

        def run() -> None:
            try:
                done.set_result(self.load(code))
            except BaseException as exc:  # boundary: a plugin's import; passed on to who waits
                done.set_exception(exc)

        # A thread of its own: one that hangs must hold up neither the server nor its end.
        threading.Thread(target=run, name=f"import {code.file.name}", daemon=True).start()
        waiting = asyncio.wrap_future(done)
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(waiting)
        except TimeoutError:
            waiting.add_done_callback(_seen)
            raise TurnError(
                f"{code.file.name} is not imported after {patience:.0f} s.",
                fix="Code at the top of the file waits for something; move it into a function.",
                kind="import",
            ) from None

    def load(self, code: CodeReference) -> ModuleType:
        """Do the same in this thread."""
        if code.module:
            return _of_package(code)
        with self._lock:
            known = self._modules.get(code.file)
            if known is not None and known[0].files == code.files:
                return known[1]
        importer = _Importer(code)
        module = importer.main()
        with self._lock:
            before = self._modules.get(code.file)
            self._modules[code.file] = code, module, importer.names
        if before is not None:
            _forget(set(before[2]) - set(importer.names))
        return module

    async def close(self) -> None:
        """Let go of every module. Called by the registry when the server stops."""
        with self._lock:
            modules, self._modules = self._modules, {}
        for _, _, names in modules.values():
            _forget(names)


def _seen(done: asyncio.Future[ModuleType]) -> None:
    if not done.cancelled():
        done.exception()


def _forget(names: set[str] | list[str]) -> None:
    for name in names:
        sys.modules.pop(name, None)


class _Importer:
    """Imports one persona's file with what it takes from beside it."""

    def __init__(self, code: CodeReference) -> None:
        self._code = code
        known = "\n".join(f"{one.file}:{one.sha256}" for one in code.files)
        digest = hashlib.sha256(known.encode()).hexdigest()[:16]
        stem = re.sub(r"\W", "_", code.file.stem)
        self._prefix = f"persona_dropin_{stem}_{digest}"
        self._local: dict[str, ModuleType] = {}
        self.names: list[str] = []

    def main(self) -> ModuleType:
        """Return the persona's module.

        Raises:
            TurnError: A file is not what was read.
            BaseException: What the code raises.
        """
        with ExitStack() as undo:
            undo.callback(_forget, self.names)
            module = self._run("", CodeFile(self._code.file, self._code.sha256))
            undo.pop_all()
        return module

    def _run(self, name: str, file: CodeFile) -> ModuleType:
        data = _checked(file)
        full = f"{self._prefix}.{name}" if name else self._prefix
        is_package = file.file.name == "__init__.py" or not name
        module = ModuleType(full)
        module.__file__ = str(file.file)
        module.__package__ = full if is_package else full.rpartition(".")[0]
        module.__spec__ = ModuleSpec(full, None, origin=str(file.file), is_package=is_package)
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": self._hook(name, file)}
        if name:
            self._local[name] = module
        sys.modules[full] = module  # dataclasses and pickle look classes up there
        self.names.append(full)
        with ExitStack() as undo:
            undo.callback(self._local.pop, name, None)
            # What was checked, not what lies there now; nothing is written beside it.
            exec(compile(data, str(file.file), "exec", dont_inherit=True), vars(module))  # noqa: S102
            undo.pop_all()
        return module

    def _hook(self, name: str, file: CodeFile) -> Any:
        """Return the ``__import__`` of one module; also for imports within its functions."""
        package = name if file.file.name == "__init__.py" else name.rpartition(".")[0]

        def find(
            wanted: str,
            globals_: Mapping[str, object] | None = None,
            locals_: Mapping[str, object] | None = None,
            fromlist: Sequence[str] | None = (),
            level: int = 0,
        ) -> ModuleType:
            taken = tuple(fromlist or ())
            place = resolve(Imported(wanted, level), package)
            if level and not place:
                return self._folder(taken)
            if place in self._code.modules:
                return self._beside(place, taken, top=not level)
            if level:
                raise ImportError(
                    f"There is no module {place!r} beside {self._code.file.name}.", name=place
                )
            other = substitute(wanted, taken)
            if other is not None:
                return other
            return builtins.__import__(wanted, globals_, locals_, taken, 0)

        return find

    def _beside(self, name: str, taken: tuple[str, ...], *, top: bool) -> ModuleType:
        parts = name.split(".")
        module: ModuleType | None = None
        for end in range(1, len(parts) + 1):
            module = self._one(".".join(parts[:end]), module, parts[end - 1])
        if module is None:
            raise ImportError(f"There is no module {name!r}.", name=name)
        for inner in taken:
            if f"{name}.{inner}" in self._code.modules and not hasattr(module, inner):
                self._one(f"{name}.{inner}", module, inner)
        return self._local[parts[0]] if top and not taken else module

    def _one(self, name: str, parent: ModuleType | None, attribute: str) -> ModuleType:
        module = self._local.get(name)
        if module is None:
            file = self._code.modules.get(name)
            module = ModuleType(f"{self._prefix}.{name}") if file is None else self._run(name, file)
            self._local[name] = module
        if parent is not None:
            setattr(parent, attribute, module)
        return module

    def _folder(self, taken: tuple[str, ...]) -> ModuleType:
        """Return what ``from . import x`` takes ``x`` from."""
        folder = ModuleType(f"{self._prefix}.folder")
        for name in taken:
            if name in self._code.modules:
                setattr(folder, name, self._one(name, None, name))
        return folder


def _checked(file: CodeFile) -> bytes:
    """Return the bytes of a file, which are what was read before.

    Raises:
        TurnError: They are not, or cannot be read.
    """
    try:
        data = read_bytes(file.file)
    except Refused as refused:
        raise TurnError(
            f"{file.file.name} cannot be read: {refused.message}", fix=refused.fix, kind="import"
        ) from None
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise TurnError(
            f"{file.file.name} was changed since it was read, so it was not run.",
            fix="Ask again in a moment, or send `/refresh-personas`.",
            kind="changed",
        )
    return data


def _of_package(code: CodeReference) -> ModuleType:
    from persona.loaders.python._packages import import_packaged

    _checked(CodeFile(code.file, code.sha256))
    return import_packaged(code)
