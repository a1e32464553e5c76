"""Changes blocks of a chat's personas: checked first, kept in the chat, applied at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from persona.core import (
    BLOCKS,
    ChangeError,
    Changes,
    DefinitionError,
    EngineError,
    EngineRegistry,
    PersonaDefinition,
    did_you_mean,
    looks_secret,
    mention_name,
    value_at,
)
from persona.jupyter._readiness import support_of
from persona.loaders import split_key

if TYPE_CHECKING:
    from persona.jupyter._in_use import PersonasInUse
    from persona.jupyter._overlay import Changed
    from persona.jupyter._policy import Policy


_DEEPEST = 24
"""Levels of lists and mappings in one value."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was changed of one persona.

    Attributes:
        slug: Its short name.
        name: The name shown, after the change.
        values: What is now, by dotted path.
        before: What was before, by the same paths.
        left: Options that its engine does not take, so that they rest.
        busy: Whether it takes effect after the reply that is being written.
    """

    slug: str
    name: str
    values: Mapping[str, Any]
    before: Mapping[str, Any]
    left: tuple[str, ...] = field(default=())
    busy: bool = False


class Blocks:
    """What commands and REST change of the personas of one chat.

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

    async def change(self, slug: str, values: Changes) -> Change:
        """Change values of a persona in this chat; what was changed before stays.

        Called for commands and by REST. Nothing is changed if anything of it is refused.

        Args:
            slug: Short name.
            values: New values by dotted path; None takes an option away.

        Raises:
            ChangeError: It is not possible, not allowed, or would store a secret.
        """
        done: list[Change] = []

        async def edit() -> None:
            self._require(slug)
            _refuse_unkeepable(values)
            _refuse_secrets(values)
            own = _with(self._personas.changes.of(slug), values)
            if not self._personas.changes.can_keep(slug, own):
                raise ChangeError(
                    "That is more than a chat keeps of one persona. Write it into its file."
                )
            changed = await self._personas.preview(slug, own)
            await self._check(slug, changed, values)
            before = self._personas.view.personas[slug]
            done.append(self._told(slug, values, before, changed))
            self._personas.keep(slug, own)

        await self._apply(slug, edit)
        return done[0]

    async def reset(self, slug: str, blocks: Iterable[str] = ()) -> Change:
        """Take changes back, so that the file counts again.

        Args:
            slug: Short name.
            blocks: Only these of `BLOCKS`; by default all.

        Raises:
            ChangeError: There is no such persona or block.
        """
        wanted = list(blocks)
        for block in wanted:
            if block not in BLOCKS:
                guess = did_you_mean(block, BLOCKS)
                hint = f" Did you mean {guess!r}?" if guess else f" Use: {', '.join(BLOCKS)}."
                raise ChangeError(f"{block[:40]!r} is no part of a persona.{hint}")
        done: list[Change] = []

        async def edit() -> None:
            self._require(slug)
            before = self._personas.view.personas[slug]
            paths = self._personas.changes.reset(slug, wanted)
            own = self._personas.changes.of(slug)
            after = await self._personas.preview(slug, own)
            values = {path: value_at(after.definition, path) for path in paths}
            done.append(self._told(slug, values, before, after))

        await self._apply(slug, edit)
        return done[0]

    async def accept(self, slug: str) -> Change:
        """Let what was changed of a persona on another server count here.

        Raises:
            ChangeError: There is nothing, or it is not possible here.
        """
        foreign = self._personas.changes.foreign().get(slug)
        if not foreign:
            raise ChangeError("Nothing was changed elsewhere.")
        return await self.change(slug, foreign)

    async def _apply(self, slug: str, edit: Any) -> None:
        before = self._personas.changes.of(slug)
        result = await self._personas.change(edit)
        if result.failed:

            async def back() -> None:
                self._personas.changes.put(slug, before)

            await self._personas.change(back)
            raise ChangeError(" ".join(result.failed.values()))

    def _told(
        self, slug: str, values: Changes, before: PersonaDefinition, after: Changed
    ) -> Change:
        live = self._personas.live.get(slug)
        return Change(
            slug=slug,
            name=after.definition.identity.name,
            values=values,
            before={path: value_at(before, path) for path in values},
            left=after.left,
            busy=live is not None and live.replying,
        )

    def _require(self, slug: str) -> None:
        if slug not in self._personas.files.personas:
            raise ChangeError("It is gone, or its file has to be repaired first.")
        if slug in self._personas.view.removed:
            raise ChangeError(f"It was removed from this chat. `/add @{slug}` brings it back.")

    async def _check(self, slug: str, changed: Changed, values: Changes) -> None:
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


def _with(own: Changes, values: Changes) -> dict[str, Any]:
    """Return changes with new ones at the end; what was set below them is not kept."""
    kept = {
        path: value
        for path, value in own.items()
        if not any(path == new or path.startswith(f"{new}.") for new in values)
    }
    return {**kept, **values}


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
            key = path.rpartition(".")[2]
            found = any(looks_secret(key, text) for text in _texts(value))
        else:  # word by word: "the password: tell nobody" in a prompt is none
            found = any(looks_secret("", word) for text in _texts(value) for word in text.split())
        if found:
            raise ChangeError(
                f"{path.removeprefix('options.')} looks like a secret, and chats are no place "
                "for one: others read them. Put it into an environment variable, and delete "
                "the message that holds it."
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
