"""Engines by id, from the entry points of installed packages. Listing imports nothing."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from persona.core._engine import PersonaEngine
from persona.core._errors import EngineBroken, EngineError, EngineNotFound
from persona.core._known_engines import engine_fix

GROUP = "persona.engines"


class Closable(Protocol):
    """Something that engines share."""

    async def close(self) -> None:
        """Release everything."""


_Pool = TypeVar("_Pool", bound=Closable)


@dataclass(frozen=True, slots=True)
class EngineEntry:
    """One engine that a package offers.

    Attributes:
        id: The id that definitions name.
        distribution: The package that offers it.
        target: ``module:Class``.
        broken: Why it cannot be used, or None as far as is known.
        details: The traceback behind ``broken``.
    """

    id: str
    distribution: str
    target: str
    broken: str | None = None
    details: str = field(default="", repr=False)


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else "an unnamed package"


class EngineRegistry:
    """Find engine classes by id.

    A broken or doubled entry is recorded and hurts only the personas that name it.
    Looking up and listing read package metadata once; `refresh` reads it again.
    """

    def __init__(self, entries: Iterable[EntryPoint] | None = None) -> None:
        self._given = None if entries is None else tuple(entries)
        self._points: dict[str, EntryPoint] | None = None
        self._entries: dict[str, EngineEntry] = {}
        self._classes: dict[str, type[PersonaEngine]] = {}
        self._shared: dict[Hashable, Closable] = {}

    def register(self, cls: type[PersonaEngine]) -> None:
        """Add a class by hand, for engines that no package offers (tests, drop-in files).

        Raises:
            ValueError: The id is taken; the message names both.
        """
        known = self.entries.get(cls.id)
        target = f"{cls.__module__}:{cls.__qualname__}"
        if known is not None:
            raise ValueError(
                f"engine id {cls.id!r} is taken by {known.target} of {known.distribution};"
                f" {target} cannot use it too"
            )
        self._entries[cls.id] = EngineEntry(cls.id, "registered by hand", target)
        self._classes[cls.id] = cls

    @property
    def entries(self) -> Mapping[str, EngineEntry]:
        """Every known engine, sorted by id; read-only."""
        self._scan()
        return MappingProxyType(dict(sorted(self._entries.items())))

    def refresh(self) -> None:
        """Read the packages' metadata again at the next look-up; keep loaded classes."""
        self._points = None
        self._entries = {
            id_: entry
            for id_, entry in self._entries.items()
            if entry.distribution == "registered by hand"
        }

    def load(self, engine_id: str) -> type[PersonaEngine]:
        """Import and return the class behind ``engine_id``.

        Raises:
            EngineNotFound: No package offers it; the message suggests a close name.
            EngineBroken: It is offered twice, cannot be imported, or is no engine.
        """
        points = self._scan()
        if engine_id in self._classes:
            return self._classes[engine_id]
        entry = self._entries.get(engine_id)
        if entry is None:
            raise self._not_found(engine_id)
        if entry.broken is not None and engine_id not in points:
            raise self._broken(entry)
        try:
            cls = points[engine_id].load()
        except (Exception, SystemExit) as exc:  # boundary: a plugin's import may raise anything
            why = f"{type(exc).__name__}: {exc}"
            entry = replace(entry, broken=why, details=traceback.format_exc())
            self._entries[engine_id] = entry
            raise self._broken(entry) from exc
        if not (isinstance(cls, type) and issubclass(cls, PersonaEngine)):
            entry = replace(entry, broken="it is not a PersonaEngine class", details="")
            self._entries[engine_id] = entry
            raise self._broken(entry)
        self._entries[engine_id] = replace(entry, broken=None, details="")
        self._classes[engine_id] = cls
        return cls

    def create(self, engine_id: str, **config: Any) -> PersonaEngine:
        """Return a new instance; ``config`` goes to its constructor.

        Raises:
            EngineNotFound: As `load`.
            EngineBroken: As `load`, or its constructor failed.
        """
        cls = self.load(engine_id)
        try:
            engine = cls(**config)
            engine.registry = self
            return engine
        except EngineError:
            raise
        except (Exception, SystemExit) as exc:  # boundary: a plugin may raise anything
            entry = self._entries[engine_id]
            why = f"{type(exc).__name__}: {exc}"
            raise self._broken(replace(entry, broken=why)) from exc

    def shared(self, key: Hashable, make: Callable[[], _Pool]) -> _Pool:
        """Return what all engines of one kind share, made at the first call.

        Engines call it for what outlives one of them: a pool of processes or of
        connections that counts its users. `close` closes it.

        Args:
            key: What names it, usually its class.
            make: Makes it; must have no effect but that.
        """
        if key not in self._shared:
            self._shared[key] = make()
        found: Any = self._shared[key]
        return found  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Close what engines share. Called when the server stops; safe to repeat."""
        shared, self._shared = list(self._shared.values()), {}
        results = await asyncio.gather(*(pool.close() for pool in shared), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                logging.getLogger(__name__).warning("A pool did not close cleanly: %r", result)

    def _scan(self) -> Mapping[str, EntryPoint]:
        if self._points is not None:
            return self._points
        found = entry_points(group=GROUP) if self._given is None else self._given
        by_id: dict[str, dict[tuple[str, str], EntryPoint]] = {}
        for point in found:
            by_id.setdefault(point.name, {})[_distribution(point), point.value] = point
        self._points = {}
        for id_, variants in by_id.items():
            if id_ in self._classes and id_ in self._entries:
                continue
            (first, *others) = variants.values()
            names = sorted({_distribution(p) for p in variants.values()})
            doubled = f"it is offered twice, by {' and '.join(names)}" if others else None
            self._entries[id_] = EngineEntry(id_, ", ".join(names), first.value, doubled)
            if not others:
                self._points[id_] = first
        return self._points

    def _not_found(self, engine_id: str) -> EngineNotFound:
        return EngineNotFound(
            f"The engine {engine_id!r} is not installed.",
            engine_id=engine_id,
            fix=engine_fix(engine_id, self._entries),
        )

    @staticmethod
    def _broken(entry: EngineEntry) -> EngineBroken:
        return EngineBroken(
            f"The engine {entry.id!r} of {entry.distribution} cannot be used: {entry.broken}.",
            engine_id=entry.id,
            fix=f"Reinstall or remove {entry.distribution}.",
            distribution=entry.distribution,
        )
