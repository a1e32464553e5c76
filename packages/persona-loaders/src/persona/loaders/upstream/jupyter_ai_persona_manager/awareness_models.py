"""What personas of Jupyter AI tell of their models, settings and usage."""

from __future__ import annotations

from pydantic import BaseModel, Field


class PersonaOption(BaseModel):
    """One persona of a chat."""

    id: str
    name: str
    avatar_url: str | None = None
    yjs_client_id: int = 0


class ModelOption(BaseModel):
    """One model that can be chosen."""

    id: str
    name: str | None = None
    description: str | None = None


class SettingOption(BaseModel):
    """One value that a setting can have."""

    id: str
    name: str | None = None
    description: str | None = None


class SettingConfiguration(BaseModel):
    """A setting: its value, and those that it can have."""

    id: str
    current: str | None = None
    name: str | None = None
    description: str | None = None
    options: list[SettingOption] = Field(default_factory=list)


class ModelConfiguration(BaseModel):
    """The model in use, the others, and the settings beside it."""

    current: str | None = None
    options: list[ModelOption] = Field(default_factory=list)
    settings: list[SettingConfiguration] = Field(default_factory=list)


class Usage(BaseModel):
    """What a session took."""

    context_tokens: int | None = None
    context_size: int | None = None
    context_percent: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_read_tokens: int | None = None
    cached_write_tokens: int | None = None
    thought_tokens: int | None = None
    total_tokens: int | None = None
    cost_amount: float | None = None
    cost_currency: str | None = None


class CommandOption(BaseModel):
    """One command that a persona takes."""

    name: str
    description: str | None = None


class ModelSpec(BaseModel):
    """A choice of model and settings, sent with a message."""

    id: str | None = None
    settings: dict[str, str | None] = Field(default_factory=dict)
