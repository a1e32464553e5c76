"""The user's own editor, chosen as git does."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from persona.cli._errors import CliError

_FALLBACKS = ("sensible-editor", "editor", "vi", "nano")
_PLUS = {
    "vi", "vim", "nvim", "view", "gvim", "nano", "pico", "emacs", "emacsclient", "ed", "joe",
    "jed", "mg", "ne", "micro", "kak", "gedit", "kate", "less",
}  # fmt: skip
_GOTO = {"code", "code-insiders", "codium", "cursor", "windsurf"}


def find_editor(environ: Mapping[str, str], *, terminal: bool) -> str | None:
    """Return the command of the editor, or None if there is none to use.

    That is ``VISUAL`` (unless the terminal is a dumb one), else ``EDITOR``, else what the
    system has, for which there must be a terminal.
    """
    dumb = environ.get("TERM", "dumb") == "dumb"
    names = ("EDITOR", "VISUAL") if dumb and not environ.get("DISPLAY") else ("VISUAL", "EDITOR")
    for name in names:
        if environ.get(name, "").strip():
            return environ[name]
    if os.name == "nt":
        return "notepad"
    if not terminal or dumb:
        return None
    return next((found for name in _FALLBACKS if (found := shutil.which(name))), None)


def arguments(editor: str, file: Path, line: int) -> list[str]:
    """Return what to start to open a file, at the line if the editor is known to take one."""
    try:
        words = shlex.split(editor, posix=os.name != "nt")
    except ValueError as exc:
        raise CliError(f"The editor {editor!r} cannot be started: {exc}.") from exc
    name = Path(words[0]).stem.lower() if words else ""
    at: list[str] = [str(file)]
    if line > 1 and name in _PLUS:
        at = [f"+{line}", str(file)]
    elif line > 1 and name in _GOTO:
        at = ["--goto", f"{file}:{line}"]
    if os.name == "nt":
        return [*words, *at]
    # Through the shell, as git does: people write variables and quotes there.
    return ["/bin/sh", "-c", f'{editor} "$@"', editor, *at]


def open_editor(editor: str, file: Path, line: int, *, quiet: bool) -> None:
    """Open a file and wait until the editor is closed.

    Args:
        editor: Its command.
        file: The file.
        line: Line to show.
        quiet: Whether stdout is for something else.

    Raises:
        CliError: The editor cannot be started or fails.
    """
    words = arguments(editor, file, line)
    stdout = sys.stderr if quiet else None
    try:
        code = subprocess.run(words, stdout=stdout, check=False).returncode
    except OSError as exc:
        raise CliError(f"The editor {editor!r} cannot be started: {exc.strerror}.") from exc
    if code in (126, 127):
        raise CliError(f"The editor {editor!r} cannot be started. Correct EDITOR or VISUAL.")
    if code:
        raise CliError(f"The editor {editor!r} failed with exit code {code}.")
