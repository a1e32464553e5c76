"""Large avatars are scaled down, off the event loop, and nothing but the picture is kept."""

import asyncio
import base64
import os
import struct
import sys
import time
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from persona.core import (
    AvatarError,
    BasePersona,
    PersonaEngine,
    PersonaIdentity,
    avatar_data_uri,
)
from persona.core._avatar import MAX_AVATAR, MAX_FILE, check_avatar
from persona.testing.chat import MemoryChat


class Mute(PersonaEngine):
    id = "mute"

    async def reply(self, turn: Any) -> Any:
        yield "…"


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    channels = len(mode)
    return Image.frombytes(mode, size, os.urandom(size[0] * size[1] * channels))


def content(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def shown(uri: str | None) -> tuple[Image.Image, bytes]:
    assert uri is not None
    head, _, body = uri.partition(",")
    data = base64.b64decode(body)
    assert len(data) <= MAX_AVATAR
    image = Image.open(BytesIO(data))
    image.load()
    assert head == f"data:image/{(image.format or '').lower()};base64"
    return image, data


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGB"), ("PNG", "RGBA"), ("JPEG", "RGB"), ("GIF", "RGB"), ("WEBP", "RGBA")],
)
def test_large_image_is_scaled_down_and_keeps_its_aspect(
    tmp_path: Path, kind: str, mode: str
) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    (tmp_path / "a").mkdir()
    (tmp_path / "a/face.png").write_bytes(content(noise((600, 300), mode), kind, **options))
    uri = avatar_data_uri("a/face.png", [tmp_path])
    assert uri is not None
    assert len(uri) <= MAX_AVATAR
    image, _ = shown(uri)
    assert image.width <= 256
    assert image.width == 2 * image.height


def test_small_image_stays_as_it_is(tmp_path: Path) -> None:
    data = content(noise((100, 100)))
    (tmp_path / "a.png").write_bytes(data)
    assert shown(avatar_data_uri("a.png", [tmp_path]))[1] == data


def test_large_data_uri_is_scaled_down() -> None:
    uri = f"data:image/png;base64,{base64.b64encode(content(noise((500, 500)))).decode()}"
    check_avatar(uri, [])
    assert shown(avatar_data_uri(uri, []))[0].size == (256, 256)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "L", "I;16", "CMYK"])
def test_modes_of_images_are_scaled(tmp_path: Path, mode: str) -> None:
    if mode == "P":
        image = noise((700, 700)).convert("P")
        image.info["transparency"] = 0
    elif mode == "I;16":
        image = Image.frombytes(mode, (700, 700), os.urandom(700 * 700 * 2))
    elif mode == "1":
        image = noise((1400, 1400), "L").convert("1")
    else:
        image = noise((700, 700), "RGBA").convert(mode)
    (tmp_path / "a.x").write_bytes(content(image, "JPEG" if mode == "CMYK" else "PNG"))
    small, _ = shown(avatar_data_uri("a.x", [tmp_path]))
    assert max(small.size) <= 256


