"""Readers and writers of persona files."""

from ._entry import PersonaEntry, open_entry
from ._json_schema import json_schema
from ._keys import split_key
from ._markdown import MARKDOWN, MarkdownLoader, load_markdown
from ._markdown_entry import MarkdownEntry
from ._markdown_store import MarkdownPersonaStore
from ._markdown_write import definition_values
from ._markdown_yaml import parse_value
from ._presets import BiasProfile, ContextPreset, Preset, ToolPreset
from ._profile import Persona
from ._starter import markdown_starter, starter_choice, starter_prompt
from ._toml import TOML, TomlLoader, load_toml
from ._toml_entry import TomlEntry
from ._toml_store import TomlPersonaStore
from ._watch import PersonaWatcher
from .python import PYTHON, PythonLoader, load_python

__all__ = [
    "BiasProfile",
    "ContextPreset",
    "MARKDOWN",
    "MarkdownEntry",
    "MarkdownLoader",
    "MarkdownPersonaStore",
    "Persona",
    "PersonaEntry",
    "PersonaWatcher",
    "PYTHON",
    "Preset",
    "PythonLoader",
    "TOML",
    "TomlEntry",
    "TomlLoader",
    "TomlPersonaStore",
    "ToolPreset",
    "json_schema",
    "definition_values",
    "load_markdown",
    "load_python",
    "load_toml",
    "markdown_starter",
    "open_entry",
    "parse_value",
    "split_key",
    "starter_choice",
    "starter_prompt",
]
