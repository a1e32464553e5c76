"""Markdown for what is not the model's own text. Everything from outside is escaped."""

from __future__ import annotations

import html
import json

from persona.core._diffs import render_locations
from persona.core._errors import TurnError
from persona.core._events import ModeChange, Plan
from persona.core._thoughts import Thoughts
from persona.core._tools import ToolLog, ToolRow

_MARK = {"pending": "…", "in_progress": "…", "completed": "✓", "failed": "✗"}
_STEP = {"pending": "○", "in_progress": "◐", "completed": "●"}
_LONGEST = 2_000
_LONGEST_TITLE = 300
_SHORT = 800
"""Characters of an input, an output or thoughts: a message's report holds more of them."""


def render_failure(error: TurnError) -> str:
    """Return one line of what happened, one of what to do, and folded details."""
    lines = [f"⚠ **{escape_markdown(error.summary)}**"]
    if error.fix:
        lines.append(error.fix)
    if error.details:
        lines.append(_folded("Details", error.details))
    return "\n\n".join(lines)


def render_tools(log: ToolLog) -> str:
    """Return the tool calls as one folded list."""
    rows = list(log)
    names = ", ".join(dict.fromkeys(_title(row) for row in rows))
    failed = any(row.status == "failed" for row in rows)
    verb = "Using" if log.busy else "Tried" if failed else "Used"
    inside = "\n".join(_tool(row) for row in rows)
    return f"<details><summary>⚙ {verb} {_inline(names)}</summary>\n\n{inside}\n</details>"


def render_plan(plan: Plan) -> str:
    """Return the plan as a list with a mark for each step's state."""
    return "\n".join(
        f"- {_STEP.get(entry.status, '○')} {escape_markdown(entry.content)}"
        for entry in plan.entries
    )


def render_thought(thoughts: Thoughts) -> str:
    """Return the thoughts folded; nothing if there are none to be read."""
    text = thoughts.text[: _SHORT + 1]
    return _folded(f"💭 {thoughts.title}", text, _SHORT) if text.strip() else ""


def render_mode(change: ModeChange) -> str:
    """Return the notice that the agent goes on in another mode."""
    return f"*Mode: {escape_markdown(change.name or change.mode)}.*"


def escape_markdown(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is, on one line."""
    text = html.escape(" ".join(text.split()), quote=False)
    for char in "\\`*_[]|$~":
        text = text.replace(char, "\\" + char)
    return text


def _tool(row: ToolRow) -> str:
    where = f" · {_inline(row.server)}" if row.server else ""
    head = f"<p>{_MARK.get(row.status, '')} <b>{_inline(_title(row))}</b>{where}</p>"
    parts = [head]
    if row.input:
        parts.append(_pre(json.dumps(dict(row.input), ensure_ascii=False, default=str), _SHORT))
    if row.output:
        parts.append(_pre(row.output, _SHORT))
    # Markdown is read again after an empty line, and HTML after the next one.
    if places := render_locations(row.locations):
        parts.append(f"\n\n{places}\n")
    if row.changes:
        parts.append(f"\n\n{row.changes}\n")
    return "".join(parts)


def _title(row: ToolRow) -> str:
    title = row.title
    return title if len(title) <= _LONGEST_TITLE else f"{title[:_LONGEST_TITLE]}…"


def _inline(text: str) -> str:
    text = html.escape(" ".join(text.split()), quote=False)
    return text.replace("$", "&#36;").replace("`", "&#96;")


def _folded(title: str, text: str, longest: int = _LONGEST) -> str:
    inside = _pre(text, longest)
    return f"<details><summary>{html.escape(title)}</summary>\n\n{inside}\n</details>"


def _pre(text: str, longest: int = _LONGEST) -> str:
    text = text if len(text) <= longest else text[:longest] + "…"
    # An empty line would end the HTML block and let Markdown read the rest.
    lines = [
        html.escape(line, quote=False) if line.strip() else "&nbsp;" for line in text.splitlines()
    ]
    body = "\n".join(lines).replace("$", "&#36;").replace("`", "&#96;")
    return f"<pre>{body}</pre>"
