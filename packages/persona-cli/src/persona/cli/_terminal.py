"""Texts of persona files on a terminal, where some characters are orders."""

from __future__ import annotations

import re

_ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and newline, and those that turn the direction of writing round."""


def harmless(text: str) -> str:
    """Return ``text`` with such characters written out, so that nothing hides."""
    return _ORDERS.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)
