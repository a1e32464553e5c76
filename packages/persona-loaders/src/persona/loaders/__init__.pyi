"""Readers and writers of persona files."""

from ._markdown import MARKDOWN, MarkdownLoader, load_markdown
from ._presets import BiasProfile, ContextPreset, Preset, ToolPreset
from ._profile import Persona
from ._toml import TOML, TomlLoader, load_toml
from ._toml_store import TomlPersonaStore

__all__ = [
    "BiasProfile",
    "ContextPreset",
    "MARKDOWN",
    "MarkdownLoader",
    "Persona",
    "Preset",
    "TOML",
    "TomlLoader",
    "TomlPersonaStore",
    "ToolPreset",
    "load_markdown",
    "load_toml",
]
