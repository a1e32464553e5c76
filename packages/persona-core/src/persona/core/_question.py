"""The message that asks people for permission, before and after they answer."""

from __future__ import annotations

from typing import Any

from persona.core._diffs import render_diffs, render_locations
from persona.core._events import FilePosition
from persona.core._fences import fence, plain_text
from persona.core._permissions import PermissionDecision, PermissionRequest
from persona.core._render import escape_markdown

_HINT = "\n\nAnswer with the buttons, or `/approve` or `/deny`."
"""How a message ends that waits for an answer."""

_WITHDRAWN = "\n\n*Withdrawn: the reply ended before anybody answered.*"
"""How a message ends that nobody can answer any more."""

_LONGEST_TITLE = 300


def render_question(request: PermissionRequest) -> str:
    """Return what the tool wants to do, and how to answer."""
    title = shown_title(request.title)
    said_below = title == " ".join(plain_text(request.command or "").split())
    parts = ["**May I?**" if said_below else f"**May I?** {escape_markdown(title)}"]
    if request.command:
        parts.append(fence(request.command, "sh"))
    if request.diffs:
        parts.append(render_diffs(request.diffs))
    if places := render_locations(_further(request, title)):
        parts.append(f"In {places}.")
    if request.details.strip():
        parts.append(fence(request.details))
    return "\n\n".join(parts) + _HINT


def _further(request: PermissionRequest, title: str) -> list[FilePosition]:
    """Return the places that are not said yet."""
    said = {diff.path for diff in request.diffs}
    return [
        place
        for place in request.locations
        if place.line is not None or (place.path not in said and place.path not in title)
    ]


def render_answered(body: str, decision: PermissionDecision, name: str) -> str:
    """Return the message with what was decided, and by whom, in place of how to answer.

    Args:
        body: The message as `render_question` made it.
        decision: What was decided.
        name: The name shown of who decided; empty for the persona's own settings.
    """
    option = decision.option
    if option is None:
        return mark_withdrawn(body)
    verdict = "✓ **Allowed**" if decision.allowed else "✗ **Not allowed**"
    whom = escape_markdown(plain_text(name)) if name else "the persona's settings"
    chosen = escape_markdown(shown_title(option.name))
    return f"{body.removesuffix(_HINT)}\n\n{verdict} by {whom}: {chosen}."


def mark_withdrawn(body: str) -> str:
    """Return a permission message that nobody can answer any more."""
    return body.removesuffix(_HINT) + _WITHDRAWN


def note_of(request: PermissionRequest, name: str = "") -> dict[str, Any]:
    """Return what the message remembers of the request: enough to draw its buttons.

    Args:
        request: The request.
        name: The name shown of who decided.
    """
    asked: dict[str, Any] = {
        "id": request.id,
        "title": shown_title(request.title),
        "options": [
            {"id": o.id, "name": shown_title(o.name), "kind": o.kind} for o in request.options
        ],
    }
    for key, value in (("tool_call", request.tool_call), ("kind", request.kind)):
        if value is not None:
            asked[key] = value
    decision = request.decided
    if decision is not None and decision.option is not None:
        asked["decision"] = {
            "option": decision.option.id,
            "kind": decision.option.kind,
            "by": decision.by,
            "name": name,
        }
    return asked


def shown_title(title: str) -> str:
    """Return a title as one line of bounded length in which everything is seen."""
    line = " ".join(plain_text(title).split())
    return line if len(line) <= _LONGEST_TITLE else f"{line[:_LONGEST_TITLE]}…"
