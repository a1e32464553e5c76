"""What a chat keeps of a persona, when its definition has another short name now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from persona.jupyter._changes import ChatChanges
from persona.jupyter._last_good import LiveView

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

_KEYED = "persona_"
"""What keys in a chat's metadata begin with whose values are kept by short name."""


def move_renamed(chat: BaseChatModel, changes: ChatChanges, view: LiveView) -> None:
    """Move what the chat keeps under former names to those who go on for them.

    Called before a view is used. What somebody has under the new name already wins.
    Writes only if there is something to move.
    """
    for old, new in view.renamed.items():
        changes.move(old, new)
        for key, kept in chat.get_metadata().items():
            if key.startswith(_KEYED) and isinstance(kept, Mapping) and old in kept:
                moved = {slug: value for slug, value in kept.items() if slug != old}
                chat.set_metadata(key, {new: kept[old], **moved})
