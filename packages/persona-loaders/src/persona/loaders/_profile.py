"""A persona as a flat profile: the form of ``[personas.<name>]``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from persona.core import DefinitionError, PersonaDefinition, slugify, title_of
from persona.loaders._shape import is_slug

_SAME = ("tool_preset", "bias_profile", "context_preset", "aggregation_strategy")
_DEFAULTS = {"temperature": 0.0, "top_p": 1.0, "max_output_tokens": None}


@dataclass
class Persona:
    """A flat profile. Convertible to a `PersonaDefinition` and back without loss.

    Attributes:
        name: Name of its table.
        preferred_models: ``{provider, model, temperature, top_p, max_output_tokens}``; the
            first is used, the others are escalated to in order. Missing values are filled
            in (0.0, 1.0, None); a value of None means the model's own.
        system_prompt: Instructions for the model.
        tool_preset: Name of a `ToolPreset`.
        bias_profile: Name of a `BiasProfile`.
        context_preset: Name of a `ContextPreset`.
        aggregation_strategy: ``auto``, ``full``, ``summarize`` or ``skeleton``.
        others: What the flat form has no place for (engine, identity, options, …), as the
            keys of a definition.
    """

    name: str
    preferred_models: list[dict[str, Any]] = field(default_factory=list)
    system_prompt: str = ""
    tool_preset: str | None = None
    bias_profile: str | None = None
    context_preset: str | None = None
    aggregation_strategy: str | None = None
    others: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fill in the defaults of the models."""
        self.preferred_models = [_filled(entry) for entry in self.preferred_models]

    @property
    def provider(self) -> str | None:
        """Provider of the first model."""
        value: str | None = self._first("provider")
        return value

    @property
    def model(self) -> str | None:
        """Name of the first model, without its provider."""
        value: str | None = self._first("model")
        return value

    @property
    def temperature(self) -> float | None:
        """Temperature of the first model."""
        value: float | None = self._first("temperature")
        return value

    @property
    def top_p(self) -> float | None:
        """Nucleus sampling of the first model."""
        value: float | None = self._first("top_p")
        return value

    @property
    def max_output_tokens(self) -> int | None:
        """Longest answer of the first model, in tokens."""
        value: int | None = self._first("max_output_tokens")
        return value

    def _first(self, key: str) -> Any:
        return self.preferred_models[0].get(key) if self.preferred_models else None

    def to_definition(self) -> PersonaDefinition:
        """Return it as a definition.

        Raises:
            DefinitionError: A model has a provider and no name.
            pydantic.ValidationError: A value is wrong, or no short name can be made.
        """
        slug = self.name if is_slug(self.name) else slugify(self.name)
        # Filled again: the list may have been added to since it was made.
        entries = [_filled(entry) for entry in self.preferred_models]
        for number, entry in enumerate(entries, 1):
            if entry["provider"] and not entry["model"]:
                raise DefinitionError(
                    f"{self.name!r}: preferred_models[{number}] has no model. Give it one, "
                    "beside its provider."
                )
        models = [_block(entry) for entry in entries]
        data: dict[str, Any] = {
            "identity": {"name": shown_name(self.name, slug)},
            **self.others,
            "name": slug,
        }
        data |= {key: getattr(self, key) for key in _SAME}
        context = {**data.get("context", {})}
        if self.system_prompt:
            context["system_prompt"] = self.system_prompt
        data["context"] = context
        if models:
            data |= {"model": models[0], "models": models[1:]}
        return PersonaDefinition.model_validate(data).keyed(self.name)

    @classmethod
    def from_definition(cls, definition: PersonaDefinition) -> Persona:
        """Return a definition as a flat profile."""
        done = {"name", "model", *_SAME}
        if definition.model is not None:  # without it, they come after the model of a base
            done.add("models")
        others = definition.model_dump(exclude_defaults=True, exclude=done)
        if others["identity"] == {"name": shown_name(definition.key, definition.name)}:
            del others["identity"]
        prompt = definition.context.system_prompt
        context = others.pop("context", {})
        # An empty prompt and none are two things there and one here.
        if prompt:
            del context["system_prompt"]
        if context:
            others["context"] = context
        return cls(
            name=definition.key,
            preferred_models=definition.preferred_models,
            system_prompt=prompt or "",
            others=others,
            **{key: getattr(definition, key) for key in _SAME},
        )


def shown_name(key: str, slug: str) -> str:
    """Return the name to show for a table's name, if no identity is written."""
    shown = title_of(slug) if key == slug else " ".join(key.split())[:80].strip()
    return shown or title_of(slug)


def _filled(entry: dict[str, Any]) -> dict[str, Any]:
    return {"provider": None, "model": None, **_DEFAULTS, **entry}


def _block(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of ``preferred_models`` as a model block."""
    rest = {key: value for key, value in entry.items() if key not in ("provider", "model")}
    provider, model = entry["provider"], entry["model"]
    if not provider and not model:  # left to the persona that it builds on
        return {key: value for key, value in rest.items() if value is not None}
    return {"model_id": model if not provider else f"{provider}/{model}", **rest}
