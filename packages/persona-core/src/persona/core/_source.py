"""Where definitions and their values stand: files, scopes, packages, lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from persona.core._code import CodeReference
from persona.core._paths import lies_in, real


class Scope(StrEnum):
    """Where a definition comes from; later ones win."""

    BUILTIN = "builtin"
    ENVIRONMENT = "environment"
    USER = "user"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value stands.

    Attributes:
        file: The file.
        line: Line, from 1.
        scope: Scope of the file.
        hides: Where the same value stands in files that lost against this one, nearest first.
        includes: For a prompt that takes in others, where these stand.
        value: What stands there, told for the origins in ``hides`` and ``includes``.
        column: Column, from 1; 1 if the loader does not know it.
    """

    file: Path
    line: int
    scope: Scope
    hides: tuple[Origin, ...] = ()
    includes: tuple[Origin, ...] = ()
    value: Any = field(default=None, compare=False)
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Package:
    """What is known of an installed package that brings personas.

    Attributes:
        distribution: Its name.
        has_engines: Whether it brings engines too; then its personas are default ones.
        programs: For engines that need a program the names that it may have on PATH.
    """

    distribution: str
    has_engines: bool = False
    programs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a whole definition comes from.

    Attributes:
        file: The file.
        scope: Its scope.
        root: The folder that relative paths may also be relative to: the one that
            holds ``.jupyter`` for a project, else the file's own folder.
        package: The package that brings it, in scope builtin.
    """

    file: Path
    scope: Scope
    root: Path
    package: Package | None = field(default=None, compare=False)

    @property
    def is_default(self) -> bool:
        """Whether what it defines are default personas: those that packages of engines bring."""
        return self.package is not None and self.package.has_engines

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where relative paths are looked up, in order; in a project never above its root."""
        beside = self.file.parent
        return (beside, self.root) if self.holds(beside) else (self.root,)

    @property
    def bounded(self) -> bool:
        """Whether relative paths must stay in the root: a project may be somebody else's."""
        return self.scope is Scope.PROJECT

    def holds(self, path: Path) -> bool:
        """Whether a relative path in the file may lead to ``path``, after links."""
        return not self.bounded or lies_in(real(path), real(self.root))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a definition comes from. Made by `PersonaDefinition.located` and `keyed`."""

    key: str = ""
    source: Source | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict)
    implied: frozenset[str] = frozenset()
    sources: Mapping[str, Source] = field(default_factory=dict)
    code: CodeReference | None = None
