"""Functions that a model may call in one turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Function:
    """A function that code gives a model for a turn.

    Attributes:
        name: Its name.
        description: What the model reads of it.
        parameters: JSON Schema of the arguments.
        call: Called with the arguments; gives what the model reads. What it raises is told
            to the model.
    """

    name: str
    description: str
    call: Callable[[dict[str, Any]], Awaitable[str]]
    parameters: Mapping[str, Any] = field(default_factory=dict)
