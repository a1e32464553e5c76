"""What the chat says about persona files that are broken, or were and are repaired."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from persona.core import Diagnostic, escape_markdown
from persona.jupyter._notices import MOST, named
from persona.jupyter._whereabouts import shown_path


def broken_persona(name: str, found: Sequence[Diagnostic], root: Path) -> str:
    """Return why a persona that was addressed cannot answer."""
    return f"**{escape_markdown(name)} cannot answer.** Its file has to be repaired:\n\n" + (
        _findings(found, root) + "\n\nThen ask again, or send `/refresh-personas` first."
    )


def kept(names: Sequence[str], found: Sequence[Diagnostic], root: Path) -> str:
    """Return the notice that personas stay in use as they were before an edit."""
    whose = "its file is" if len(names) == 1 else "their files are"
    keep = "keeps its" if len(names) == 1 else "keep their"
    first = f"**{named(names)}** {keep} last good version until {whose} repaired:"
    more = len(found) - MOST
    tail = f"\n- and {more} more" if more > 0 else ""
    return f"{first}\n\n{_findings(found[:MOST], root)}{tail}"


def mended(names: Sequence[str]) -> str:
    """Return that the files of personas are used again."""
    if len(names) == 1:
        return f"The file of **{named(names)}** is repaired and used again."
    return f"The files of **{named(names)}** are repaired and used again."


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


def unreadable(why: str) -> str:
    """Return what is said when a chat's messages cannot be read."""
    return (
        f"**No persona can answer in this chat**: its file holds what jupyterlab-chat cannot read: "
        f"{escape_markdown(why)}. Open it with the version that wrote it, or repair the file."
    )


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
