"""Which code a persona runs, for those that are written in Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel


class PersonaDefaults(BaseModel):
    """What a persona that is written in Python says of itself.

    Attributes:
        name: The name shown.
        description: One line of what it is for.
        avatar_path: An image: a path, absolute or beside the file, or what an avatar may be.
        system_prompt: The prompt for a model, if it asks one.
        slash_commands: Kept for files that name them; has no effect.
        model_uid: The model that it asks if nothing else is said, as ``provider/model``.
    """

    name: str
    description: str = ""
    avatar_path: str = ""
    system_prompt: str = ""
    slash_commands: set[str] = {"*"}
    model_uid: str | None = None


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One file of code, as it was when it was read.

    Attributes:
        file: The file.
        sha256: Digest of its bytes, in hexadecimal digits.
    """

    file: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class CodeReference:
    """The class behind a persona. Reading it has run nothing; running it is the engine's matter.

    Attributes:
        file: The file that holds the class; for an installed package that file.
        qualname: Name of the class in it.
        sha256: Digest of the file's bytes when it was read; no other content may be run.
        kind: Whether the class is a persona or an engine.
        modules: Files beside it that it imports, by the name of the module.
        module: For a class of an installed package the module to import, else empty.
        complete: Whether its defaults could be read without running it.
    """

    file: Path
    qualname: str
    sha256: str
    kind: Literal["persona", "engine"] = "persona"
    modules: Mapping[str, CodeFile] = field(default_factory=dict)
    module: str = ""
    complete: bool = field(default=True, compare=False)

    def __hash__(self) -> int:
        """Return a hash of the class and its content."""
        return hash((self.file, self.qualname, self.sha256))

    @property
    def files(self) -> tuple[CodeFile, ...]:
        """Every file whose content would be run."""
        return (CodeFile(self.file, self.sha256), *self.modules.values())

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "file": str(self.file),
            "class": self.qualname,
            "kind": self.kind,
            "sha256": self.sha256,
            "module": self.module or None,
            "modules": {
                name: {"file": str(code.file), "sha256": code.sha256}
                for name, code in self.modules.items()
            },
        }
