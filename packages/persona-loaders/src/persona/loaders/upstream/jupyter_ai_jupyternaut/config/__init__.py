"""Stands in for Jupyternaut's settings."""

from persona.loaders.upstream.jupyter_ai_jupyternaut.config.config_manager import ConfigManager

__all__ = ["ConfigManager"]
