"""``/trust``: the question of trust, answered by writing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from persona.core import escape_markdown
from persona.jupyter import _trust_notices as texts
from persona.jupyter._refusal import Refusal
from persona.jupyter._target import split_name
from persona.jupyter._trust import CHOICES

if TYPE_CHECKING:
    from jupyterlab_chat.models import Message

    from persona.jupyter._manager import PersonaManager

_WORDS = {
    "": "version",
    "not now": "later",
    "this version": "version",
    "this project": "project",
}


async def trust(manager: PersonaManager, rest: str, message: Message) -> str:
    """Do ``/trust [@Name] [version|project|later]`` and return what the chat says."""
    waiting = dict(manager.view.untrusted)
    names = manager.names()
    found = split_name(rest, names)
    if rest.startswith("@") and found is None:
        return f"Nobody here is called {escape_markdown(rest.split()[0])}."
    if found is None and len(waiting) != 1:
        if not waiting:
            return "Nobody here waits for your trust."
        ways = ", ".join(f"`/trust @{slug}`" for slug in list(waiting)[:12])
        return f"Which one? {ways}."
    slug, word = found or (next(iter(waiting)), rest)
    word = word.strip("` ").casefold()
    wanted = _WORDS.get(word, word)
    choice = next((choice for choice in CHOICES if choice == wanted), None)
    if choice is None:
        return (
            f"What is meant by {escape_markdown(word[:60])}? Write `/trust @{slug}`, "
            f"`/trust @{slug} project` or `/trust @{slug} later`."
        )
    before = await manager.trust.look(slug)
    by = manager.people.get(message.sender, "")
    try:
        waited = await manager.decide_trust(slug, choice, by=by)
    except Refusal as exc:
        return f"Not done. {escape_markdown(str(exc))}"
    return texts.done(before.version, choice, waited) if before is not None else "Done."
