"""How the personas that a chat sees differ from those that it saw before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from persona.jupyter._last_good import LiveView
from persona.jupyter._listing import list_personas
from persona.jupyter._refresh import changed_blocks


@dataclass(slots=True)
class CatalogChange:
    """Short names and names of blocks; true if there are any.

    Attributes:
        added: Who is new.
        removed: Who is gone.
        changed: The blocks in which somebody differs; ``state`` for whether it can be used.
        default: Whether another one was made the default of the chat.
    """

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)
    default: bool = False

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.default)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        changed = [{"slug": slug, "blocks": blocks} for slug, blocks in self.changed.items()]
        return {
            "added": self.added,
            "removed": self.removed,
            "changed": changed,
            "default": self.default,
        }


def catalog_change(before: LiveView | None, after: LiveView, root: Path) -> CatalogChange:
    """Return what is different; may take long if there are many personas.

    Args:
        before: What the chat saw; None if it opens.
        after: What it sees now.
        root: The server's root folder.
    """
    if before is after:
        return CatalogChange()
    old, new = _standing(before, root), _standing(after, root)
    change = CatalogChange(
        added=[slug for slug in new if slug not in old],
        removed=[slug for slug in old if slug not in new],
    )
    for slug in new:
        if before is None or slug not in old:
            continue
        was, now = before.personas.get(slug), after.personas.get(slug)
        blocks = changed_blocks(was, now) if was is not None and now is not None else []
        if old[slug] != new[slug]:
            blocks.append("state")
        if blocks:
            change.changed[slug] = blocks
    return change


def _standing(view: LiveView | None, root: Path) -> Mapping[str, object]:
    """Return where each persona stands and whether it can be used, as listings show it."""
    if view is None:
        return {}
    return {
        row.slug: (row.state, row.detail, row.fault, row.file)
        for row in list_personas(view, root)
        if row.state != "removed"
    }
