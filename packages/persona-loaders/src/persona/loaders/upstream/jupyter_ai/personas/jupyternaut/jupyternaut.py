"""Where Jupyternaut was in early versions."""

from persona.loaders.upstream.jupyter_ai_jupyternaut.jupyternaut import JupyternautPersona

__all__ = ["JupyternautPersona"]
