"""Findings about persona files: one shape for chat, command line, REST and editors."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

Severity = Literal["error", "warning"]

CODES = MappingProxyType(
    {
        "P101": "the file cannot be read",
        "P102": "the file is not UTF-8 text",
        "P103": "the file is empty",
        "P104": "the file has no front matter",
        "P105": "the front matter is not closed",
        "P106": "the front matter is not valid YAML",
        "P107": "the front matter is not a mapping of keys to values",
        "P108": "the file is too large",
        "P109": "the file is not valid TOML",
        "P110": "the file is not valid Python",
        "P111": "the file declares no persona",
        "P112": "the file of code leads out of its project",
        "P113": "the file is not read because of its name",
        "P201": "unknown key",
        "P202": "a value has the wrong type or is out of range",
        "P203": "a required key is missing",
        "P204": "the file was written for another tool",
        "P301": "the engine is not installed",
        "P302": "the avatar cannot be used",
        "P303": "two files of one scope define the same persona or preset",
        "P304": "two personas answer to the same @-name",
        "P305": "a skills path matches nothing",
        "P306": "the model has no provider",
        "P307": "the name of a persona cannot be used",
        "P308": "the engine does not take an option",
        "P309": "the preset does not exist",
        "P310": "a persona extends itself in a circle",
        "P311": "the base of a persona does not exist",
        "P312": "personas extend each other too deep",
        "P313": "the base of a persona is broken",
        "P314": "the name of an MCP server cannot be used",
        "P315": "an environment variable is not set",
        "P316": "the program of an MCP server is not found",
        "P317": "an address cannot be used",
        "P318": "a former name does not count",
        "P401": "a loader failed",
    }
)
"""Every rule code with its meaning. `docs/diagnostics.md` explains each."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding in one file.

    Attributes:
        code: A key of `CODES`.
        message: What is wrong, one line.
        file: The file that it stands in.
        line: Line, from 1.
        column: Column, from 1.
        severity: ``error`` if the persona cannot be used as it is written, else ``warning``.
        fix: What to do, one line; empty if the message says it already.
    """

    code: str
    message: str
    file: Path
    line: int = 1
    column: int = 1
    severity: Severity = "error"
    fix: str = ""

    def __str__(self) -> str:
        tail = f" {self.fix}" if self.fix else ""
        return f"{self.file}:{self.line}:{self.column} {self.code} {self.message}{tail}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "file": str(self.file),
            "line": self.line,
            "column": self.column,
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "fix": self.fix or None,
        }


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the known word closest to ``word``, or None if none is close.

    Case does not count; of two words that differ only in case the first is returned.
    """
    lowered: dict[str, str] = {}
    for candidate in known:
        lowered.setdefault(candidate.lower(), candidate)
    close = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return lowered[close[0]] if close else None
