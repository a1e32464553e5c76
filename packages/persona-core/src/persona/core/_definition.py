"""What a persona is, as data: the result of reading a file, before anything runs."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
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
from persona.core._paths import find_pattern, lies_in, real

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
"""What the name of a definition may be."""

_BASE = re.compile(rf"(?:(?:builtin|environment|user|project):)?{SLUG.pattern}")


class Scope(StrEnum):
    """Where a definition comes from; later ones win."""

    BUILTIN = "builtin"
    ENVIRONMENT = "environment"
    USER = "user"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value stands.

    Attributes:
        file: The file.
        line: Line, from 1.
        scope: Scope of the file.
        hides: Where the same value stands in files that lost against this one, nearest first.
        includes: For a prompt that takes in others, where these stand.
        value: What stands there, told for the origins in ``hides`` and ``includes``.
        column: Column, from 1; 1 if the loader does not know it.
    """

    file: Path
    line: int
    scope: Scope
    hides: tuple[Origin, ...] = ()
    includes: tuple[Origin, ...] = ()
    value: Any = field(default=None, compare=False)
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Package:
    """What is known of an installed package that brings personas.

    Attributes:
        distribution: Its name.
        has_engines: Whether it brings engines too; then its personas are default ones.
        programs: For engines that need a program the names that it may have on PATH.
    """

    distribution: str
    has_engines: bool = False
    programs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a whole definition comes from.

    Attributes:
        file: The file.
        scope: Its scope.
        root: The folder that relative paths may also be relative to: the one that
            holds ``.jupyter`` for a project, else the file's own folder.
        package: The package that brings it, in scope builtin.
    """

    file: Path
    scope: Scope
    root: Path
    package: Package | None = field(default=None, compare=False)

    @property
    def is_default(self) -> bool:
        """Whether what it defines are default personas: those that packages of engines bring."""
        return self.package is not None and self.package.has_engines

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where relative paths are looked up, in order; in a project never above its root."""
        beside = self.file.parent
        return (beside, self.root) if self.holds(beside) else (self.root,)

    @property
    def bounded(self) -> bool:
        """Whether relative paths must stay in the root: a project may be somebody else's."""
        return self.scope is Scope.PROJECT

    def holds(self, path: Path) -> bool:
        """Whether a relative path in the file may lead to ``path``, after links."""
        return not self.bounded or lies_in(real(path), real(self.root))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a definition comes from. Made by `PersonaDefinition.located` and `keyed`."""

    key: str = ""
    source: Source | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict)
    implied: frozenset[str] = frozenset()
    sources: Mapping[str, Source] = field(default_factory=dict)
    code: CodeReference | None = None


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


def persona_id(slug: str) -> str:
    """Return the id that a persona has in chats, for its short name."""
    return f"persona::{slug}"


def slugify(text: str) -> str:
    """Return a short name made from any text, or an empty string if nothing is left."""
    plain = unicodedata.normalize("NFKD", text.strip().casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    slug = re.sub(r"[^a-z0-9._-]+", "-", plain).strip("-._")
    return slug[:64].rstrip("-._")


def slug_of(name: str) -> str:
    """Return a short name for any shown name; one without Latin letters gets its digest."""
    return slugify(name) or f"persona-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def title_of(slug: str) -> str:
    """Return a name to show for a short name: ``data-sage`` becomes ``Data Sage``."""
    return " ".join(word[:1].upper() + word[1:] for word in re.split(r"[-_.]+", slug) if word)


def _flat(model: PersonaModel) -> dict[str, Any]:
    """Return a model as an entry of ``preferred_models``."""
    entry: dict[str, Any] = {"provider": model.provider, "model": model.model}
    if model.model_url is not None:
        entry["model_url"] = model.model_url
    entry["temperature"] = model.temperature
    entry["top_p"] = model.top_p
    entry["max_output_tokens"] = model.max_output_tokens
    return entry
