"""Avatars as ``data:`` URIs, so that a chat file shows them anywhere."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from persona.core._avatar_scale import NotScaled, check_scalable, scaled
from persona.core._avatar_svg import UnsafeSvg, check_svg, is_svg

MAX_AVATAR = 64 * 1024
"""Largest image that is put into a chat, in bytes. Larger ones are scaled down."""

_SCALED = MAX_AVATAR * 3 // 4 - 64
"""What is scaled down fits into 64 KiB even as a ``data:`` URI."""

MAX_FILE = 20 * 1024 * 1024
"""Largest image that is read at all."""

_SVG = "image/svg+xml"
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml)[;,]")


class AvatarError(ValueError):
    """The avatar cannot be used; the message says why."""


def avatar_data_uri(avatar: str | None, folders: Sequence[Path]) -> str | None:
    """Return the avatar in a form that stands alone in a chat file.

    An image of more than 64 KiB is scaled down, which may take a second.

    Args:
        avatar: A path relative to one of ``folders``, an http(s) URL, a ``data:`` URI,
            an emoji or up to three letters; None for no avatar.
        folders: Where to look for a path, in order. The file must lie inside of one
            of them, also after links are followed.

    Returns:
        A ``data:`` URI, or the URL unchanged, or None for no avatar.

    Raises:
        AvatarError: Missing file, no image, or one that is broken, that cannot be scaled
            down, or an SVG that is too large or not a mere drawing.
    """
    if not avatar:
        return None
    if avatar.startswith(("http://", "https://")):
        return _address(avatar)
    if avatar.startswith("data:"):
        return _portable_uri(avatar)
    if is_symbol(avatar):
        return _encode(_SVG, _symbol_svg(avatar))
    return _encode(*_small(_read(find_avatar(avatar, folders), avatar), repr(avatar)))


def check_avatar(avatar: str | None, folders: Sequence[Path]) -> None:
    """Raise where `avatar_data_uri` would; scales nothing, so it is quick.

    Raises:
        AvatarError: The avatar cannot be used.
    """
    if not avatar or is_symbol(avatar):
        return
    if avatar.startswith(("http://", "https://")):
        _address(avatar)
        return
    if avatar.startswith("data:"):
        if fits(avatar):
            _portable_uri(avatar)
        else:
            _check_small(avatar_bytes(avatar), "data:")
        return
    _check_small(_read(find_avatar(avatar, folders), avatar), repr(avatar))


def fits(uri: str) -> bool:
    """Whether a ``data:`` URI is small enough to be put into a chat as it is."""
    return len(uri) <= MAX_AVATAR * 4 // 3 + 64


def find_avatar(avatar: str, folders: Sequence[Path]) -> Path:
    """Return the file of an avatar that is a path.

    Raises:
        AvatarError: There is none, or it is larger than any that is read.
    """
    if "\0" in avatar:
        raise AvatarError("The avatar's path holds a NUL character.")
    try:
        bases = [folder.resolve() for folder in folders]
        for base in bases:
            path = (base / avatar).resolve()
            if not any(path.is_relative_to(b) for b in bases) or not path.is_file():
                continue
            if path.stat().st_size > MAX_FILE:
                most = f"{MAX_FILE // 1024**2} MiB"
                raise AvatarError(f"The avatar {avatar!r} is larger than {most}.")
            return path
    except (OSError, RuntimeError) as exc:  # RuntimeError: links that go round in a circle
        raise AvatarError(f"The avatar {avatar!r} cannot be read: {exc}") from exc
    raise AvatarError(f"There is no avatar file {avatar!r} beside the definition.")


def avatar_bytes(uri: str) -> bytes:
    """Return the image in a ``data:`` URI, unchecked.

    Raises:
        AvatarError: It is no image, too large to be read, or not base64.
    """
    if not _DATA.match(uri):
        raise AvatarError("The avatar's data: URI is not an image.")
    if len(uri) > MAX_FILE * 4 // 3:
        raise AvatarError(f"The avatar is larger than {MAX_FILE // 1024**2} MiB.")
    head, _, body = uri.partition(",")
    if not head.endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(unquote_to_bytes(body), validate=True)
    except ValueError as exc:
        raise AvatarError("The avatar's data: URI is not valid base64.") from exc


def image_type(data: bytes, name: str) -> str:
    """Return the type of an image by its content; an SVG is a mere drawing then.

    Args:
        data: The image.
        name: What the message calls it.

    Raises:
        AvatarError: It is no image, or an SVG that could do or fetch something.
    """
    for magic, mimetype in _MAGIC:
        if data.startswith(magic):
            return mimetype
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if not is_svg(data):
        raise AvatarError(f"The avatar {name} is not a PNG, JPEG, GIF, WebP or SVG image.")
    if len(data) > MAX_AVATAR:
        raise AvatarError(
            f"The avatar {name} is larger than {MAX_AVATAR // 1024} KiB. An SVG is not scaled "
            "down; save it as PNG, or simplify it."
        )
    try:
        check_svg(data)
    except UnsafeSvg as exc:
        raise AvatarError(f"The avatar {name} {exc}.") from exc
    return _SVG


def is_symbol(text: str) -> bool:
    """Whether it is an emoji or a few letters, not a file name."""
    return (
        len(text) <= 8
        and "." not in text
        and "/" not in text
        and (not text.isascii() or len(text) <= 3)
    )


def _address(avatar: str) -> str:
    try:
        login = "@" in urlsplit(avatar).netloc
    except ValueError as exc:
        raise AvatarError(f"The avatar's address is not valid ({exc}).") from exc
    if login:
        raise AvatarError("The avatar's address holds a user name or a password.")
    return avatar


def _portable_uri(uri: str) -> str:
    data = avatar_bytes(uri)
    if uri.startswith(f"data:{_SVG}"):
        # Written anew, so that no character set but the one that was checked counts.
        return _encode(image_type(data, "data:"), data)
    return uri if fits(uri) else _encode(*_small(data, "data:"))


def _small(data: bytes, name: str) -> tuple[str, bytes]:
    mimetype = image_type(data, name)
    if len(data) <= MAX_AVATAR:
        return mimetype, data
    try:
        return scaled(data, _SCALED)
    except NotScaled as exc:
        raise _too_large(name, exc) from exc


def _check_small(data: bytes, name: str) -> None:
    image_type(data, name)
    if len(data) > MAX_AVATAR:
        try:
            check_scalable(data)
        except NotScaled as exc:
            raise _too_large(name, exc) from exc


def _too_large(name: str, why: NotScaled) -> AvatarError:
    return AvatarError(
        f"The avatar {name} is larger than {MAX_AVATAR // 1024} KiB and is not scaled down: "
        f"it {why}."
    )


def _read(path: Path, avatar: str) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE + 1)  # it may have grown
    except OSError as exc:
        raise AvatarError(f"The avatar {avatar!r} cannot be read: {exc}") from exc
    if len(data) > MAX_FILE:
        raise AvatarError(f"The avatar {avatar!r} is larger than {MAX_FILE // 1024**2} MiB.")
    return data


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
