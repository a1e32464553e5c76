"""Tables that fit the terminal."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Sequence

_GAP = "  "
_NARROW = 8


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a header; on a terminal no line is longer than its width."""
    limit = None
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal():
        limit = shutil.get_terminal_size().columns
    for line in format_table(header, rows, limit):
        print(line)


def format_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], limit: int | None
) -> list[str]:
    """Return the lines of a table.

    Args:
        header: Titles of the columns.
        rows: Cells; each as many as there are titles.
        limit: Longest line; the widest columns are cut first. None cuts nothing.
    """
    table = [list(header), *[[" ".join(cell.split()) for cell in row] for row in rows]]
    widths = [max(width(cell) for cell in column) for column in zip(*table, strict=True)]
    if limit is not None:
        spare = sum(widths) + len(_GAP) * (len(widths) - 1) - limit
        while spare > 0 and max(widths) > _NARROW:
            widest = widths.index(max(widths))
            widths[widest] -= 1
            spare -= 1
    return [
        _GAP.join(fit(cell, w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def fit(text: str, size: int) -> str:
    """Return ``text`` cut or filled to ``size`` columns."""
    if width(text) > size:
        while text and width(text) > size - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (size - width(text))


def width(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
