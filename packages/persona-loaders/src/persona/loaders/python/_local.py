"""The files beside a persona that it imports, found and hashed without running them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from persona.core import CodeFile, FileStamp, file_stamp
from persona.loaders._report import Refused
from persona.loaders._text import read_bytes
from persona.loaders.python._outline import Imported, Outline, outline

if TYPE_CHECKING:
    from persona.core import Source

MOST = 64
"""Files beside a persona that it may import, directly or by way of each other."""

_OURS = frozenset({"persona", "jupyter_ai_persona_manager", "jupyter_ai_jupyternaut",
                   "jupyter_ai_acp_client", "jupyter_ai", "jupyterlab_chat"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Local:
    """A module beside the persona.

    Attributes:
        code: Its file.
        outline: What stands in it.
        stamp: What the file was like before it was read.
    """

    code: CodeFile
    outline: Outline
    stamp: FileStamp | None


def is_free(name: str) -> bool:
    """Whether a module beside a persona may have that name: none that Python or we bring."""
    top = name.partition(".")[0]
    return top not in sys.stdlib_module_names and top not in _OURS


def local_modules(source: Source, main: Outline) -> dict[str, Local]:
    """Return the modules beside ``source.file`` that it imports, also by way of each other.

    Args:
        source: The persona's file; what lies outside of its project is passed over.
        main: What stands in it.

    Raises:
        Refused: One of them cannot be read, or there are too many.
    """
    folder = source.file.parent
    found: dict[str, Local] = {}
    waiting: list[tuple[str, Outline]] = [("", main)]
    while waiting:
        package, inner = waiting.pop()
        for imported in inner.imports:
            for name in _names(imported, package):
                if name in found or not is_free(name):
                    continue
                file = _file_of(folder, name)
                if file is None or file == source.file or not source.holds(file):
                    continue
                if len(found) >= MOST:
                    raise Refused(
                        "P108",
                        f"It imports more than {MOST} files that lie beside it.",
                        "Make a package of them and install it.",
                    )
                stamp = file_stamp(file)
                data = read_bytes(file)
                digest = hashlib.sha256(data).hexdigest()
                local = Local(CodeFile(file, digest), _outlined(file, data), stamp)
                found[name] = local
                inside = name if file.name == "__init__.py" else name.rpartition(".")[0]
                waiting.append((inside, local.outline))
    return found


def digests(found: Mapping[str, Local]) -> dict[str, CodeFile]:
    """Return what a `CodeReference` keeps of these modules."""
    return {name: local.code for name, local in sorted(found.items())}


def resolve(imported: Imported, package: str) -> str:
    """Return the name of an imported module as seen from the folder; empty for the folder."""
    if not imported.level:
        return imported.module
    parts = package.split(".") if package else []
    above = parts[: len(parts) - (imported.level - 1)] if imported.level > 1 else parts
    return ".".join([*above, *filter(None, [imported.module])])


def _names(imported: Imported, package: str) -> Iterator[str]:
    """Yield the names of modules that an import may mean, packages before what is in them."""
    base = resolve(imported, package)
    parts = base.split(".") if base else []
    for end in range(1, len(parts) + 1):
        yield ".".join(parts[:end])
    for name in imported.names:
        if name != "*":
            yield f"{base}.{name}" if base else name


def _file_of(folder: Path, name: str) -> Path | None:
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    place = folder.joinpath(*parts)
    for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
        if file.is_file():
            return file
    return None


def _outlined(file: Path, data: bytes) -> Outline:
    try:
        return outline(data)
    except Refused as refused:
        if refused.code == "P103":  # an empty __init__.py is as it should be
            return Outline()
        raise Refused(
            refused.code, f"{file.name}, which it imports: {refused.message}", refused.fix
        ) from None
