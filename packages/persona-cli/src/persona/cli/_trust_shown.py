"""What a project's persona would run, as a terminal shows it."""

from __future__ import annotations

import shlex

from persona.cli._place import Place, shown_path
from persona.core import Execution, Untrusted, unified

_MOST = 40


def described(found: Untrusted, place: Place) -> list[str]:
    """Return the lines that tell a person what would run."""
    version = found.version
    lines = [f"{plain(version.name)} ({version.slug}), {shown_path(version.file)}"]
    if found.why == "changed":
        lines.append("  changed since it was trusted")
    for run in version.runs[:_MOST]:
        lines += _lines_of(run)
    if len(version.runs) > _MOST:
        lines.append(f"  … and {len(version.runs) - _MOST} more")
    lines += [
        f"  file     {plain(shown_path(f.path))}{f'  ({f.problem})' if f.problem else ''}"
        for f in version.files[:_MOST]
    ]
    if len(version.files) > _MOST:
        lines.append(f"  … and {len(version.files) - _MOST} more files")
    if found.changes:
        for change in found.changes:
            lines.append(f"  change   {plain(change.path)}")
            changed = unified(change.old or "", change.new)
            lines += [f"    {plain(line)}" for line in changed[:200]]
    if found.problem:
        lines.append(f"  problem  {found.problem}")
    return lines


def _lines_of(run: Execution) -> list[str]:
    where = f"{shown_path(run.file)}:{run.line}"
    lines = [f"  {plain(run.what)}, from {plain(where)}"]
    if run.kind == "command":
        words = " ".join(quoted(word) for word in (run.command, *run.args) if word)
        lines.append(f"  runs     {plain(words) or '(its own program)'}")
    if run.setting:
        lines.append(f"  set to   {plain(run.setting)}")
    if run.environment:
        lines.append(f"  sets     {plain(' '.join(run.environment))}")
    if run.takes:
        lines.append(f"  gets     {' '.join(run.takes)}")
    return lines


def quoted(word: str) -> str:
    return shlex.quote(word)


def plain(text: str) -> str:
    """Return text from a project as a terminal may show it."""
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)
