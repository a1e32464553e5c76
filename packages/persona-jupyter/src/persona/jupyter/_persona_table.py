"""The table of ``/personas``: who is here, in which state, and what the engines honour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from persona.core import EngineSupport, escape_markdown
from persona.jupyter._listing import Listed
from persona.jupyter._notices import no_personas


def persona_table(rows: Sequence[Listed], supports: Mapping[str, EngineSupport]) -> str:
    """Return the table of ``/personas``, and folded below it what the engines honour.

    Args:
        rows: The personas.
        supports: What each of them honours and misses, by short name.
    """
    if not rows:
        return no_personas()
    lines = ["| Persona | Engine | Model | Where from | State |", "|:--|:--|:--|:--|:--|"]
    for row in rows:
        cells = (
            _mention(row),
            _here(row, row.engine, "engine"),
            _here(row, row.model or "–", "model.model_id"),
            f"{row.scope}: {escape_markdown(row.file)}",
            escape_markdown(_state(row, supports.get(row.slug))),
        )
        lines.append("| " + " | ".join(cells) + " |")
    honoured = [(row, supports[row.slug]) for row in rows if row.slug in supports]
    return "\n".join(lines) + (f"\n\n{_honoured(honoured)}" if honoured else "")


def _honoured(rows: Sequence[tuple[Listed, EngineSupport]]) -> str:
    """Return what has an effect, folded: few need to know."""
    lines = [
        "| Persona | Model | Prompt | Tools | Skills | Options | Without effect |",
        "|:--|:--|:--|:--|:--|:--|:--|",
    ]
    for row, support in rows:
        levels = (
            *(support.model, support.system_prompt, support.mcp_servers),
            *(support.skills, support.options),
        )
        without = ", ".join(support.ignored) or "–"
        lines.append(f"| {_mention(row)} | {' | '.join(levels)} | {escape_markdown(without)} |")
    table = "\n".join(lines)
    return (
        "<details><summary>What the engines honour</summary>\n\n"
        "enforced: the engine sees to it. requested: the model is asked. ignored: no effect.\n\n"
        f"{table}\n\n</details>"
    )


def _state(row: Listed, support: EngineSupport | None) -> str:
    if row.fault is not None:
        return f"{row.state}, last good version: {row.fault}"
    if row.detail:
        return f"{row.state}: {row.detail}"
    if support is not None and support.missing:
        return "unavailable: " + " ".join(f"{m.what} {m.fix}" for m in support.missing)
    mode = (row.session or {}).get("mode")
    state = f"{row.state}, mode {mode['name']}" if mode else row.state
    other = [path for path in row.changed if path not in ("engine", "model.model_id")]
    return f"{state}; changed here: {', '.join(other)}" if other else state


def _here(row: Listed, text: str, path: str) -> str:
    """Return a value, marked if it was changed in this chat."""
    return escape_markdown(text) + (" (changed here)" if path in row.changed else "")


def _mention(row: Listed) -> str:
    """Return what to write to address a persona, as code where its name allows that."""
    written = f"@{row.mention_name}"
    return escape_markdown(written) if {"`", "|"} & set(written) else f"`{written}`"
