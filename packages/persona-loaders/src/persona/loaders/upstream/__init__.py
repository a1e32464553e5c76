"""Files that were written for Jupyter AI 3 run unchanged. Nothing else needs this folder."""

from persona.loaders.upstream._names import substitute_of

__all__ = ["substitute_of"]
