"""What a chat is told of by itself: broken persona files, and changes from another server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from persona.jupyter._block_notices import foreign

if TYPE_CHECKING:
    from persona.jupyter._in_use import PersonasInUse
    from persona.jupyter._system import SystemVoice


class Findings:
    """Tells what was found when definitions were read.

    Args:
        personas: The chat's personas.
        voice: The chat's own voice.
    """

    def __init__(self, personas: PersonasInUse, voice: SystemVoice) -> None:
        self._personas = personas
        self._voice = voice

    def tell_files(self, *, opening: bool = False) -> None:
        """Say which files are broken, and who stays as it was before its last edit.

        Args:
            opening: Whether the chat opens just now.
        """
        view, root = self._personas.view, self._personas.root_dir
        kept = {found for errors in view.kept.values() for found in errors}
        self._voice.tell_diagnostics([d for d in view.diagnostics if d not in kept], root)
        names = {slug: definition.identity.name for slug, definition in view.personas.items()}
        self._voice.tell_kept(view.kept, names, root, opening=opening)

    def tell_foreign(self) -> None:
        """Say what was changed on another server; it has no effect before somebody agrees."""
        view = self._personas.view
        rows = [
            (view.personas[slug].identity.name, slug, values)
            for slug, values in self._personas.changes.foreign().items()
            if slug in view.personas
        ]
        self._voice.tell_foreign(foreign(rows) if rows else "")
