"""Replaces a file as a whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(
    path: Path, *, mode: int | None = None, draft: Path | None = None
) -> Iterator[BinaryIO]:
    """Give a file new content, or leave it as it is; nothing in between, whenever it stops.

    Called by whoever writes a file that others may read or write at that moment. What is
    written in the ``with`` block takes the file's place at its end. Who must not lose it when
    the power fails calls `os.fsync` in the block.

    Args:
        path: The file; its folder must exist. A link is replaced, not what it leads to.
        mode: Its permissions. By default it keeps those that it has, and a new file gets the
            usual ones.
        draft: Where it is written first, in the same folder. By default a name that nobody
            else has. Writers that hold a lock may give one name, so that what a killed one
            left is removed by the next.

    Raises:
        OSError: It cannot be written.
    """
    if mode is None:
        with suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.stat().st_mode)
    if draft is None:
        draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    draft.unlink(missing_ok=True)
    # Never wider than it shall be, not for a moment.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    handle = os.open(draft, flags, 0o666 if mode is None else mode)
    try:
        with open(handle, "wb") as stream:  # noqa: PTH123 - a handle, not a path
            yield stream
        if mode is not None:  # which the umask may have made narrower
            draft.chmod(mode)
        draft.replace(path)
    except OSError as exc:
        if exc.filename is None:  # a full disk does not say for which file
            exc.filename = str(path)
        raise
    finally:
        draft.unlink(missing_ok=True)
