"""One writer for a chat file at a time."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persona.cli._errors import CliError


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock of a file. The system lets go of it when the process ends, however it ends.

    The lock stands in Jupyter's runtime folder, so that nothing is left beside the file.

    Raises:
        CliError: Another process of this user holds it.
    """
    from jupyter_core.paths import jupyter_runtime_dir

    folder = Path(jupyter_runtime_dir()) / "persona-locks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashlib.sha256(os.fsencode(file.resolve())).hexdigest()[:32]
    handle = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            _take(handle)
        except OSError as exc:
            raise CliError(
                f"Another `jupyter persona ask` is writing to {file}. Ask again when it is done."
            ) from exc
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
