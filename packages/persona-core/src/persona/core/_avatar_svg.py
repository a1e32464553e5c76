"""Which SVG images may be avatars: drawings that do nothing and ask for nothing.

Browsers run no scripts in an image, but the file is shown by other programs too, and an
address in it would tell a stranger who opens the chat. What is not sure is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.parsers.expat import ExpatError, ParserCreate

_START = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:[\w.-]+:)?svg[\s/>]", re.DOTALL
)
_DECLARED = re.compile(r"^\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"']*)[\"']")
_ACTIVE_TEXT = re.compile(
    r"<(?:[\w.-]+:)?(?:script|foreignObject)|<!ENTITY|<!DOCTYPE|[\s/\"']on\w+\s*=|javascript:",
    re.IGNORECASE,
)
_ACTIVE = frozenset(
    {
        "script",
        "foreignobject",
        "handler",
        "listener",
        "iframe",
        "frame",
        "object",
        "embed",
        "applet",
        "audio",
        "video",
        "source",
        "track",
        "canvas",
        "link",
        "meta",
        "base",
        "form",
        "input",
        "html",
        "body",
        "img",
    }
)
"""Elements that do something, in lower case, in whatever namespace."""

_MOVING = frozenset({"animate", "set", "animatetransform", "animatemotion", "animatecolor"})
_ADDRESSES = frozenset({"href", "src", "base", "data", "action", "formaction", "poster", "srcset"})
_RASTER = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
_OWN = re.compile(r"\s*#[^\s\"'()]*\s*")
_URL = re.compile(r"url\(\s*[\"']?\s*([^)\"']*)", re.IGNORECASE)
_CSS_FAR = re.compile(
    r"\\|@import|@namespace|@font-face|expression\s*\(|-moz-binding|behavior\s*:"
    r"|(?:image-set|image|src|attr)\s*\(",
    re.IGNORECASE,
)


class UnsafeSvg(ValueError):
    """The image may not be used; the message says what it holds."""


def is_svg(data: bytes) -> bool:
    """Whether ``data`` is meant as an SVG image."""
    return _START.match(data[:65_536].decode("utf-8-sig", "replace")) is not None


def check_svg(data: bytes) -> None:
    """Raise if an SVG image could do or fetch anything.

    Raises:
        UnsafeSvg: It could, or it is not certain what browsers read in it.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise UnsafeSvg("is not written in UTF-8") from exc
    declared = _DECLARED.match(text)
    if declared and declared[1].casefold() not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise UnsafeSvg("is not written in UTF-8")
    if _ACTIVE_TEXT.search(text):
        raise UnsafeSvg("holds scripts or entities")
    reader = _Reader()
    parser = ParserCreate(encoding="utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.ProcessingInstructionHandler = reader.instruction
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(text.encode(), True)
    except ExpatError as exc:
        raise UnsafeSvg(f"is not well-formed ({exc})") from exc


class _Reader:
    """Looks at each part of an SVG image and raises at what may not be there."""

    def __init__(self) -> None:
        self._styles = 0
        self._css: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = _local(name)
        if local in _ACTIVE:
            raise UnsafeSvg("holds scripts or entities")
        if local == "style":
            self._styles += 1
        for key, value in attributes.items():
            self._attribute(local, _local(key), value)

    def end(self, name: str) -> None:
        if _local(name) == "style":
            self._styles -= 1
            if not self._styles:
                _check_css("".join(self._css))
                self._css = []

    def text(self, text: str) -> None:
        if self._styles:
            self._css.append(text)

    def instruction(self, _target: str, _data: str) -> None:
        raise UnsafeSvg("holds instructions for other programs")

    def doctype(self, *_: object) -> None:
        raise UnsafeSvg("holds scripts or entities")

    def _attribute(self, element: str, name: str, value: str) -> None:
        if name.startswith("on"):
            raise UnsafeSvg("holds scripts or entities")
        if element in _MOVING and name == "attributename" and _local(value) in _ADDRESSES:
            raise UnsafeSvg("holds scripts or entities")
        if name in _ADDRESSES and value.strip() and not _stays_inside(element, value):
            raise UnsafeSvg("refers to something outside of it")
        # Nearly every attribute of a drawing is CSS as well: fill="url(…)".
        if name not in _ADDRESSES and ("(" in value or name == "style"):
            _check_css(value)


def _stays_inside(element: str, address: str) -> bool:
    if _OWN.fullmatch(address):
        return True
    return element in ("image", "feimage") and _RASTER.fullmatch(address.strip()) is not None


def _check_css(css: str) -> None:
    if _CSS_FAR.search(css) or not all(_OWN.fullmatch(url) for url in _URL.findall(css)):
        raise UnsafeSvg("refers to something outside of it")


def _local(name: str) -> str:
    return name.rpartition(":")[2].strip().casefold()
