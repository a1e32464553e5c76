"""What the chat says of a persona that waits until its user trusts it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from persona.core import (
    Execution,
    LocalFile,
    TrustVersion,
    Untrusted,
    code_span,
    escape_markdown,
    fence,
    plain_text,
    render_diffs,
)
from persona.jupyter._whereabouts import shown_path

KIND = "trust"
"""Kind of the question in its note."""

WAITS = "trust-waits"
"""Kind of the reminders in their notes."""

_MOST = 40
_MOST_SHOWN = 5
"""Files whose text is shown, folded."""

_HINT = "\n\nUse the buttons, or send {words}."


def question(untrusted: Untrusted, root: Path) -> str:
    """Return what would run, what has changed, and how to decide.

    Names, commands and files come from the project, which may be somebody else's.
    """
    version = untrusted.version
    name = _shown(version.name)
    if untrusted.why == "never":
        return (
            f"**{name}** does not answer: it would run programs, and this server trusts no "
            "project. Its administrator can trust it (`PersonaManager.trusted_paths`)."
        )
    if untrusted.why == "changed":
        head = f"**{name}** has changed since you trusted it. Nothing of the new version has run."
    else:
        head = (
            f"**{name}** comes from this project and wants to run programs on your machine. "
            "Nothing of it has run."
        )
    parts = [f"{head} If you trust it, this runs when it is asked:"]
    parts += [_run(run, root) for run in version.runs[:_MOST]]
    if len(version.runs) > _MOST:
        parts.append(f"And {len(version.runs) - _MOST} more, which are not shown here.")
    if version.files:
        parts.append(_files(version.files, root))
    if untrusted.why == "new":
        parts += [_folded(file, root) for file in version.files[:_MOST_SHOWN] if file.text]
    if untrusted.changes:
        parts.append(f"What has changed:\n\n{render_diffs(untrusted.changes)}")
    elif untrusted.why == "changed":
        parts.append("*The changes are in parts that are not shown.*")
    if untrusted.problem:
        parts.append(f"⚠ {_shown(untrusted.problem)}")
    return "\n\n".join(parts) + hint(version)


def hint(version: TrustVersion) -> str:
    """Return how to decide; taken out when it is decided."""
    words = f"`/trust @{version.slug}` or `/trust @{version.slug} project`"
    if version.problems:
        words = f"`/trust @{version.slug} project`"
    return _HINT.format(words=words)


def note_of(untrusted: Untrusted, seal: str, answers: str) -> dict[str, Any]:
    """Return what the question remembers: enough to draw its buttons."""
    version = untrusted.version
    choices = ["project", "later"] if version.problems else ["version", "project", "later"]
    return {
        "kind": KIND,
        "state": "refused" if untrusted.why == "never" else "asked",
        "answers": answers,
        "trust": {
            "slug": version.slug,
            "name": version.name,
            "seal": seal,
            "choices": choices,
        },
    }


def still_waits(untrusted: Untrusted) -> str:
    """Return that a persona was asked for again while the question is open."""
    version = untrusted.version
    return (
        f"**{_shown(version.name)}** still waits for your trust: see the question above, "
        f"or send `/trust @{version.slug}`. Then it answers this too."
    )


def decided(version: TrustVersion, choice: str, by: str = "") -> str:
    """Return what was decided."""
    if choice == "later":
        return f"**Not now.** `/trust @{version.slug}` does it later."
    who = f" by {escape_markdown(by)}" if by else ""
    if choice == "project":
        return (
            f"✓ **Trusted{who}**: everything in the project `{version.root.name}`, also what "
            "changes there later. `jupyter persona trust --revoke` takes it back."
        )
    return f"✓ **Trusted{who}**: this version. It is asked again when it changes."


def done(version: TrustVersion, choice: str, waited: int) -> str:
    """Return what a command answers; the question tells the rest."""
    name = f"**{_shown(version.name)}**"
    if choice == "later":
        return f"{name} waits. `/trust @{version.slug}` lets it answer."
    what = "The whole project" if choice == "project" else f"This version of {name}"
    rest = f" {name} answers now." if waited else ""
    return f"✓ {what} is trusted.{rest}"


def _shown(text: str) -> str:
    """Return a text of the project with nothing in it that is not seen."""
    return escape_markdown(plain_text(text))


def _run(run: Execution, root: Path) -> str:
    where = f"{code_span(shown_path(run.file, root))}, line {run.line}"
    if run.kind == "python":
        return f"{_shown(run.what)} from {where}, in the server itself."
    if run.kind == "option":
        return (
            f"{_shown(run.what)} is set in {where}, so that tools may run without asking:"
            f"\n\n{fence(run.setting, lines=20, characters=2_000)}{_environment(run)}"
        )
    words = " ".join(quoted(word) for word in (run.command, *run.args) if word)
    shown = fence(words or "(its own program)", "sh", lines=30, characters=4_000)
    return f"{_shown(run.what)}, from {where}:\n\n{shown}{_environment(run)}"


def _environment(run: Execution) -> str:
    parts = []
    if run.environment:
        parts.append(f"It sets the variables {_listed(run.environment)}.")
    if run.takes:
        parts.append(f"It gets {_listed(run.takes)} of the server's own variables.")
    return f"\n\n{' '.join(parts)}" if parts else ""


def _files(files: Sequence[LocalFile], root: Path) -> str:
    names = [shown_path(file.path, root) for file in files]
    return f"Files that belong to it, as they are now: {_listed(names)}."


def _folded(file: LocalFile, root: Path) -> str:
    name = html.escape(plain_text(shown_path(file.path, root)))
    text = fence(file.text or "", lines=120, characters=8_000)
    return f"<details><summary>{name}</summary>\n\n{text}\n\n</details>"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(code_span(name[:200]) for name in names[:_MOST]) + more


def quoted(word: str) -> str:
    """Return a word of a command line as a shell would be given it."""
    if word and not set(word) & set(" \t\r\n'\"`\\|&;<>()*?!#~"):
        return word
    return "'" + word.replace("'", "'\\''") + "'"