def test_what_is_seen_through_stays_so(tmp_path: Path) -> None:
    image = noise((400, 400), "RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 200, 400))
    (tmp_path / "a.png").write_bytes(content(image))
    small, _ = shown(avatar_data_uri("a.png", [tmp_path]))
    alpha = small.convert("RGBA").getpixel((small.width // 8, small.height // 2))
    assert isinstance(alpha, tuple)
    assert alpha[3] < 20


def test_grey_of_sixteen_bits_keeps_its_brightness(tmp_path: Path) -> None:
    grey = struct.pack("<H", 0x8000) * 800 * 800
    image = Image.frombytes("I;16", (800, 800), grey)
    image.paste(Image.frombytes("I;16", (800, 200), os.urandom(800 * 200 * 2)), (0, 600))
    (tmp_path / "a.png").write_bytes(content(image))
    small, _ = shown(avatar_data_uri("a.png", [tmp_path]))
    value = small.convert("L").getpixel((small.width // 2, small.height // 4))
    assert isinstance(value, int)
    assert 110 < value < 145


def test_moving_image_shows_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (600, 600), "red"), *(noise((600, 600)) for _ in range(2))]
    data = content(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert len(data) > MAX_AVATAR
    (tmp_path / "a.gif").write_bytes(data)
    small, _ = shown(avatar_data_uri("a.gif", [tmp_path]))
    assert small.convert("RGB").getpixel((10, 10)) == (255, 0, 0) or small.format == "JPEG"
    assert getattr(small, "n_frames", 1) == 1


def test_metadata_does_not_travel_and_the_picture_stands_upright(tmp_path: Path) -> None:
    image = noise((800, 400))
    exif = image.getexif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "SECRET-CAMERA"
    data = content(image, "JPEG", exif=exif, comment=b"SECRET-COMMENT", quality=95)
    (tmp_path / "a.jpg").write_bytes(data)
    small, stored = shown(avatar_data_uri("a.jpg", [tmp_path]))
    assert b"SECRET" not in stored
    assert small.height == 2 * small.width
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "SECRET-AUTHOR")
    (tmp_path / "a.png").write_bytes(content(noise((400, 400)), pnginfo=text))
    assert b"SECRET" not in shown(avatar_data_uri("a.png", [tmp_path]))[1]


def bomb() -> bytes:
    """A PNG of a few kilobytes that says it is 30,000 pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    packed = zlib.compress(bytes(60_000_000))
    filler = chunk(b"teSt", bytes(70_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + filler + chunk(b"IDAT", packed)


def test_decompression_bomb_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(bomb())
    started = time.perf_counter()
    for look in (avatar_data_uri, check_avatar):
        with pytest.raises(AvatarError, match="too many pixels"):
            look("a.png", [tmp_path])
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("broken", ["cut", "mixed", "head"])
def test_broken_image_is_refused_and_raises_nothing_else(
    tmp_path: Path, kind: str, broken: str
) -> None:
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}
    data = content(noise((500, 500)), kind, **options)
    if broken == "cut":
        data = data[: len(data) // 2]
    elif broken == "head":
        data = data[:12] + bytes(80_000)
    else:
        data = data[:200] + os.urandom(len(data) - 200)
    assert len(data) > MAX_AVATAR
    (tmp_path / "a.png").write_bytes(data)
    try:  # a decoder may also make something of it
        shown(avatar_data_uri("a.png", [tmp_path]))
    except AvatarError as exc:
        assert "larger than 64 KiB" in str(exc)
    else:
        assert broken == "mixed"


def test_file_that_is_too_large_to_be_read_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as stream:
        stream.write(b"\x89PNG\r\n\x1a\n")
        stream.truncate(MAX_FILE + 1)
    with pytest.raises(AvatarError, match="larger than 20 MiB"):
        avatar_data_uri("a.png", [tmp_path])
    with pytest.raises(AvatarError, match="larger than 20 MiB"):
        avatar_data_uri("data:image/png;base64," + "A" * (MAX_FILE * 4 // 3 + 100), [])


def test_large_svg_is_refused_and_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(f"<svg xmlns='x'><!-- {'x' * 70_000} --></svg>")
    with pytest.raises(AvatarError, match="save it as PNG"):
        avatar_data_uri("a.svg", [tmp_path])


def test_without_pillow_a_large_image_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").write_bytes(content(noise((300, 300))))
    monkeypatch.setitem(sys.modules, "PIL", None)
    for look in (avatar_data_uri, check_avatar):
        with pytest.raises(AvatarError, match="pip install pillow"):
            look("a.png", [tmp_path])


def persona(tmp_path: Path, avatar: str) -> BasePersona:
    return BasePersona(
        ychat=MemoryChat(),
        engine=Mute(),
        identity=PersonaIdentity(name="Ada", avatar=avatar),
        folders=[tmp_path],
    )


async def longest_pause(work: Any) -> float:
    """Return how long the event loop stood still while ``work`` ran."""
    longest = 0.0
    task = asyncio.ensure_future(work)
    while not task.done():
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - before)
    await task
    return longest


async def test_persona_scales_its_avatar_once_and_anew_when_the_file_changes(
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(content(noise((500, 500))))
    ada = persona(tmp_path, "a.png")
    await ada.draw()
    first = ada.as_user().avatar_url
    started = time.perf_counter()
    for _ in range(100):
        assert ada.as_user().avatar_url is first
    assert time.perf_counter() - started < 0.5
    file.write_bytes(content(Image.new("RGB", (10, 10), "red")))
    assert ada.as_user().avatar_url not in (first, None)


async def test_event_loop_goes_on_while_a_large_avatar_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content(noise((2400, 2400)), compress_level=1))
    ada = persona(tmp_path, "a.png")
    begun = time.perf_counter()
    pause = await longest_pause(ada.draw())
    took = time.perf_counter() - begun
    shown(ada.as_user().avatar_url)
    assert pause < max(0.25, took / 2)  # a busy machine is slow with both


async def test_new_large_avatar_is_shown_when_it_is_made(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content(Image.new("RGB", (10, 10), "red")))
    (tmp_path / "b.png").write_bytes(content(noise((900, 900))))
    ada = persona(tmp_path, "a.png")
    ada.conversation.introduce()
    before = ada.chat.get_users()[ada.id]
    ada.update_identity(PersonaIdentity(name="Ada B", avatar="b.png"))
    now = ada.chat.get_users()[ada.id]
    assert (now.name, now.avatar_url) == ("Ada B", before.avatar_url)
    async with asyncio.timeout(10):
        while ada.chat.get_users()[ada.id].avatar_url == before.avatar_url:
            await asyncio.sleep(0.005)
    shown(ada.chat.get_users()[ada.id].avatar_url)


async def test_avatar_that_cannot_be_used_is_complained_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ada = persona(tmp_path, "missing.png")
    ada.log.propagate = True
    for _ in range(3):
        assert ada.as_user().avatar_url is None
    assert len([r for r in caplog.records if "missing.png" in r.getMessage()]) <= 1
