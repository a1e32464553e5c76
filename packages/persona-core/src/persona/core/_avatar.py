"""Avatars as ``data:`` URIs, so that a chat file shows them anywhere."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

MAX_AVATAR = 64 * 1024
"""Largest image that is put into a chat, in bytes."""

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
_SVG = re.compile(rb"^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<svg[\s>]", re.DOTALL)
_UNSAFE_SVG = re.compile(
    rb"<script|<foreignObject|<!ENTITY|<!DOCTYPE|[\s/\"']on\w+\s*=|javascript:", re.IGNORECASE
)
_DATA = re.compile(r"^data:image/(?:png|jpeg|gif|webp|svg\+xml)[;,]")


class AvatarError(ValueError):
    """The avatar cannot be used; the message says why."""


def avatar_data_uri(avatar: str | None, folders: Sequence[Path]) -> str | None:
    """Return the avatar in a form that stands alone in a chat file.

    Args:
        avatar: A path relative to one of ``folders``, an http(s) URL, a ``data:`` URI,
            an emoji or up to three letters; None for no avatar.
        folders: Where to look for a path, in order. The file must lie inside of one
            of them, also after links are followed.

    Returns:
        A ``data:`` URI, or the URL unchanged, or None for no avatar.

    Raises:
        AvatarError: Missing file, too large, no image, or an SVG with active content.
    """
    if not avatar:
        return None
    if avatar.startswith(("http://", "https://")):
        return avatar
    if avatar.startswith("data:"):
        if not _DATA.match(avatar):
            raise AvatarError("The avatar's data: URI is not an image.")
        if len(avatar) > MAX_AVATAR * 4 // 3 + 64:
            raise AvatarError(f"The avatar is larger than {MAX_AVATAR // 1024} KiB.")
        if avatar.startswith("data:image/svg"):
            _image_type(_decoded(avatar), "data:")
        return avatar
    if _is_symbol(avatar):
        return _encode("image/svg+xml", _symbol_svg(avatar))
    try:
        data = _find(avatar, folders).read_bytes()
    except (OSError, RuntimeError) as exc:  # RuntimeError: links that go round in a circle
        raise AvatarError(f"The avatar {avatar!r} cannot be read: {exc}") from exc
    return _encode(_image_type(data, avatar), data)


def _decoded(uri: str) -> bytes:
    head, _, body = uri.partition(",")
    if not head.endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(unquote_to_bytes(body), validate=True)
    except ValueError as exc:
        raise AvatarError("The avatar's data: URI is not valid base64.") from exc


def _find(avatar: str, folders: Sequence[Path]) -> Path:
    if "\0" in avatar:
        raise AvatarError("The avatar's path holds a NUL character.")
    bases = [folder.resolve() for folder in folders]
    for base in bases:
        path = (base / avatar).resolve()
        if not any(path.is_relative_to(b) for b in bases) or not path.is_file():
            continue
        if path.stat().st_size > MAX_AVATAR:
            raise AvatarError(f"The avatar {avatar!r} is larger than {MAX_AVATAR // 1024} KiB.")
        return path
    raise AvatarError(f"There is no avatar file {avatar!r} beside the definition.")


def _image_type(data: bytes, name: str) -> str:
    for magic, mimetype in _MAGIC:
        if data.startswith(magic):
            return mimetype
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if _SVG.match(data):
        if _UNSAFE_SVG.search(data):
            raise AvatarError(f"The avatar {name!r} holds scripts or entities.")
        return "image/svg+xml"
    raise AvatarError(f"The avatar {name!r} is not a PNG, JPEG, GIF, WebP or SVG image.")


def _is_symbol(text: str) -> bool:
    """Whether it is an emoji or a few letters, not a file name."""
    return (
        len(text) <= 8
        and "." not in text
        and "/" not in text
        and (not text.isascii() or len(text) <= 3)
    )


def _symbol_svg(symbol: str) -> bytes:
    size = 64 if not symbol.isascii() else 40
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        '<circle cx="50" cy="50" r="50" fill="#e3e8f0"/>'
        f'<text x="50" y="54" font-size="{size}" text-anchor="middle" '
        f'dominant-baseline="central" font-family="sans-serif">{html.escape(symbol)}</text></svg>'
    ).encode()


def _encode(mimetype: str, data: bytes) -> str:
    return f"data:{mimetype};base64,{base64.b64encode(data).decode()}"
