"""What the chat itself says: tables, hints, findings. Markdown, outside text escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from persona.core import Absent, Diagnostic, EngineSupport, escape_markdown, mention_name

EXAMPLE = """```yaml
---
identity:
  name: Helper
model: ollama/llama3.1
---
You are a friendly assistant.
```"""

_MOST = 12
"""How many names one sentence lists."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A persona as listings show it."""

    slug: str
    name: str
    mention_name: str
    engine: str
    model: str | None
    scope: str
    file: str
    state: str
    description: str | None = None
    detail: str | None = None
    session: Mapping[str, Any] | None = None
    changed: Mapping[str, Any] = field(default_factory=dict)
    """What was changed in this chat, by dotted path."""
    fault: str | None = None
    """Why it is in use as it was before its last edit, if it is."""
    activity: str | None = None
    """What one that is busy does: ``starting``, ``thinking``, ``writing``, ``tool``, …"""
    line: int | None = None
    """Where in the file it begins, if that is known; what is wrong with it, if it is broken."""
    package: str | None = None
    """The package that brings it, if one does."""
    path: str | None = None
    """The file's path below the server's root, if it lies there."""


@dataclass(slots=True)
class Refreshed:
    """What a refresh found."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    total: int = 0
    broken: int = 0
    kept: int = 0
    refused: int = 0


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


def refreshed(result: Refreshed) -> str:
    """Return what ``/refresh-personas`` answers."""
    parts = [f"{result.total} persona{'s' if result.total != 1 else ''} ready."]
    if result.added:
        parts.append(f"New: {_names(result.added)}.")
    if result.removed:
        parts.append(f"Gone: {_names(result.removed)}.")
    parts += [
        f"{escape_markdown(was)} goes on as {escape_markdown(now)}."
        for was, now in result.renamed.items()
    ]
    parts += [f"{escape_markdown(n)}: {', '.join(b)} changed." for n, b in result.changed.items()]
    parts += [f"{escape_markdown(n)} stays as it was: {m}" for n, m in result.failed.items()]
    news = (result.added, result.removed, result.renamed, result.changed, result.failed)
    if not any(news):
        parts.append("Nothing changed.")
    if result.broken:
        parts.append(f"{result.broken} file{'s' if result.broken != 1 else ''} cannot be used.")
    if result.kept:
        parts.append(
            f"{result.kept} persona{'s keep their' if result.kept != 1 else ' keeps its'} "
            "last good version: see `/personas`."
        )
    if result.refused:
        parts.append(
            f"{result.refused} persona{'s are' if result.refused != 1 else ' is'} "
            "not allowed on this server: see `/personas`."
        )
    return " ".join(parts)


def stopped(count: int) -> str:
    """Return what ``/stop`` answers."""
    if count == 0:
        return "Nothing was running."
    return f"Stopped {count} {'reply' if count == 1 else 'replies'}."


def restarted(name: str, stopped: bool) -> str:
    """Return what ``/restart`` answers for one persona."""
    end = " The reply that was being written is stopped." if stopped else ""
    return f"{escape_markdown(name)} starts anew with the next message.{end}"


def no_personas() -> str:
    """Return how to make a first persona."""
    return (
        "There is no persona here yet. Save this as `.jupyter/personas/helper.persona.md` "
        "in the project, with a model that you have. It is there a moment later, at the "
        f"latest when you send `/refresh-personas`:\n\n{EXAMPLE}"
    )


def who_answers(rows: Sequence[Listed]) -> str:
    """Return the question to whom a message goes; those that cannot answer only if all."""
    rows = [row for row in rows if row.state not in ("broken", "unavailable")] or rows
    names = ", ".join(f"`@{row.mention_name}`" for row in rows[:_MOST])
    more = f" and {len(rows) - _MOST} more (`/personas`)" if len(rows) > _MOST else ""
    return f"Who should answer? Begin your message with one of: {names}{more}."


def unknown_mention(word: str, guess: str | None, rows: Sequence[Listed]) -> str:
    """Return what the chat says about a mention of nobody."""
    nobody = f"Nobody here is called @{escape_markdown(word)}."
    if guess:
        return f"{nobody} Did you mean `@{guess}`?"
    return f"{nobody} {who_answers(rows) if rows else no_personas()}"


def not_here(absent: Absent) -> str:
    """Return why a default persona of a package that was mentioned does not answer."""
    name = mention_name(absent.definition.identity.name)
    why = absent.why
    return f"`@{name}` cannot run here. {escape_markdown(why.what)} {why.fix}"


def removed(slug: str, name: str) -> str:
    """Return why a persona that was removed from the chat does not answer."""
    return f"{escape_markdown(name)} was removed from this chat. `/add @{slug}` brings it back."


def other_default(missing: str, name: str) -> str:
    """Return that another persona answers than the one that was named for it."""
    return f"{missing} {escape_markdown(name)} answers instead, being the only one here."


def several_people() -> str:
    """Return the hint that from now on only mentions are answered."""
    return (
        "Several people write in this chat, so personas answer only when they are "
        "mentioned, for example `@Name`."
    )


def too_many_hops(name: str, limit: int) -> str:
    """Return why a persona that another persona addressed does not answer."""
    return (
        f"{escape_markdown(name)} was not asked: personas have answered each other "
        f"{limit} times in a row. Write a message to go on."
    )


def broken_engine(name: str, summary: str, fix: str) -> str:
    """Return why a persona whose engine cannot be made does not answer."""
    return (
        f"**{escape_markdown(name)} cannot answer.** {escape_markdown(summary)} "
        f"{escape_markdown(fix)}"
    )


def gone(name: str) -> str:
    """Return why a message that waited for a persona gets no answer."""
    return f"{escape_markdown(name)} is gone and does not answer this message any more."


def broken_persona(name: str, found: Sequence[Diagnostic], root: Path) -> str:
    """Return why a persona that was addressed cannot answer."""
    return f"**{escape_markdown(name)} cannot answer.** Its file has to be repaired:\n\n" + (
        _findings(found, root) + "\n\nThen ask again, or send `/refresh-personas` first."
    )


def kept(names: Sequence[str], found: Sequence[Diagnostic], root: Path) -> str:
    """Return the notice that personas stay in use as they were before an edit."""
    whose = "its file is" if len(names) == 1 else "their files are"
    keep = "keeps its" if len(names) == 1 else "keep their"
    first = f"**{_names(names)}** {keep} last good version until {whose} repaired:"
    more = len(found) - _MOST
    tail = f"\n- and {more} more" if more > 0 else ""
    return f"{first}\n\n{_findings(found[:_MOST], root)}{tail}"


def mended(names: Sequence[str]) -> str:
    """Return that the files of personas are used again."""
    if len(names) == 1:
        return f"The file of **{_names(names)}** is repaired and used again."
    return f"The files of **{_names(names)}** are repaired and used again."


def no_longer_kept() -> str:
    """Return what stands in place of a notice about personas that are gone by now."""
    return "The personas that kept their last good version here are gone."


def diagnostics(found: Sequence[Diagnostic], root: Path) -> str:
    """Return the one quiet message about what is wrong with persona files."""
    errors = [d for d in found if d.severity == "error"]
    if not errors:
        return "All persona files can be used."
    files = len({d.file for d in errors})
    what = "One persona file needs" if files == 1 else f"{files} persona files need"
    return (
        f"<details><summary>{what} a look; other personas are not affected.</summary>\n\n"
        f"{_findings(errors, root)}\n\n</details>"
    )


def shown_path(file: Path, root: Path) -> str:
    """Return a path as people read it: relative to the server's root, or from the home."""
    if file.is_relative_to(root):
        return file.relative_to(root).as_posix()
    home = Path.home()
    return f"~/{file.relative_to(home).as_posix()}" if file.is_relative_to(home) else str(file)


def where(found: Diagnostic, file: Path, root: Path) -> str:
    """Return line and message of a finding; with its file if that is not ``file``."""
    line = (
        f"line {found.line}"
        if found.file == file
        else f"{shown_path(found.file, root)}:{found.line}"
    )
    return f"{line}: {found.message}"


def _findings(found: Sequence[Diagnostic], root: Path) -> str:
    return "\n".join(
        f"- `{shown_path(d.file, root)}:{d.line}` {escape_markdown(d.message)}"
        + (f" {escape_markdown(d.fix)}" if d.fix else "")
        + f" ({d.code})"
        for d in found
    )


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


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(escape_markdown(name) for name in names[:_MOST])
    more = len(names) - _MOST
    return f"{shown} and {more} more" if more > 0 else shown
