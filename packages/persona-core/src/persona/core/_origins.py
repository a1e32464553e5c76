"""Where each value of a merged definition stands, and what it hides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from persona.core._definition import PersonaDefinition
from persona.core._merge import NEVER_INHERITED, Data, paths, written
from persona.core._source import Origin, Source

PROMPT = "context.system_prompt"
SHOWN = "identity.name"
WITH_PATHS = ("context.skills_paths", "identity.avatar")
"""Values with paths that are relative to the file that says them."""

Layer = tuple[PersonaDefinition, Mapping[str, Any]]
"""A definition and what its file says, by dotted path."""


class MergedOrigins(Mapping[str, Origin]):
    """For each value, by dotted path, where it stands and what it hides.

    Made when somebody first asks: most definitions are never asked.

    Args:
        chain: The definition and those that it builds on, the winner of each value first.
        data: What they say together.
        included: Those whose prompt is a part of the prompt.
        farther: Definitions of the same name that it replaces, nearest first.
    """

    def __init__(
        self,
        chain: Sequence[PersonaDefinition],
        data: Data,
        included: Sequence[PersonaDefinition] = (),
        farther: Sequence[PersonaDefinition] = (),
    ) -> None:
        self._chain = chain
        self._data = data
        self._included = included
        self._farther = farther

    @cached_property
    def _table(self) -> dict[str, Origin]:
        own = self._chain[0]
        said = [(d, dict(paths(written(d)))) for d in self._chain]
        lost = [(d, dict(paths(written(d)))) for d in self._farther]
        table: dict[str, Origin] = {}
        for key in NEVER_INHERITED:
            if key in own.origins:
                others = (
                    () if key == "name" else _places(key, [(d, _own(d)) for d in self._farther])
                )
                table[key] = replace(own.origins[key], hides=others)
        table |= {k: o for k, o in own.origins.items() if k.startswith(("extends.", "formerly."))}
        for path, value in paths(self._data):
            layers = [
                layer
                for layer in (*said, *lost)
                if path in layer[1] and (path != SHOWN or layer[0].name == own.name)
            ]
            table |= self._origins_of(path, value, layers)
        return table

    def _origins_of(
        self, path: str, value: object, layers: Sequence[Layer]
    ) -> Iterator[tuple[str, Origin]]:
        winner, *others = layers
        origin = winner[0].origins.get(path)
        if origin is None:  # a loader that does not say
            return
        if isinstance(value, Mapping):
            others = [layer for layer in others if not isinstance(layer[1][path], Mapping)]
        parts = self._included if path == PROMPT else ()
        inside = [layer for layer in others if any(layer[0] is part for part in parts)]
        hidden = [layer for layer in others if layer not in inside]
        yield (
            path,
            replace(origin, hides=_places(path, hidden), includes=_places(path, inside)),
        )
        if isinstance(value, list):
            prefix = f"{path}."
            yield from ((k, o) for k, o in winner[0].origins.items() if k.startswith(prefix))

    def __getitem__(self, path: str) -> Origin:
        return self._table[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        return f"MergedOrigins({self._table!r})"


def sources_of(chain: Sequence[PersonaDefinition]) -> dict[str, Source]:
    """Return the files that say the values with relative paths, where others than the first."""
    found: dict[str, Source] = {}
    for path in WITH_PATHS:
        block, _, key = path.partition(".")
        for definition in chain:
            if key in getattr(definition, block).model_fields_set:
                if definition.source is not None:
                    found[path] = definition.source
                break
    return found


def _places(path: str, layers: Sequence[Layer]) -> tuple[Origin, ...]:
    return tuple(
        replace(d.origins[path], value=data[path])
        for d, data in layers
        if path in d.origins and path in data
    )


def _own(definition: PersonaDefinition) -> Data:
    return definition.model_dump(include=set(NEVER_INHERITED), exclude_unset=True)
