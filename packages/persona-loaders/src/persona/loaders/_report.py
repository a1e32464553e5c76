"""Collects what is wrong with one file."""

from __future__ import annotations

from pathlib import Path

from persona.core import Diagnostic, Severity

MOST = 50
"""Findings that are listed for one file; a file with more is not read by anybody."""


class Refused(Exception):
    """The file cannot be read further. Never leaves this package."""

    def __init__(
        self, code: str, message: str, fix: str = "", *, line: int = 1, column: int = 1
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix
        self.line = line
        self.column = column


class Report:
    """The findings of one file.

    Attributes:
        diagnostics: What was found so far.
        failed: Whether one of them is an error.
        toml: Whether the author writes TOML, so that fixes are worded for it.
    """

    def __init__(self, file: Path, *, toml: bool = False) -> None:
        self._file = file
        self.toml = toml
        self.diagnostics: list[Diagnostic] = []
        self.failed = False

    def add(
        self,
        code: str,
        message: str,
        fix: str,
        place: tuple[int, int],
        severity: Severity = "error",
    ) -> None:
        """Note a finding at ``place``, a line and a column from 1."""
        self.failed = self.failed or severity == "error"
        if len(self.diagnostics) >= MOST:
            return
        line, column = place
        self.diagnostics.append(Diagnostic(code, message, self._file, line, column, severity, fix))

    @property
    def full(self) -> bool:
        """Whether more findings would only be counted."""
        return len(self.diagnostics) >= MOST

    def refuse(self, refused: Refused) -> None:
        """Note why the file is not read further."""
        self.add(refused.code, refused.message, refused.fix, (refused.line, refused.column))


def short(value: object, limit: int = 60) -> str:
    """Return ``value`` on one line, cut to a length that fits into a message."""
    text = " ".join(str(value)[: 4 * limit].split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
