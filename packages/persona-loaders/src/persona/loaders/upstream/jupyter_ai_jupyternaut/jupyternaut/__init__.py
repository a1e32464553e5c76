"""Stands in for Jupyternaut."""

from persona.loaders.upstream.jupyter_ai_jupyternaut.jupyternaut.jupyternaut import (
    JupyternautPersona,
)

__all__ = ["JupyternautPersona"]
