"""Avatars stand alone in the chat file, are small, and hold nothing active."""

import base64
import os
from pathlib import Path

import pytest

from persona.core import AvatarError, avatar_data_uri

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20
SVG = b'<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="x"><circle/></svg>'


def decoded(uri: str | None) -> bytes:
    assert uri is not None
    return base64.b64decode(uri.partition(",")[2])


@pytest.mark.parametrize(
    ("data", "mimetype"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0jpeg", "image/jpeg"),
        (b"GIF89a....", "image/gif"),
        (b"RIFF0000WEBPVP8 ", "image/webp"),
        (SVG, "image/svg+xml"),
    ],
)
def test_image_file_becomes_a_data_uri(tmp_path: Path, data: bytes, mimetype: str) -> None:
    (tmp_path / "face.bin").write_bytes(data)  # the content counts, not the name
    uri = avatar_data_uri("face.bin", [tmp_path])
    assert uri is not None
    assert uri.startswith(f"data:{mimetype};base64,")
    assert decoded(uri) == data


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_avatar_is_none(nothing: str | None) -> None:
    assert avatar_data_uri(nothing, []) is None


@pytest.mark.parametrize("kept", ["https://x.org/a.png", "data:image/png;base64,AAAA"])
def test_url_is_kept(kept: str) -> None:
    assert avatar_data_uri(kept, []) == kept


@pytest.mark.parametrize("symbol", ["🦊", "👩🏽‍🔬", "A", "DS", "λ", "<b>"])
def test_symbol_is_drawn(symbol: str) -> None:
    svg = decoded(avatar_data_uri(symbol, [])).decode()
    assert svg.startswith("<svg")
    assert symbol.replace("<", "&lt;").replace(">", "&gt;") in svg


def test_nearer_folder_wins(tmp_path: Path) -> None:
    near, far = tmp_path / "near", tmp_path / "far"
    for folder, tail in ((near, b"near"), (far, b"far")):
        folder.mkdir()
        (folder / "a.png").write_bytes(PNG + tail)
    (far / "b.png").write_bytes(PNG)
    assert decoded(avatar_data_uri("a.png", [near, far])).endswith(b"near")
    assert decoded(avatar_data_uri("b.png", [near, far])) == PNG


@pytest.mark.parametrize(
    "svg",
    [
        b"<svg><script>x</script></svg>",
        b"<svg ><SCRIPT/></svg>",
        b'<svg onload="x()"></svg>',
        b"<svg><rect/onclick=x></svg>",
        b'<svg><a href="JavaScript:x"/></svg>',
        b"<svg><foreignObject/></svg>",
        b'<svg\n><!ENTITY a "b"></svg>',
    ],
)
def test_svg_with_active_content_is_refused(tmp_path: Path, svg: bytes) -> None:
    (tmp_path / "a.svg").write_bytes(svg)
    with pytest.raises(AvatarError, match="scripts or entities"):
        avatar_data_uri("a.svg", [tmp_path])
    encoded = base64.b64encode(svg).decode()
    with pytest.raises(AvatarError, match="scripts or entities"):
        avatar_data_uri(f"data:image/svg+xml;base64,{encoded}", [])


def test_svg_data_uri_is_checked_in_plain_form_too() -> None:
    assert avatar_data_uri("data:image/svg+xml,%3Csvg%3E%3C/svg%3E", [])
    with pytest.raises(AvatarError, match="scripts"):
        avatar_data_uri("data:image/svg+xml,%3Csvg%3E%3Cscript/%3E%3C/svg%3E", [])


@pytest.mark.parametrize(
    "avatar",
    [
        "data:text/html,<b>",
        "data:image/svg+xml;base64,!!!",
        "data:image/png;base64," + "A" * 100_000,
        "missing.png",
        "text.png",
        "big.png",
        "folder.png",
        "nul\0.png",
        "x" * 5000,
        "circle/a.png",
    ],
)
def test_avatar_that_cannot_be_used_is_refused(tmp_path: Path, avatar: str) -> None:
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "big.png").write_bytes(PNG + b"x" * 70_000)
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(AvatarError):
        avatar_data_uri(avatar, [tmp_path])


@pytest.mark.parametrize("path", ["../secret.png", "link.png", "/etc/hostname", "dir/secret.png"])
def test_file_outside_of_the_folders_is_refused(tmp_path: Path, path: str) -> None:
    inside = tmp_path / "personas"
    inside.mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    (inside / "dir").symlink_to(tmp_path)
    with pytest.raises(AvatarError, match="no avatar file"):
        avatar_data_uri(path, [inside])


def test_link_inside_of_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.png").write_bytes(PNG)
    (tmp_path / "link.png").symlink_to("real.png")
    assert decoded(avatar_data_uri("link.png", [tmp_path])) == PNG


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "a.png").chmod(0)
    with pytest.raises(AvatarError, match="cannot be read"):
        avatar_data_uri("a.png", [tmp_path])
