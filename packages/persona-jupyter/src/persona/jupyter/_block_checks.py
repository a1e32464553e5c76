"""What is refused of changes to a persona of a chat, before anything is changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from persona.core import (
    ChangeError,
    Changes,
    DefinitionError,
    EngineError,
    EngineRegistry,
    blanked_at,
    did_you_mean,
    looks_secret,
    mention_name,
)
from persona.jupyter._readiness import support_of
from persona.loaders import split_key

if TYPE_CHECKING:
    from persona.jupyter._in_use import PersonasInUse
    from persona.jupyter._overlay import Changed
    from persona.jupyter._policy import Policy

_DEEPEST = 24
"""Levels of lists and mappings in one value."""


class BlockChecks:
    """Refuses what the server does not allow, names that are taken, and what engines do not take.

    Args:
        personas: The personas.
        registry: Engines.
        policy: What the server allows.
        root: The server's root folder.
        people: Returns the people of the chat: username → name shown.
    """

    def __init__(
        self,
        personas: PersonasInUse,
        registry: EngineRegistry,
        policy: Policy,
        root: Path,
        people: Callable[[], Mapping[str, str]],
    ) -> None:
        self._personas = personas
        self._registry = registry
        self._policy = policy
        self._root = root
        self._people = people

    async def refuse(self, slug: str, changed: Changed, values: Changes) -> None:
        """Refuse what a persona would be with new values; may import its engine.

        Args:
            slug: Its short name.
            changed: What it would be.
            values: The new values by dotted path.

        Raises:
            ChangeError: It is not possible, or not allowed.
        """
        definition = changed.definition
        if changed.fault is not None:
            raise ChangeError(changed.fault)
        refusal = self._policy.refusal(definition)
        if refusal is not None:
            raise ChangeError(f"{refusal.what} {refusal.fix}".strip())
        if "identity.name" in values:
            self._check_name(slug, definition.identity.name)
        if "engine" in values or any(path.startswith("options.") for path in values):
            await asyncio.to_thread(self._check_engine, changed, values)

    def _check_name(self, slug: str, name: str) -> None:
        if name.startswith("@"):
            raise ChangeError("Write the new name without the @.")
        forms = {name.casefold(), mention_name(name).casefold()}
        for theirs in ("Personas", *self._people().values()):
            if forms & {theirs.casefold(), mention_name(theirs).casefold()}:
                raise ChangeError(f"{theirs!r} is called so already.")
        for other, definition in self._personas.everyone.personas.items():
            theirs = definition.identity.name
            if other != slug and forms & {
                *(other.casefold(), theirs.casefold()),
                mention_name(theirs).casefold(),
            }:
                raise ChangeError(f"{theirs!r} ({other}) is called so already.")

    def _check_engine(self, changed: Changed, values: Changes) -> None:
        """Refuse an engine that cannot be used, and options that it does not take; blocking."""
        definition = changed.definition
        try:
            model = self._registry.load(definition.engine).options_model
        except EngineError as exc:
            raise ChangeError(f"{exc.summary} {exc.fix}".strip()) from exc
        given = {path.split(".")[1] for path in values if path.startswith("options.")}
        if model is not None and given & {*changed.left}:
            try:
                model.model_validate({**definition.options, **_options(values)})
            except ValidationError as exc:
                raise ChangeError(_wrong_option(definition.engine, exc, model)) from exc
        if "engine" in values and definition.name not in self._personas.view.untrusted:
            missing = support_of(definition, self._registry, self._root).missing
            if missing:
                raise ChangeError(" ".join(f"{m.what} {m.fix}".strip() for m in missing))


def refuse_values(values: Changes) -> None:
    """Refuse values that no chat keeps, whichever persona they are for.

    Raises:
        ChangeError: One cannot be kept or written into a file, or looks like a secret.
    """
    _refuse_unkeepable(values)
    _refuse_secrets(values)


def _refuse_unkeepable(values: Changes) -> None:
    for path, value in values.items():
        try:
            if list(split_key(path)) != path.split("."):
                raise ChangeError(f"{path[:60]!r} cannot be changed in a chat.")
        except DefinitionError as exc:  # `/save` could not write it
            raise ChangeError(str(exc)) from exc
        try:
            json.dumps([path, value], allow_nan=False, ensure_ascii=False).encode()
            deep = _depth(value) > _DEEPEST
        except (ValueError, TypeError, RecursionError) as exc:
            what = "is no text, number, list or mapping that can be kept"
            raise ChangeError(f"The value of {path[:60]} {what}.") from exc
        if deep:
            raise ChangeError(f"The value of {path[:60]} is nested too deeply.")


def _depth(value: object) -> int:
    inner: Iterable[object] = ()
    if isinstance(value, Mapping):
        inner = value.values()
    elif isinstance(value, list):
        inner = value
    return 1 + max(map(_depth, inner), default=0)


def _refuse_secrets(values: Changes) -> None:
    for path, value in values.items():
        if path.startswith("options."):
            found = blanked_at(path, value) != value
        else:  # word by word: "the password: tell nobody" in a prompt is none
            found = any(looks_secret("", word) for text in _texts(value) for word in text.split())
        if found:
            raise ChangeError(
                f"{path.removeprefix('options.')} looks like a secret, and chats are no place "
                "for one: others read them. Put it into an environment variable, which an option "
                "names as `${NAME}`, and delete the message that holds it."
            )


def _texts(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []


def _wrong_option(engine: str, exc: ValidationError, model: Any) -> str:
    error = exc.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in error["loc"]) or "The options"
    if error["type"] != "extra_forbidden":
        return f"{key}: {error['msg']}."
    known = sorted(field.alias or name for name, field in model.model_fields.items())
    guess = did_you_mean(key, known)
    hint = f"Did you mean {guess!r}?" if guess else f"It has: {', '.join(known)}."
    return f"The engine {engine!r} has no option {key!r}. {hint}"


def _options(values: Changes) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for path, value in values.items():
        if path.startswith("options.") and value is not None:
            *parents, last = path.split(".")[1:]
            inner = options
            for key in parents:
                inner = inner.setdefault(key, {})
            inner[last] = value
    return options
