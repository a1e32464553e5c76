"""What the chat itself says: hints and answers to commands. Markdown, outside text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from persona.core import Absent, escape_markdown, mention_name

if TYPE_CHECKING:
    from persona.jupyter._listing import Listed
    from persona.jupyter._refresh import Refreshed

EXAMPLE = """```yaml
---
identity:
  name: Helper
model: ollama/llama3.1
---
You are a friendly assistant.
```"""

MOST = 12
"""How many names one sentence lists."""


def named(names: Sequence[str]) -> str:
    """Return names in a sentence; of many only the first."""
    shown = ", ".join(escape_markdown(name) for name in names[:MOST])
    more = len(names) - MOST
    return f"{shown} and {more} more" if more > 0 else shown


def refreshed(result: Refreshed) -> str:
    """Return what ``/refresh-personas`` answers."""
    parts = [f"{result.total} persona{'s' if result.total != 1 else ''} ready."]
    if result.added:
        parts.append(f"New: {named(result.added)}.")
    if result.removed:
        parts.append(f"Gone: {named(result.removed)}.")
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
    names = ", ".join(f"`@{row.mention_name}`" for row in rows[:MOST])
    more = f" and {len(rows) - MOST} more (`/personas`)" if len(rows) > MOST else ""
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
