"""Scales images down, so that they fit into a chat file. Needs Pillow, imported when needed."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_SIDES = (256, 128, 64)
_MOST_PIXELS = 50_000_000
"""Larger images are not decoded: a small file may hold gigabytes."""

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_FAILURES = (
    OSError,
    SyntaxError,  # what Pillow raises for a broken PNG
    ValueError,
    EOFError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    RuntimeWarning,
    TypeError,
    AttributeError,
    AssertionError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What decoders are known to raise for files that are broken."""


class NotScaled(ValueError):
    """The image cannot be scaled; the message ends a sentence about it."""


def check_scalable(data: bytes) -> None:
    """Raise if `scaled` would refuse the image; decodes nothing but its head.

    Raises:
        NotScaled: It would.
    """
    _open(data).close()


def scaled(data: bytes, most: int) -> tuple[str, bytes]:
    """Return an image of at most ``most`` bytes: its type and content.

    Of a moving image the first frame. Nothing but the picture is kept: no place where it
    was taken, no comment. Takes up to a second; call it off the event loop.

    Raises:
        NotScaled: It is broken, too large to be decoded, or Pillow is not installed.
    """
    image = _open(data)
    import PIL.Image

    try:
        try:
            picture = _upright(image)
            for side in _SIDES:
                small = picture.copy()
                small.thumbnail((side, side), PIL.Image.Resampling.LANCZOS)
                small.info.clear()
                mimetype, content = min(_encodings(small), key=lambda found: len(found[1]))
                if len(content) <= most:
                    return mimetype, content
        except _FAILURES as exc:
            raise NotScaled(f"is broken: {exc}") from exc
    finally:
        image.close()
    raise NotScaled("cannot be made small enough")


def _open(data: bytes) -> Image:
    try:
        import PIL.Image
    except ImportError as exc:
        raise NotScaled(
            "is too large. Make it smaller, or install Pillow, which scales it: pip install pillow"
        ) from exc
    try:
        image = PIL.Image.open(BytesIO(data), formats=_FORMATS)
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning) as exc:
        raise NotScaled("has too many pixels") from exc
    except _FAILURES as exc:
        raise NotScaled(f"is broken: {exc}") from exc
    if image.width * image.height > _MOST_PIXELS:
        image.close()
        raise NotScaled("has too many pixels")
    return image


def _upright(image: Image) -> Image:
    """Return the first frame as a camera held it, small and in a usual mode."""
    import PIL.Image
    from PIL import ImageOps

    image.draft("RGB", (2 * _SIDES[0], 2 * _SIDES[0]))  # a JPEG need not be decoded in full
    image.load()
    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith(("I", "F")):
        # 16 bits for each grey; Pillow itself would cut them off.
        turned = turned.convert("F").point(lambda grey: grey * (1 / 256)).convert("L")
    seen_through = turned.has_transparency_data
    if max(turned.size) > 8 * _SIDES[0] and turned.mode in ("RGB", "RGBA", "L", "LA"):
        turned = turned.reduce(max(turned.size) // (4 * _SIDES[0]))
    turned = turned.convert("RGBA" if seen_through else "RGB")
    turned.thumbnail((_SIDES[0], _SIDES[0]), PIL.Image.Resampling.LANCZOS)
    return turned


def _encodings(image: Image) -> list[tuple[str, bytes]]:
    from PIL import features

    found = [("image/png", _saved(image, "PNG", optimize=True))]
    if image.mode == "RGB":
        found.append(("image/jpeg", _saved(image, "JPEG", quality=88)))
    elif features.check("webp"):
        found.append(("image/webp", _saved(image, "WEBP", quality=88)))
    return found


def _saved(image: Image, kind: str, **options: int) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()
