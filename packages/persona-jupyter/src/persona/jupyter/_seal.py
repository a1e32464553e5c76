"""Tells what this user's server has written into a chat file from what came with the file."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir

_SIZE = 32


class Seal:
    """Signs changes with a key in the user's data folder, which is made at its first use.

    Without a data folder that can be written the key lasts as long as the server.

    Args:
        folder: Where the key lies; by default ``personas`` in Jupyter's data folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: bytes | None = None

    def of(self, slug: str, values: Mapping[str, Any]) -> str:
        """Return the seal of a persona's changes."""
        text = json.dumps([slug, values], sort_keys=True, ensure_ascii=True)
        return hmac.new(self._key(), text.encode(), hashlib.sha256).hexdigest()

    def fits(self, slug: str, values: Mapping[str, Any], seal: str) -> bool:
        """Whether a seal is that of these changes."""
        return hmac.compare_digest(self.of(slug, values).encode(), seal.encode("utf-8", "replace"))

    def _key(self) -> bytes:
        if self._known is None:
            folder = self._folder or Path(jupyter_data_dir()) / "personas"
            try:
                self._known = _read_or_make(folder / "chat.key")
            except OSError:
                self._known = secrets.token_bytes(_SIZE)
        return self._known


def _read_or_make(file: Path) -> bytes:
    try:
        key = file.read_bytes()
        if len(key) == _SIZE:
            return key
        file.unlink()  # cut off when it was written
    except FileNotFoundError:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = secrets.token_bytes(_SIZE)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as stream:  # noqa: PTH123 - a handle, not a path
        stream.write(key)
    try:
        os.link(draft, file)  # whoever comes first wins, also another server
    except FileExistsError:
        return file.read_bytes()
    finally:
        draft.unlink()
    return key
