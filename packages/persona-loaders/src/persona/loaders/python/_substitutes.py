"""What persona files are given in place of some modules that they import.

Nothing global is replaced: only the imports of these files lead here.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

_CORE = "persona.core"


def substitute(name: str, taken: tuple[str, ...]) -> ModuleType | None:
    """Return what an import in a persona file gets, or None if it is imported as ever.

    Args:
        name: The module that is named.
        taken: The names behind ``import`` in a ``from`` statement.

    Raises:
        ImportError: It is an older API that is not supported; the message names it.
    """
    if name == _CORE or (name == "persona" and "core" in taken):
        import_module(_CORE)
        core = import_module("persona.loaders.python._core")
        if name == _CORE and taken:
            return core
        top = _Over("persona", import_module("persona"))
        top.core = core
        for inner in taken:
            if inner != "core":
                setattr(top, inner, import_module(f"persona.{inner}"))
        return top
    from persona.loaders.upstream import substitute_of

    return substitute_of(name, taken)


class _Over(ModuleType):
    """A module that has what another has, and more."""

    core: ModuleType

    def __init__(self, name: str, below: ModuleType) -> None:
        super().__init__(name)
        self._below = below

    def __getattr__(self, name: str) -> object:
        return getattr(self._below, name)
