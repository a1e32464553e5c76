"""Personas that extend others: finding the bases, merging, and what can be wrong with it.

A file builds on its own level or farther ones, never on a nearer one: what a user's
persona means does not depend on the project that it is used in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from persona.core._definition import PersonaDefinition
from persona.core._diagnostics import Diagnostic, did_you_mean
from persona.core._merge import Data, copy_plain, drop, merge, written
from persona.core._origins import SHOWN, MergedOrigins, sources_of

DEEPEST = 16
"""Levels of inheritance that a persona may have."""

_PARENT = re.compile(r"^[ \t]*\{\{[ \t]*parent[ \t]*\}\}[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Merged:
    """A persona with what it inherits.

    Attributes:
        definition: The whole.
        chain: The definition itself and those it builds on, the winner of each value first.
        data: What they say together.
        prompt: Those whose prompts make up the prompt, the outermost first.
        depth: Levels of inheritance below it.
    """

    definition: PersonaDefinition
    chain: tuple[PersonaDefinition, ...]
    data: Data
    prompt: tuple[PersonaDefinition, ...]
    depth: int


class Inheritance:
    """Merge the definitions of one view that extend others.

    Args:
        levels: For each short name its definitions with their level, farthest first.
        broken: Short names of files that could not be read.
    """

    def __init__(
        self,
        levels: Mapping[str, Sequence[tuple[int, PersonaDefinition]]],
        broken: frozenset[str],
    ) -> None:
        self._levels = levels
        self._broken = broken
        self._merged: dict[int, Merged | None] = {}
        self.errors: dict[int, list[Diagnostic]] = {}

    def merged(self, level: int, definition: PersonaDefinition) -> Merged | None:
        """Return the definition with what it inherits, or None if it cannot be; see `errors`."""
        if not definition.extends:
            return _plain(definition)
        if id(definition) not in self._merged:
            self._walk(level, definition)
        return self._merged[id(definition)]

    def errors_of(self, definition: PersonaDefinition) -> tuple[Diagnostic, ...]:
        """Return why the definition cannot be merged."""
        return tuple(self.errors.get(id(definition), ()))

    def _walk(self, level: int, top: PersonaDefinition) -> None:
        """Merge bases before those that build on them, without recursion."""
        path = [(level, top, self._bases(level, top))]
        while path:
            level, definition, bases = path[-1]
            base = next(bases, None)
            if base is None:
                path.pop()
                self._merged[id(definition)] = self._merge(level, definition)
                continue
            on_path = [d for _, d, _ in path]
            at = next((i for i, d in enumerate(on_path) if d is base[1]), None)
            if at is not None:
                self._tell_circle(on_path[at:])
            elif base[1].extends and id(base[1]) not in self._merged:
                path.append((*base, self._bases(*base)))

    def _bases(
        self, level: int, definition: PersonaDefinition
    ) -> Iterator[tuple[int, PersonaDefinition]]:
        for number, name in enumerate(definition.extends):
            found = self._find(name, level, definition)
            if found is not None:
                yield found
            else:
                self._tell_missing(number, name, definition)

    def _find(
        self, base: str, level: int, heir: PersonaDefinition
    ) -> tuple[int, PersonaDefinition] | None:
        scope, _, name = base.rpartition(":")
        nearest = level - 1 if name == heir.name else level
        for at, definition in reversed(self._levels.get(name, ())):
            source = definition.source
            if at <= nearest and (not scope or (source and source.scope == scope)):
                return at, definition
        return None

    def _merge(self, level: int, heir: PersonaDefinition) -> Merged | None:
        if id(heir) in self.errors:
            return None
        bases: list[Merged] = []
        for number, name in enumerate(heir.extends):
            found = self._find(name, level, heir)
            base = self.merged(*found) if found else None
            if base is None:
                self._tell(heir, number, "P313", f"The base {name!r} cannot be used.",
                           "Correct that persona first.")  # fmt: skip
                return None
            bases.append(base)
        depth = 1 + max(base.depth for base in bases)
        if depth > DEEPEST:
            self._tell(heir, 0, "P312", f"This is more than {DEEPEST} levels of inheritance.",
                       "Extend a persona that is nearer to the first one.")  # fmt: skip
            return None
        return self._laid_over(heir, bases, depth)

    def _laid_over(
        self, heir: PersonaDefinition, bases: Sequence[Merged], depth: int
    ) -> Merged | None:
        data: Data = {}
        for base in bases:
            data = merge(data, _inherited(base, heir))
        own = written(heir)
        prompt = next((b.prompt for b in reversed(bases) if b.prompt), ())
        text = heir.context.system_prompt
        if text is not None and _PARENT.search(text):
            parent = (data.get("context") or {}).get("system_prompt") or ""
            own["context"]["system_prompt"] = _PARENT.sub(lambda _: parent, text).strip()
            prompt = (heir, *prompt)
        elif text is not None:
            prompt = (heir,)
        data = merge(data, own)
        chain = _unique([heir, *(d for base in reversed(bases) for d in base.chain)])
        whole = copy_plain({**data, "name": heir.name, "extends": heir.extends})
        for key in ("enabled", "formerly"):
            if key in heir.model_fields_set:
                whole[key] = getattr(heir, key)
        implied = frozenset[str]()
        if "name" not in whole.setdefault("identity", {}):
            whole["identity"]["name"] = heir.identity.name
            implied = frozenset({SHOWN})
        try:
            definition = PersonaDefinition.model_validate(whole, context={"merged": True})
        except ValidationError as exc:
            self._tell_invalid(heir, exc)
            return None
        if heir.source is not None:
            origins = MergedOrigins(chain, data, prompt[1:])
            definition = definition.located(heir.source, origins, implied, sources_of(chain))
        code = next((d.code for d in chain if d.code is not None), None)
        if code is not None and definition.engine == next(d.engine for d in chain if d.code):
            definition = definition.with_code(code)
        return Merged(definition, chain, data, prompt, depth)

    # -- what is wrong -------------------------------------------------------

    def _tell_circle(self, circle: Sequence[PersonaDefinition]) -> None:
        for at, definition in enumerate(circle):
            following = [*circle[at + 1 :], *circle[: at + 1]]
            names = ", which extends ".join(repr(d.name) for d in following)
            number = next(
                (
                    i
                    for i, base in enumerate(definition.extends)
                    if base.rpartition(":")[2] == following[0].name
                ),
                0,
            )
            self._tell(definition, number, "P310", f"{definition.name!r} extends {names}.",
                       "Take one of them out of `extends`.")  # fmt: skip

    def _tell_missing(self, number: int, base: str, heir: PersonaDefinition) -> None:
        scope, _, name = base.rpartition(":")
        others = self._levels.get(name, ())
        if name in self._broken and not scope and name != heir.name:
            self._tell(heir, number, "P313", f"The base {base!r} cannot be used.",
                       "Correct the file of that persona first.")  # fmt: skip
            return
        message = f"There is no persona {base!r} to build on."
        guess = did_you_mean(name, (n for n in self._levels if n != heir.name))
        fix = f"Did you mean {guess!r}?" if guess else "Correct the name, or remove the line."
        if name == heir.name:
            where = f"in {scope} scope" if scope else "in a farther scope"
            message = f"There is no other {name!r} {where} to build on."
        elif others:
            found = dict.fromkeys(d.source.scope.value for _, d in others if d.source)
            message = f"There is no {base!r} here or in farther scopes."
            fix = f"The one in {', '.join(found)} scope is nearer; a base must not be."
        self._tell(heir, number, "P311", message, fix)

    def _tell_invalid(self, heir: PersonaDefinition, exc: ValidationError) -> None:
        for error in exc.errors(include_url=False, include_input=False):
            path = ".".join(map(str, error["loc"]))
            code = "P203" if error["type"] == "missing" else "P202"
            message = f"With what it inherits, {path} is wrong: {error['msg']}."
            fix = "Correct it here or in a base."
            if path == "model.model_id":
                message = "model has no model_id, here or in a base."
                fix = "Write provider/model, for example `model_id: ollama/llama3.1`."
            elif path == "models":
                message = "models come after model, and neither this nor a base has one."
                fix = "Write the first choice as model."
            self._tell(heir, 0, code, message, fix, error["loc"])

    def _tell(
        self,
        heir: PersonaDefinition,
        number: int,
        code: str,
        message: str,
        fix: str,
        loc: Sequence[str | int] = (),
    ) -> None:
        if heir.source is None:
            return
        keys = [".".join(map(str, loc[:n])) for n in range(len(loc), 0, -1)]
        keys += [f"extends.{number}", "extends"]
        origin = next((heir.origins[key] for key in keys if key in heir.origins), None)
        found = Diagnostic(
            code,
            message,
            heir.source.file,
            origin.line if origin else 1,
            origin.column if origin else 1,
            "error",
            fix,
        )
        told = self.errors.setdefault(id(heir), [])
        if found not in told:
            told.append(found)


def _plain(definition: PersonaDefinition) -> Merged:
    prompt = () if definition.context.system_prompt is None else (definition,)
    return Merged(definition, (definition,), written(definition), prompt, 0)


def _inherited(base: Merged, heir: PersonaDefinition) -> Data:
    """Return what ``heir`` takes over: a shown name only from a persona of its own name."""
    data = dict(base.data)
    if base.definition.name != heir.name:
        drop(data, SHOWN)
    return data


def _unique(definitions: Sequence[PersonaDefinition]) -> tuple[PersonaDefinition, ...]:
    return tuple({id(d): d for d in definitions}.values())
