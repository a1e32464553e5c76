"""The avatar of one persona as its chat shows it, made once for each picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from persona.core._avatar import (
    MAX_AVATAR,
    AvatarError,
    avatar_data_uri,
    find_avatar,
    fits,
    is_symbol,
)

_Key = tuple[object, ...]


class Portrait:
    """Remembers the last avatar that was made, by its content or by its file's times.

    Args:
        complain: Called with what is wrong with an avatar, once for each.
    """

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._made: tuple[_Key, str | None] | None = None

    def uri(self, avatar: str | None, folders: Sequence[Path]) -> str | None:
        """Return the avatar as a ``data:`` URI or an address; None if it cannot be used."""
        key = _key(avatar, folders)
        if self._made is None or self._made[0] != key:
            try:
                uri = avatar_data_uri(avatar, folders)
            except AvatarError as exc:
                self._complain(str(exc))
                uri = None
            self._made = key, uri
        return self._made[1]

    @property
    def last(self) -> str | None:
        """What `uri` gave last."""
        return None if self._made is None else self._made[1]

    def takes_long(self, avatar: str | None, folders: Sequence[Path]) -> bool:
        """Whether `uri` has to scale an image down now, up to a second."""
        if not avatar or is_symbol(avatar) or avatar.startswith(("http://", "https://")):
            return False
        key = _key(avatar, folders)
        if self._made is not None and self._made[0] == key:
            return False
        if avatar.startswith("data:"):
            return not fits(avatar)
        return any(isinstance(part, int) and part > MAX_AVATAR for part in key[2:3])

    async def make(self, avatar: str | None, folders: Sequence[Path]) -> None:
        """Make it ahead of `uri`, off the event loop if it takes long."""
        if self.takes_long(avatar, folders):
            await asyncio.to_thread(self.uri, avatar, folders)


def _key(avatar: str | None, folders: Sequence[Path]) -> _Key:
    if not avatar or is_symbol(avatar) or avatar.startswith(("http://", "https://", "data:")):
        return (avatar,)
    try:
        path = find_avatar(avatar, folders)
        found = path.stat()
    except (AvatarError, OSError) as exc:
        return avatar, *folders, str(exc)
    return avatar, path, found.st_size, found.st_mtime_ns, found.st_ino
