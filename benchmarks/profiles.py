"""Whose JavaScript held the main thread, from a CPU profile of Chromium."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OURS = "/extensions/persona-jupyter/"
_IDLE = ("(idle)", "(root)")


def longest(profile: Mapping[str, Any]) -> tuple[float, float]:
    """Return milliseconds of our code: in the frame that had most of it, and in all.

    A frame is here what lies between two samples in which the main thread was idle: never less
    than one frame of the screen. Ours is all that was called from our files, React's drawing
    of our components but for what it does between them.
    """
    nodes = {node["id"]: node for node in profile["nodes"]}
    parents = {child: node["id"] for node in nodes.values() for child in node.get("children", ())}
    ours: dict[int, bool] = {}

    def is_ours(number: int) -> bool:
        path = []
        at: int | None = number
        while at is not None and at not in ours:
            path.append(at)
            if OURS in nodes[at]["callFrame"]["url"]:
                ours[at] = True
                break
            at = parents.get(at)
        found = at is not None and ours[at]
        ours.update(dict.fromkeys(path, found))
        return found

    most = held = total = 0.0
    # The time of a sample is that until the next one.
    lasting = [*profile["timeDeltas"][1:], 0]
    for sample, duration in zip(profile["samples"], lasting, strict=True):
        if nodes[sample]["callFrame"]["functionName"] in _IDLE:
            held = 0.0
        elif is_ours(sample):
            held += duration / 1e3
            total += duration / 1e3
            most = max(most, held)
    return most, total
