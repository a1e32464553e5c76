"""Tool calls, plans and thoughts as plain data, for front ends that draw them themselves.

A message carries them in its metadata, beside the Markdown that reads well without. All of
it is text from outside, to be shown as text, and bounded: what was cut is counted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice
from typing import Any

from persona.core._diffs import FileChange
from persona.core._events import FilePosition, Plan
from persona.core._fences import plain_text
from persona.core._places import Places
from persona.core._thoughts import LONGEST, Thoughts
from persona.core._tools import ToolLog, ToolRow

_LONGEST = 2_000
"""Characters of an input or an output."""

_LONGEST_LINE = 300
"""Characters of a title, a name, a path or a step."""

_LINES = 40
"""Lines of changes of one call, all files together."""

_CHARACTERS = 4_000
"""Characters of them."""

_MOST = 20
"""Files and places of one call."""

_STEPS = 100
"""Steps of a plan."""


def tools_report(log: ToolLog, places: Places) -> list[dict[str, Any]]:
    """Return the calls in their order; what is not known of one is left out.

    A call has ``id``, ``title`` and ``status``; perhaps ``server``, ``kind``, ``input`` (JSON
    as text), ``output``, ``diffs`` and ``locations``. ``hidden`` counts what was cut: the
    characters of ``input`` and ``output``, the further files and places.
    """
    return [_call(call_id, row, places) for call_id, row in log.items()]


def plan_report(plan: Plan) -> list[dict[str, Any]]:
    """Return the steps: ``content`` and ``status``."""
    return [
        {"content": _line(entry.content), "status": entry.status} for entry in plan.entries[:_STEPS]
    ]


def thought_report(thoughts: Thoughts) -> dict[str, Any]:
    """Return ``text``; ``seconds`` once it is over; ``hidden``: characters that were cut."""
    report: dict[str, Any] = {"text": _seen(thoughts.text, LONGEST)}
    if not thoughts.running:
        report["seconds"] = round(thoughts.seconds, 1)
    if thoughts.hidden:
        report["hidden"] = thoughts.hidden
    return report


def _call(call_id: str, row: ToolRow, places: Places) -> dict[str, Any]:
    call: dict[str, Any] = {"id": _line(call_id), "title": _line(row.title), "status": row.status}
    hidden: dict[str, int] = {}
    for name, word in (("server", row.server), ("kind", row.kind)):
        if word:
            call[name] = _line(word)
    given = json.dumps(dict(row.input), ensure_ascii=False, default=str) if row.input else ""
    for name, text in (("input", given), ("output", row.output)):
        if text:
            call[name] = _seen(text, _LONGEST)
        if len(text) > _LONGEST:
            hidden[name] = len(text) - _LONGEST
    if row.edits:
        call["diffs"] = _diffs(row.edits, places)
    if len(row.edits) > _MOST:
        hidden["diffs"] = len(row.edits) - _MOST
    where = list(dict.fromkeys(place for place in row.locations if place.path))
    if where:
        call["locations"] = [_place(place, places) for place in where[:_MOST]]
    if len(where) > _MOST:
        hidden["locations"] = len(where) - _MOST
    return call | {"hidden": hidden} if hidden else call


def _diffs(edits: Sequence[FileChange], places: Places) -> list[dict[str, Any]]:
    """Return the changes of files: where, how much, and the lines as far as they are shown."""
    found: list[dict[str, Any]] = []
    lines, characters = _LINES, _CHARACTERS
    for edit in islice(edits, _MOST):
        if lines <= 0 or characters <= 0:  # named only: comparing takes its time
            found.append(_place(FilePosition(edit.diff.path), places) | {"text": ""})
            continue
        text = "\n".join(edit.lines[:lines])
        cut = "…" if len(text) > characters else ""
        text = text[:characters]
        shown = text.count("\n") + 1 if text else 0
        change = _place(FilePosition(edit.diff.path), places) | {
            "is_new": edit.diff.old is None,
            "added": edit.added,
            "removed": edit.removed,
            "text": _seen(text, _CHARACTERS) + cut,
        }
        if shown < len(edit.lines):
            change["hidden"] = len(edit.lines) - shown
        found.append(change)
        lines -= shown
        characters -= len(text)
    return found


def _place(place: FilePosition, places: Places) -> dict[str, Any]:
    """Return ``path`` as the engine names it, ``line``, and where to ``open`` it, if anywhere."""
    found: dict[str, Any] = {"path": _line(place.path)}
    if place.line is not None:
        found["line"] = place.line
    below = places.below_root(place.path)
    if below is not None and below.isprintable() and len(below) <= _LONGEST:
        found["open"] = below
    return found


def _seen(text: str, longest: int) -> str:
    """Return the beginning with what cannot be seen written out, which makes it longer."""
    return plain_text(text[:longest])[: 2 * longest]


def _line(text: str) -> str:
    line = " ".join(plain_text(text).split())
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"
