"""Personas that are written in Python."""

from ._author import BasePersona, PersonaDefaults, PersonaRequirementsUnmet
from ._complete import complete
from ._engine import PythonEngine
from ._loader import PYTHON, PythonLoader, load_python

__all__ = [
    "BasePersona",
    "PYTHON",
    "PersonaDefaults",
    "PersonaRequirementsUnmet",
    "PythonEngine",
    "PythonLoader",
    "complete",
    "load_python",
]
