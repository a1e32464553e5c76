"""From a file to its two parts: front matter and body."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from persona.loaders._report import Refused, short

LARGEST = 1024 * 1024
"""Bytes that a persona file may have."""

_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_OPEN = re.compile(r"(?:[ \t]*\n)*---[ \t]*(?:\n|\Z)")
_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
_SHOW = "Start the file with a line ---, then `key: value` lines, then a line ---, then the prompt."


class Parts(NamedTuple):
    """A persona file in two parts.

    Attributes:
        yaml: The front matter without its two lines of dashes.
        line: Line of the file on which ``yaml`` starts, from 1.
        body: The text below, without blank space around it.
        body_line: Line of the file on which ``body`` starts.
    """

    yaml: str
    line: int
    body: str
    body_line: int


def read_parts(file: Path) -> Parts:
    """Read and split a file.

    Raises:
        Refused: It cannot be read, is no text, is empty or has no front matter.
    """
    return split(decode(read_bytes(file)))


def read_bytes(file: Path, largest: int = LARGEST) -> bytes:
    """Read a regular file of bounded size.

    Raises:
        Refused: P101 or P108.
    """
    try:
        # A look before opening: opening a pipe would wait for somebody to write to it.
        status = os.stat(file)  # noqa: PTH116 - one system call, without more
        if stat.S_ISDIR(status.st_mode):
            raise Refused(
                "P101", "This is a folder, not a file.", "Rename it, or put a file in its place."
            )
        if not stat.S_ISREG(status.st_mode):
            raise Refused(
                "P101", "This is not an ordinary file.", "Put an ordinary text file in its place."
            )
        if status.st_size <= largest:
            data = _content(file, status.st_size, largest)
            if len(data) <= largest:
                return data
        size = max(status.st_size, largest + 1) / LARGEST
    except OSError as exc:
        raise _unreadable(file, exc) from exc
    raise Refused(
        "P108",
        f"The file is too large: {size:.1f} MiB; it may have {largest // LARGEST} MiB.",
        "Keep the instructions here and move reference texts to files or skills.",
    )


def _content(file: Path, size: int, largest: int) -> bytes:
    """Return what a file holds, which may be more than its size said; or more than enough."""
    handle = os.open(file, _READ)
    try:
        data = part = os.read(handle, size + 1)
        while part and size != len(data) <= largest:
            part = os.read(handle, LARGEST)
            data += part
        return data
    finally:
        os.close(handle)


def decode(data: bytes) -> str:
    """Return the text of a file, with plain line ends.

    Raises:
        Refused: P102.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused("P102", "The file is UTF-16 text, not UTF-8.", "Save it as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        before = _plain_ends(data[: exc.start].decode("utf-8-sig", "replace"))
        raise Refused(
            "P102",
            f"The file is not UTF-8 text: byte 0x{data[exc.start]:02x} cannot be read.",
            "Save the file as UTF-8 (most editors: Save with Encoding).",
            line=before.count("\n") + 1,
            column=len(before) - before.rfind("\n"),
        ) from None
    text = _plain_ends(text)
    zero = text.find("\0")
    if zero >= 0:
        raise Refused(
            "P102",
            "The file holds a NUL byte; it is not a text file.",
            "Save it as plain UTF-8 text.",
            line=text.count("\n", 0, zero) + 1,
            column=zero - text.rfind("\n", 0, zero),
        )
    return text


def split(text: str) -> Parts:
    """Split a text into front matter and body.

    Raises:
        Refused: P103, P104 or P105.
    """
    opening = _OPEN.match(text)
    if opening is None:
        raise _not_opened(text)
    start = opening.end()
    line = text.count("\n", 0, start) + 1
    closing = _CLOSE.search(text, start)
    if closing is None:
        raise Refused(
            "P105",
            "The front matter is not closed: no line with --- follows.",
            "Add a line --- between the settings and the prompt.",
            line=max(line - 1, 1),
        )
    rest = text[closing.end() :]
    body = rest.strip()
    body_line = line + text.count("\n", start, closing.end())
    if body:
        body_line += rest.count("\n", 0, len(rest) - len(rest.lstrip()))
    return Parts(text[start : closing.start()], line, body, body_line)


def _plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _unreadable(file: Path, exc: OSError) -> Refused:
    reason = exc.strerror or type(exc).__name__
    if isinstance(exc, FileNotFoundError):
        if file.is_symlink():
            return Refused(
                "P101",
                f"The link leads to a file that does not exist: {short(file.readlink(), 300)}.",
                "Correct the link or remove it.",
            )
        return Refused("P101", "The file does not exist.", "Check the path.")
    if isinstance(exc, PermissionError):
        return Refused(
            "P101", "You may not read the file.", "Change its permissions so that you may."
        )
    return Refused("P101", f"The file cannot be read: {reason}.", "Check the file and its disk.")


def _not_opened(text: str) -> Refused:
    stripped = text.strip()
    if not stripped:
        return Refused("P103", "The file is empty.", _SHOW)
    line = text.count("\n", 0, len(text) - len(text.lstrip())) + 1
    first = stripped.partition("\n")[0]
    fix = _SHOW
    if first == "+++":
        fix = "This is TOML front matter. Write YAML (`key: value`) between two lines ---."
    elif re.fullmatch(r"[-–—]+", first) or first == "---":
        fix = "The first line must be exactly three dashes --- at its very start."
    elif first.startswith("---"):
        fix = "Nothing may follow --- on the first line."
    elif first.startswith("```"):
        fix = "Remove the code fence around the front matter; the first line must be ---."
    return Refused(
        "P104",
        f"The file has no front matter; it starts with {short(first, 40)!r}.",
        fix,
        line=line,
    )
