"""Changes a Markdown persona and leaves every other character as it is.

Each result is read back and compared before it is given to anybody, so a form that is not
understood here leads to a refusal, never to a wrong file.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from persona.core import DefinitionError
from persona.loaders._keys import same
from persona.loaders._markdown_front import FrontEdit, NotSo
from persona.loaders._markdown_layout import Layout, lay_open
from persona.loaders._report import Refused


def put_front(layout: Layout, new: Mapping[str, Any]) -> str:
    """Return the file's text with other values in the front matter, without its mark.

    Args:
        layout: The file as it is.
        new: All values of the front matter as they shall be.

    Raises:
        DefinitionError: It is written so that this cannot be done.
    """
    if same(layout.data, dict(new)):
        return layout.text
    for aliases, blanks in product((False, True), repeat=2):
        try:
            text = FrontEdit(layout, aliases=aliases, blanks=blanks).run(new)
            after = lay_open((layout.mark + text).encode())
        except (NotSo, Refused):
            continue
        kept = text.endswith(layout.text[layout.end :])
        if kept and after.body == layout.body and same(after.data, dict(new)):
            return text
    raise DefinitionError(
        "The front matter is written so that programs cannot change this value alone. "
        "Change it in an editor."
    )


def put_body(layout: Layout, body: str) -> str:
    """Return the file's text with another text below the front matter.

    Raises:
        DefinitionError: The text cannot be written there as it is.
    """
    head, old = layout.text[: layout.body_start], layout.text[layout.body_start :]
    if not head.endswith(("\n", "\r")):
        head += layout.newline
    lines = layout.newline.join(body.split("\n"))
    if layout.body:
        before = old[: len(old) - len(old.lstrip())]
        text = head + before + lines + old[len(old.rstrip()) :]
    else:
        text = head + (lines + layout.newline if body else "")
    try:
        after = lay_open((layout.mark + text).encode())
    except (Refused, UnicodeEncodeError):
        after = None
    if after is None or after.body != body:
        raise DefinitionError(
            "This text cannot stand below the front matter as it is. Remove blank space around "
            "it and characters that are not text."
        )
    return text
