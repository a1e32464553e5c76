"""Findings as workflow commands of GitHub Actions, which shows them beside the lines."""

from __future__ import annotations

import os
from pathlib import Path

from persona.core import CODES, Diagnostic

_IN_DATA = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_IN_PROPERTIES = (*_IN_DATA, (":", "%3A"), (",", "%2C"))


def annotation(found: Diagnostic) -> str:
    """Return the line that makes GitHub show a finding.

    Called for each finding of ``check --format github``. The path is relative to the
    repository, if the workflow says where that is, else to the current folder.
    """
    title = f"{found.code}: {CODES[found.code]}" if found.code in CODES else found.code
    properties = {
        "file": _path(found.file),
        "line": str(found.line),
        "col": str(found.column),
        "title": title,
    }
    said = ",".join(f"{key}={_escaped(v, _IN_PROPERTIES)}" for key, v in properties.items())
    message = f"{found.message}\n{found.fix}" if found.fix else found.message
    return f"::{found.severity} {said}::{_escaped(message, _IN_DATA)}"


def _escaped(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for char, code in table:
        text = text.replace(char, code)
    return text


def _path(file: Path) -> str:
    workspace = os.environ.get("GITHUB_WORKSPACE")
    base = Path(workspace).resolve() if workspace else Path.cwd()
    return (file.relative_to(base) if file.is_relative_to(base) else file).as_posix()
