"""`persona.core` as persona files see it: `BasePersona` is the one to write personas with.

The one of `persona.core` is the container that holds engine, queue and blocks; nobody who
writes a persona file wants to subclass that.
"""

from __future__ import annotations

import persona.core
from persona.loaders.python._author import BasePersona

__all__ = ["BasePersona", *(name for name in persona.core.__all__ if name != "BasePersona")]


def __getattr__(name: str) -> object:
    return getattr(persona.core, name)
