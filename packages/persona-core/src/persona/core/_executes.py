"""How an engine says which of its options make something run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

ALWAYS = ("command", "args", "env")
"""Options that count for every engine, also for one that does not say so."""


@dataclass(frozen=True, slots=True)
class Executes:
    """Marks an option that lets a program run, or lets the engine use tools without asking.

    Written into the engine's model of its options::

        class Options(BaseModel):
            permissions: Annotated[str, Executes(unless=("ask",))] = "ask"

    A project's persona that sets such an option waits until its user trusts it.

    Attributes:
        unless: Values that let nothing run.
    """

    unless: tuple[Any, ...] = ()

    def counts(self, value: object) -> bool:
        """Whether a value lets something run; what is not set does not."""
        if value is None or value == {} or value == []:
            return False
        return not any(type(value) is type(safe) and value == safe for safe in self.unless)


def executing_options(
    model: type[BaseModel] | None, options: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Yield the options that let something run, with their values.

    Args:
        model: The engine's own model of its options, or None if there is none.
        options: The options as they are set.
    """
    marks = {key: Executes() for key in ALWAYS}
    for name, field in (model.model_fields if model is not None else {}).items():
        found = next((m for m in field.metadata if isinstance(m, Executes)), None)
        if found is not None:
            marks |= {key: found for key in (name, field.alias) if key}
    for key, value in options.items():
        if key in marks and marks[key].counts(value):
            yield key, value
