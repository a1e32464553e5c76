"""Commands for who takes part in a chat, and who answers in it by default."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from persona.core import ChangeError, did_you_mean, escape_markdown, mention_name
from persona.jupyter._block_notices import refused
from persona.jupyter._names import name_of
from persona.jupyter._target import split_name

if TYPE_CHECKING:
    from jupyterlab_chat.models import Message

    from persona.jupyter._manager import PersonaManager

Run = Callable[["PersonaManager", str, "Message"], Awaitable[str]]

NOBODY = "none"
"""What is written after ``/default`` to take it back."""


def _told(work: Callable[[PersonaManager, str], Awaitable[str]]) -> Run:
    """Return a command; what cannot be done is answered in the chat."""

    async def run(manager: PersonaManager, rest: str, _message: Message) -> str:
        try:
            return await work(manager, rest)
        except ChangeError as exc:
            return refused(str(exc))

    return run


async def _remove(manager: PersonaManager, rest: str) -> str:
    slug = _one(rest, manager.names(), "/remove", "Nobody here")
    name = escape_markdown(await manager.roster.remove(slug))
    return f"✓ {name} was removed from this chat. `/add @{slug}` brings it back."


async def _add(manager: PersonaManager, rest: str) -> str:
    removed = {slug: (name, slug) for slug, name in manager.view.removed.items()}
    here = split_name(rest, manager.names())
    if here is not None and split_name(rest, removed) is None:
        return f"{escape_markdown(name_of(manager.view, here[0]))} takes part already."
    if not removed:
        raise ChangeError("Nobody was removed from this chat.")
    slug = _one(rest, removed, "/add", "Nobody who was removed from this chat")
    return f"✓ {escape_markdown(await manager.roster.add(slug))} takes part in this chat again."


async def _default(manager: PersonaManager, rest: str) -> str:
    if rest.strip("`").casefold() == NOBODY:
        await manager.roster.make_default(None)
        return f"✓ This chat has no default persona of its own any more. {_who(manager)}"
    if not rest:
        return _who(manager)
    removed = {slug: (name, slug) for slug, name in manager.view.removed.items()}
    slug = _one(rest, {**manager.names(), **removed}, "/default", "Nobody here")
    name = escape_markdown(await manager.roster.make_default(slug) or slug)
    return f"✓ {name} answers in this chat when nobody is mentioned. `/default none` takes it back."


def _who(manager: PersonaManager) -> str:
    found = manager.default()
    if found.slug is None:
        said = "Nobody answers by default: the chat asks whom you mean."
    else:
        why = {
            "chat": "as was said in this chat",
            "settings": "as the server's settings say",
            "only": "being the only one",
        }.get(found.origin, "")
        name = escape_markdown(name_of(manager.view, found.slug))
        said = f"{name} answers by default, {why}."
    return f"{found.missing} {said}".strip()


def _one(text: str, names: Mapping[str, Sequence[str]], command: str, nobody: str) -> str:
    """Return the short name of who is named; nobody is guessed, so much hangs on it."""
    name = text if text.startswith("@") else f"@{text}"
    found = split_name(name, names) if text else None
    if found is not None and not found[1]:
        return found[0]
    ways = ", ".join(f"`{command} @{mention_name(own[0])}`" for own in list(names.values())[:12])
    if not text:
        raise ChangeError(f"Whom? {ways}.")
    guess = did_you_mean(name[1:], [mention_name(one) for own in names.values() for one in own])
    hint = f" Did you mean `@{guess}`?" if guess else ""
    raise ChangeError(f"{nobody} is called {name[:60]}.{hint}")


ROSTER: dict[str, tuple[str, Run]] = {
    "/add": ("Let a persona that was removed take part again: /add @Name", _told(_add)),
    "/default": (
        "Show or choose who answers when nobody is mentioned: /default @Name",
        _told(_default),
    ),
    "/remove": ("Remove a persona from this chat: /remove @Name", _told(_remove)),
}
"""By name: one line for the menu, and what it does."""
