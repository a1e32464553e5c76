"""Exit codes, and the error that carries one."""

from __future__ import annotations

OK = 0
FAILURE = 1
USAGE = 2
INTERRUPTED = 130


class CliError(Exception):
    """A command cannot go on. The message is one line of what and what to do.

    Attributes:
        code: The exit code.
    """

    def __init__(self, message: str, code: int = FAILURE) -> None:
        super().__init__(message)
        self.code = code
