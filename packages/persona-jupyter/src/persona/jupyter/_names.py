"""What the personas of a chat are called, and who is meant by a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from persona.core import Absent, BrokenFile, mention_name
from persona.jupyter._last_good import LiveView


def names_in(view: LiveView) -> Mapping[str, Sequence[str]]:
    """Return what each persona answers to, by short name; former names that are free too."""
    names: dict[str, Sequence[str]] = {
        slug: (definition.identity.name, slug) for slug, definition in view.personas.items()
    }
    for slug in broken_in(view):
        names.setdefault(slug, (slug,))
    renamed = {old: slug for old, slug in view.renamed.items() if slug in names}
    if renamed:
        taken = {mention_name(name).casefold() for own in names.values() for name in own}
        for old, slug in renamed.items():
            if old not in taken:
                names[slug] = (*names[slug], old)
    return names


def called_now(view: LiveView, slug: str | None) -> str | None:
    """Return the short name that a persona of that short name has now."""
    return view.renamed.get(slug, slug) if slug is not None else None


def name_of(view: LiveView, slug: str) -> str:
    """Return the name shown of a persona, also of one whose file is broken."""
    definition = view.personas.get(slug)
    return definition.identity.name if definition else slug


def broken_in(view: LiveView) -> dict[str, BrokenFile]:
    """Return the personas that cannot answer before their file is repaired."""
    return {broken.slug: broken for broken in view.broken if broken.slug not in view.personas}


def removed_in(view: LiveView, word: str) -> tuple[str, str] | None:
    """Return short name and name shown of who was removed from the chat and is called so."""
    wanted = word.casefold()
    for slug, name in view.removed.items():
        if wanted in (slug, mention_name(name).casefold()):
            return slug, name
    return None


def absent_in(view: LiveView, word: str) -> Absent | None:
    """Return the default persona of that name that is not there, if there is one."""
    wanted = word.casefold()
    for slug, absent in view.absent.items():
        if wanted in (slug, mention_name(absent.definition.identity.name).casefold()):
            return absent
    return None
