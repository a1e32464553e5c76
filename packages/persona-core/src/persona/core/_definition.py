"""What a persona is, as data: the result of reading a file, before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from persona.core._code import CodeReference
from persona.core._models import Block, PersonaContext, PersonaIdentity, PersonaModel
from persona.core._paths import find_pattern
from persona.core._slugs import SLUG, persona_id
from persona.core._source import Origin, Place, Source

_BASE = re.compile(rf"(?:(?:builtin|environment|user|project):)?{SLUG.pattern}")
_NOWHERE = Place()


class PersonaDefinition(Block):
    """A persona as data. Serialisable; equal definitions make equal personas.

    The five blocks are `engine` (by id), `model`, `context`, `identity`, `options`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    name: str = Field(description="Short name: lower-case letters, digits, dots, dashes.")
    extends: list[str] = Field(
        default_factory=list,
        json_schema_extra={"default": []},
        description="Personas to build on, later ones win: name, or scope:name.",
    )
    engine: str = Field(default="litellm", min_length=1, description="Id of the engine.")
    model: PersonaModel | None = Field(default=None, description="The language model.")
    models: list[PersonaModel] = Field(
        default_factory=list,
        json_schema_extra={"default": []},
        description="Models to escalate to, in order, if the first one fails.",
    )
    context: PersonaContext = Field(
        default_factory=PersonaContext,
        json_schema_extra={"default": {}},
        description="Prompt and tools.",
    )
    identity: PersonaIdentity = Field(description="How it appears in the chat.")
    options: dict[str, Any] = Field(
        default_factory=dict,
        json_schema_extra={"default": {}},
        description="Settings for the engine.",
    )
    enabled: bool = Field(
        default=True, description="false hides a persona of this name from farther scopes too."
    )
    formerly: list[str] = Field(
        default_factory=list,
        json_schema_extra={"default": []},
        description="Short names that this persona had before: one, or a list.",
    )
    tool_preset: str | None = Field(
        default=None, min_length=1, description="Name of a preset of tools."
    )
    bias_profile: str | None = Field(
        default=None, min_length=1, description="Name of a profile of what to prefer."
    )
    context_preset: str | None = Field(
        default=None, min_length=1, description="Name of a preset of files to know."
    )
    aggregation_strategy: Literal["auto", "full", "summarize", "skeleton"] | None = Field(
        default=None, description="How the files of the context are put together."
    )

    # One for all: each private attribute costs time with every definition.
    _place: Place | None = PrivateAttr(default=None)

    @field_validator("name")
    @classmethod
    def _is_slug(cls, value: str) -> str:
        if not SLUG.fullmatch(value):
            raise ValueError(
                "use lower-case letters, digits, dots, dashes or underscores, at most 64"
            )
        return value

    @field_validator("extends", "formerly", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        if value is None:
            return []
        return [value] if isinstance(value, str) else value

    @field_validator("extends")
    @classmethod
    def _are_bases(cls, value: list[str]) -> list[str]:
        for base in value:
            if not _BASE.fullmatch(base):
                raise ValueError(
                    f"{base[:60]!r} is no short name; write name, or user:name for that scope"
                )
        return value

    @field_validator("formerly")
    @classmethod
    def _are_slugs(cls, value: list[str]) -> list[str]:
        for name in value:
            if not SLUG.fullmatch(name):
                raise ValueError(f"{name[:60]!r} is no short name")
        return value

    @field_validator("model", mode="wrap")
    @classmethod
    def _part_of_model(
        cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> PersonaModel | None:
        """Let a file that extends another leave the model's id to it."""
        inherits = info.data.get("extends") and not (info.context or {}).get("merged")
        if not inherits or not isinstance(value, Mapping) or "model_id" in value:
            model: PersonaModel | None = handler(value)
            return model
        checked = handler({**value, "model_id": "inherited"})
        return PersonaModel.model_construct(
            _fields_set=set(value), **{**checked.model_dump(), "model_id": ""}
        )

    @field_validator("models")
    @classmethod
    def _has_a_first(cls, value: list[PersonaModel], info: ValidationInfo) -> list[PersonaModel]:
        inherits = info.data.get("extends") and not (info.context or {}).get("merged")
        if value and not inherits and info.data.get("model", value) is None:
            raise ValueError("these come after the first choice, which is written as model")
        return value

    @property
    def _placed(self) -> Place:
        # Straight from where pydantic keeps it: its own way there is slow.
        private = self.__pydantic_private__
        return (private and private.get("_place")) or _NOWHERE

    @property
    def key(self) -> str:
        """The name as it is written in the file; differs if that is no short name."""
        return self._placed.key or self.name

    @property
    def preferred_models(self) -> list[dict[str, Any]]:
        """All models, first choice first, as flat profiles write them; none without a first."""
        return [] if self.model is None else [_flat(model) for model in (self.model, *self.models)]

    @property
    def provider(self) -> str | None:
        """Provider of the model."""
        return None if self.model is None else self.model.provider

    @property
    def temperature(self) -> float | None:
        """Temperature of the model."""
        return None if self.model is None else self.model.temperature

    @property
    def top_p(self) -> float | None:
        """Nucleus sampling of the model."""
        return None if self.model is None else self.model.top_p

    @property
    def max_output_tokens(self) -> int | None:
        """Longest answer of the model, in tokens."""
        return None if self.model is None else self.model.max_output_tokens

    @property
    def source(self) -> Source | None:
        """The file it comes from, or None if it was made in code."""
        return self._placed.source

    @property
    def origins(self) -> Mapping[str, Origin]:
        """For each value, by dotted path (``model.temperature``), where it stands."""
        return self._placed.origins

    @property
    def id(self) -> str:
        """Id of the persona in a chat; the same through edits and engine swaps."""
        return persona_id(self.name)

    @property
    def implied(self) -> frozenset[str]:
        """Paths of values that no file says, such as a shown name made from the short name."""
        return self._placed.implied

    @property
    def code(self) -> CodeReference | None:
        """The class behind a persona that is written in Python. No other file can name one."""
        return self._placed.code

    def source_of(self, path: str) -> Source | None:
        """Return the file that says the value, which may be one that this one extends."""
        return self._placed.sources.get(path, self._placed.source)

    @property
    def known_sources(self) -> Mapping[str, Source]:
        """Files of the values with relative paths that other files say."""
        return self._placed.sources

    def located(
        self,
        source: Source,
        origins: Mapping[str, Origin],
        implied: frozenset[str] = frozenset(),
        sources: Mapping[str, Source] | None = None,
    ) -> PersonaDefinition:
        """Return a copy that knows where it comes from. Called by loaders and by the catalog.

        Args:
            source: The file.
            origins: Place of each value by dotted path.
            implied: Paths of values that the file does not say but the loader filled in.
            sources: Files of values that other files say.
        """
        place = self._placed
        return self._at(Place(place.key, source, origins, implied, sources or {}, place.code))

    def placed(
        self, source: Source, origins: Mapping[str, Origin], implied: frozenset[str]
    ) -> PersonaDefinition:
        """Do the same to this one, and return it. For loaders that made it and share it not yet."""
        if self.__pydantic_private__ is None:
            return self.located(source, origins, implied)
        self.__pydantic_private__["_place"] = Place("", source, origins, implied)
        return self

    def keyed(self, key: str) -> PersonaDefinition:
        """Return a copy that knows the name that the file has for it. Called by loaders."""
        if key == self.key:
            return self
        return self._at(replace(self._placed, key="" if key == self.name else key))

    def with_code(self, code: CodeReference) -> PersonaDefinition:
        """Return a copy that knows the class behind it. Called by the loader of Python files."""
        return self._at(replace(self._placed, code=code))

    def _at(self, place: Place) -> PersonaDefinition:
        copy = self.__copy__()
        copy._place = place
        return copy

    def resolved_context(self) -> PersonaContext:
        """Return the context with the skills paths made absolute."""
        source = self.source_of("context.skills_paths")
        if source is None or not self.context.skills_paths:
            return self.context
        paths = [p for given in self.context.skills_paths for p in find_pattern(given, source)]
        return self.context.model_copy(update={"skills_paths": paths})

    @property
    def avatar_folders(self) -> tuple[Path, ...]:
        """Where the avatar's path is looked up: beside the file that says it, then its root."""
        source = self.source_of("identity.avatar")
        return source.folders if source else ()


def _flat(model: PersonaModel) -> dict[str, Any]:
    """Return a model as an entry of ``preferred_models``."""
    entry: dict[str, Any] = {"provider": model.provider, "model": model.model}
    if model.model_url is not None:
        entry["model_url"] = model.model_url
    entry["temperature"] = model.temperature
    entry["top_p"] = model.top_p
    entry["max_output_tokens"] = model.max_output_tokens
    return entry
