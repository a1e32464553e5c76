"""What a persona that is written in Python says of itself, whichever way it says it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona.core import PersonaDefaults, TurnError

if TYPE_CHECKING:
    from persona.loaders.python._author import BasePersona


def defaults_of(author: BasePersona | Any) -> PersonaDefaults:
    """Return what a persona says of itself, also as plain values.

    Raises:
        TurnError: It says nothing that can be used.
    """
    said = author.defaults
    if callable(said) and not isinstance(said, PersonaDefaults):
        said = said()
    if isinstance(said, PersonaDefaults):
        return said
    if isinstance(said, Mapping):
        return PersonaDefaults.model_validate(dict(said))
    values = {key: getattr(said, key, None) for key in PersonaDefaults.model_fields}
    known = {key: str(v) if isinstance(v, Path) else v for key, v in values.items() if v}
    if "name" in known:
        return PersonaDefaults.model_validate(known)
    raise TurnError(
        f"{type(author).__name__}.defaults is a {type(said).__name__}.",
        fix='Let it be PersonaDefaults(name="…").',
        kind="contract",
    )
