"""Named presets that definitions refer to, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from persona.core._diagnostics import Diagnostic
from persona.core._source import Origin, Source

PRESET_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "tool_preset": "tool_presets",
        "bias_profile": "bias_profiles",
        "context_preset": "context_presets",
    }
)
"""Keys of a definition that name a preset, with the kind that each of them names."""


@dataclass(frozen=True, slots=True)
class PresetDefinition:
    """A preset as a file says it.

    Attributes:
        kind: ``tool_presets``, ``bias_profiles`` or ``context_presets``.
        name: Its name.
        source: Its file.
        values: What it says, without its name; empty if it is broken.
        origins: For each value, by dotted path, where it stands; ``name`` for the whole.
        errors: Why it is broken; empty if it can be used.
    """

    kind: str
    name: str
    source: Source
    values: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False)
    errors: tuple[Diagnostic, ...] = ()
