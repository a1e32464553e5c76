"""What a benchmark says: a value, what it may be, and what else was seen."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Measure:
    """One figure.

    Attributes:
        topic: What it belongs to, for example ``streaming``.
        title: What was measured, in words.
        value: The figure.
        unit: ``x`` for a ratio, else a unit.
        limit: What it must reach; None if it is only told.
        sense: ``min`` if the limit is the least, ``max`` if it is the most.
        detail: The figures behind it, by name.
        case: Where it was measured, if the same was measured in several cases.
    """

    topic: str
    title: str
    value: float
    unit: str
    limit: float | None = None
    sense: Literal["min", "max"] = "max"
    detail: dict[str, float | str] = field(default_factory=dict)
    case: str = ""

    @property
    def ok(self) -> bool:
        """Whether the limit is kept."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.sense == "min" else self.value <= self.limit


@dataclass(frozen=True)
class Cost:
    """CPU and wall seconds of one piece of work."""

    cpu: float
    wall: float


def cost_of(work: Callable[[], object]) -> Cost:
    """Run ``work`` once and return what it cost this process."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def median(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)
