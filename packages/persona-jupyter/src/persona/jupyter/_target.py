"""Whom a command is for: the persona that it names, else the one that would answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from persona.core import ChangeError, did_you_mean, mention_name
from persona.jupyter import _notices as notices
from persona.jupyter._names import broken_in

if TYPE_CHECKING:
    from jupyterlab_chat.models import Message

    from persona.jupyter._manager import PersonaManager


def addressed(manager: PersonaManager, rest: str, message: Message | None) -> tuple[str, str]:
    """Return the short name of the persona that a command is for, and what follows.

    Args:
        manager: The chat's manager.
        rest: What stands after the command.
        message: The message, of which the persona that was picked in a menu is read.

    Raises:
        ChangeError: Nobody is called so, or it is not clear whom it is for.
    """
    here = manager.view.personas
    names = {slug: own for slug, own in manager.names().items() if slug in here}
    found = split_name(rest, names)
    if found is not None:
        return found
    if rest.startswith("@"):
        _tell_of_others(manager, rest)
        word = rest[1:].split(None, 1)[0] if rest[1:].strip() else ""
        guess = did_you_mean(word, [mention_name(name) for own in names.values() for name in own])
        hint = f" Did you mean `@{guess}`?" if guess else ""
        raise ChangeError(f"Nobody here is called @{word[:60]}.{hint}")
    picked = (message.metadata or {}).get("to") if message is not None else None
    for slug in (picked, manager.last_addressed, manager.default_slug()):
        if isinstance(slug, str) and slug in names:
            return slug, rest.strip()
    if not names:
        raise ChangeError("There is no persona in this chat.")
    known = ", ".join(f"`@{mention_name(own[0])}`" for own in list(names.values())[:12])
    raise ChangeError(f"For whom? Write one of these after the command: {known}.")


def _tell_of_others(manager: PersonaManager, rest: str) -> None:
    """Raise if the name is that of one that is there, but cannot be changed."""
    removed = {slug: (name, slug) for slug, name in manager.view.removed.items()}
    if found := split_name(rest, removed):
        raise ChangeError(notices.removed(found[0], removed[found[0]][0]))
    broken = {slug: (slug,) for slug in broken_in(manager.view)}
    if found := split_name(rest, broken):
        raise ChangeError(f"The file of {found[0]} has to be repaired first: see `/personas`.")
    brought = manager.carried.all(manager.view)
    names = {slug: (one.name, slug) for slug, one in brought.items()}
    if found := split_name(rest, names):
        name = names[found[0]][0]
        raise ChangeError(
            f"{name} is in this chat only. `/save @{found[0]}` makes it a persona here."
        )


def split_name(text: str, names: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """Return who is named at the start of a text, and the rest; None if nobody is.

    Args:
        text: It may begin with ``@``, a name with spaces or dashes for them, in any case.
        names: For each short name what it answers to.
    """
    if not text.startswith("@"):
        return None
    forms = [
        (form, slug)
        for slug, own in names.items()
        for name in own
        for form in (name, mention_name(name))
    ]
    for form, slug in sorted(forms, key=lambda pair: len(pair[0]), reverse=True):
        after = text[1 + len(form) :]
        if text[1 : 1 + len(form)].casefold() == form.casefold() and not after[:1].strip():
            return slug, after.strip()
    return None
