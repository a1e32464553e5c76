"""The command ``jupyter persona``."""

from persona.cli._main import main

__all__ = ["main"]
