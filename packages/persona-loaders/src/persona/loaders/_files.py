"""Replaces a file as a whole, with its owner; called with its lock held."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

from persona.core import DefinitionError, replacing


def replace(real: Path, data: bytes) -> None:
    """Give a file new content, or leave it as it is; nothing in between, whenever it stops.

    Called with the lock held. Mode and owner stay.

    Raises:
        DefinitionError: The owner would change.
        OSError: It cannot be written, or is marked as read-only.
    """
    before = real.stat() if real.exists() else None
    # Replacing needs no right to the file itself, so that its mark is looked at here.
    if before is not None and not before.st_mode & 0o222:
        raise PermissionError(errno.EACCES, "It is read-only. Make it writable first", str(real))
    with replacing(real, draft=real.with_name(f".{real.name}.tmp")) as stream:
        if before is not None:
            _keep_owner(stream.fileno(), before, real)
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    _sync_folder(real.parent)


def _keep_owner(handle: int, before: os.stat_result, real: Path) -> None:
    if sys.platform == "win32":
        return
    now = os.fstat(handle)
    if (now.st_uid, now.st_gid) == (before.st_uid, before.st_gid):
        return
    try:
        os.fchown(handle, before.st_uid, before.st_gid)
    except PermissionError as exc:
        raise DefinitionError(
            f"{real} belongs to somebody else, and saving would make it yours. "
            "Let its owner change it, or copy it."
        ) from exc


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    # Not every file system can; the file itself is on the disk already.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
