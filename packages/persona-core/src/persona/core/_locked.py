"""One writer at a time for a file, also among processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persona.core._errors import DefinitionError

PATIENCE = 120.0
"""Seconds to wait for another process that writes the same file."""


@contextmanager
def locked(file: Path, *, mode: int = 0o666) -> Iterator[Path]:
    """Hold the lock of a file; give the real file, behind links. Makes its folder.

    Called around reading a file, changing what it says and writing it again.

    Args:
        file: The file; need not exist.
        mode: Permissions of the lock, which stands beside the file.

    Raises:
        DefinitionError: Another process does not let go of it.
        PermissionError: Its folder may not be written to.
    """
    from filelock import FileLock, Timeout  # listings write nothing

    real = Path(os.path.realpath(file))  # Path.resolve raises for links in a circle
    real.parent.mkdir(parents=True, exist_ok=True)
    # Beside the file, so that all who may write it, from wherever, meet at one lock.
    lock = FileLock(real.with_name(f".{real.name}.lock"), mode=mode)
    try:
        lock.acquire(timeout=PATIENCE, poll_interval=0.01)
    except Timeout as exc:
        raise DefinitionError(
            f"{file} is being written by another process for {PATIENCE:.0f} s. Try again."
        ) from exc
    except PermissionError as exc:  # of the lock, which nobody has heard of
        why = f"It cannot be written, because you may not write to its folder, {real.parent}"
        raise PermissionError(exc.errno, why, str(file)) from exc
    try:
        yield real
    finally:
        lock.release()
