"""Named presets that personas refer to. They are open: what a tool adds to them is kept."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Preset(BaseModel):
    """What all kinds of presets share."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())

    name: str = Field(min_length=1, description="Name of the table.")
    description: str | None = Field(default=None, description="One line shown in menus.")


class ToolPreset(Preset):
    """Which tools a persona may use: ``[tool_presets.<name>]``."""

    allow: list[str] | None = Field(
        default=None, description="Names or patterns of the tools; without it, all."
    )
    deny: list[str] = Field(default=[], description="Names or patterns that are taken away again.")
    approval: dict[str, Literal["auto", "ask"]] = Field(
        default={}, description="For names or patterns, whether the user is asked first."
    )


class BiasProfile(Preset):
    """What a persona prefers: ``[bias_profiles.<name>]``."""

    prompt: str | None = Field(default=None, description="Text added to the system prompt.")
    tool_weights: dict[str, float] = Field(
        default={}, description="For tools, how much they are preferred; 1 is neutral."
    )
    category_multipliers: dict[str, float] = Field(
        default={}, description="For categories of tools, the factor on their weights."
    )


class ContextPreset(Preset):
    """Which files a persona knows: ``[context_presets.<name>]``."""

    include: list[str] = Field(default=[], description="Paths or patterns of files.")
    exclude: list[str] = Field(default=[], description="Paths or patterns that are left out.")
    aggregation_strategy: Literal["auto", "full", "summarize", "skeleton"] | None = Field(
        default=None, description="How the files are put together."
    )


KINDS: Mapping[str, type[Preset]] = MappingProxyType(
    {
        "tool_presets": ToolPreset,
        "bias_profiles": BiasProfile,
        "context_presets": ContextPreset,
    }
)
"""Tables of a file that hold presets."""
