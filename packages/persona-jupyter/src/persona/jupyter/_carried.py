"""Definitions that a chat file carries, so that it can be opened where its personas are not."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from persona.core import (
    Packed,
    PersonaDefinition,
    PortableError,
    find_mentions,
    mention_name,
    persona_id,
    plain_text,
    record_definition,
    recorded_definitions,
    slugify,
    unpack_definition,
    users_of,
)
from persona.jupyter._listing import Listed
from persona.jupyter._seal import Seal

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

    from persona.jupyter._last_good import LiveView
    from persona.jupyter._policy import Policy

NOT_HERE = "in this chat only, not installed here"

_MOST = 100
"""So many are looked at; a chat file may be anybody's."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A persona that a chat brings and this server does not have.

    Attributes:
        slug: Its short name.
        name: The name shown.
        packed: Its definition; None if that cannot be used.
        problem: Why it cannot be used.
        avatar: Its picture, as the chat has it; unchecked.
        content: Changes when its definition or its picture does.
    """

    slug: str
    name: str
    packed: Packed | None
    problem: str = ""
    avatar: str | None = None
    content: str = ""

    @property
    def picture(self) -> str | None:
        """Its picture, if it can be shown: an image that stands alone, or an address."""
        shown = ("data:image/", "https://", "http://")
        return self.avatar if self.avatar and self.avatar.startswith(shown) else None


class CarriedDefinitions:
    """Writes the definitions of one chat's personas into it, and reads those of others.

    Args:
        chat: The chat.
        policy: What the server allows; what nobody may see is not seen here either.
        seal: Signs what was shown; by default with the user's own key.

    Attributes:
        saving: Held while one of them is saved.
    """

    def __init__(self, chat: BaseChatModel, policy: Policy, seal: Seal | None = None) -> None:
        self._chat = chat
        self._policy = policy
        self._seal = seal or Seal()
        self._recorded: dict[str, PersonaDefinition] = {}
        self._installed: set[str] = set()
        self._read: dict[str, Packed | str] = {}
        self.saving = asyncio.Lock()

    def record(self, definition: PersonaDefinition) -> None:
        """Keep a definition as it is used in the chat. Never called while the chat is observed.

        Called when a persona is asked and when its definition has changed. The text goes
        into the file with the next message.
        """
        slug = definition.name
        if self._recorded.get(slug) is definition:
            return
        record_definition(self._chat, definition)
        self._recorded[slug] = definition

    def installed(self, view: LiveView) -> None:
        """Note who is here. One whose file is deleted later is gone, until the chat is reopened."""
        self._installed |= view.personas.keys() | view.renamed.keys()
        self._installed |= {broken.slug for broken in view.broken} | view.removed.keys()

    def all(self, view: LiveView) -> dict[str, Carried]:
        """Return those that are not here, by short name."""
        known = self._installed | view.personas.keys() | view.absent.keys() | view.hidden.keys()
        found: dict[str, Carried] = {}
        stored = recorded_definitions(self._chat)
        users = users_of(self._chat) if stored.keys() - known else {}
        for slug, text in stored.items():
            if len(found) == _MOST:
                break
            if slug == slugify(slug) != "" and slug not in known and not self._policy.hides(slug):
                found[slug] = self._carried(slug, text, users.get(persona_id(slug)))
        return found

    def seal(self, carried: Carried) -> str:
        """Return the word of this user's server that it has shown what it brings to people.

        A chat file may hold a message that looks like an offer and tells of something else.
        """
        return self._seal.of(f"save {carried.slug}", self._shown(carried))

    def has_shown(self, carried: Carried, seal: str) -> bool:
        """Whether a seal is of this persona as it is now."""
        return self._seal.fits(f"save {carried.slug}", self._shown(carried), seal)

    def _shown(self, carried: Carried) -> dict[str, str]:
        return {"chat": str(self._chat.get_id()), "content": carried.content}

    def mentioned(self, body: str, view: LiveView) -> list[Carried]:
        """Return those that a message addresses, in its order."""
        found = self.all(view)
        # A name of somebody who is here means that one.
        taken = {mention_name(d.identity.name).casefold() for d in view.personas.values()}
        names = {
            slug: (slug,) if mention_name(c.name).casefold() in taken else (c.name, slug)
            for slug, c in found.items()
        }
        return [found[slug] for slug in find_mentions(body, names)] if names else []

    def rows(self, view: LiveView) -> list[Listed]:
        """Return what listings show of them."""
        return [_row(carried, self._chat.get_path()) for carried in self.all(view).values()]

    def _carried(self, slug: str, text: str, user: Any) -> Carried:
        read = self._read.get(text)
        if read is None:
            try:
                read = unpack_definition(text)
            except PortableError as exc:
                read = str(exc)
            if len(self._read) > 2 * _MOST:
                self._read.clear()
            self._read[text] = read
        avatar = getattr(user, "avatar_url", None)
        avatar = avatar if isinstance(avatar, str) else None
        content = hashlib.sha256(f"{text}\0{avatar}".encode("utf-8", "replace")).hexdigest()
        if isinstance(read, str):
            name = getattr(user, "display_name", None)
            name = " ".join(plain_text(name).split())[:80] if isinstance(name, str) else ""
            return Carried(slug, name or slug, None, read, avatar, content)
        name = plain_text(read.definition.identity.name)  # nothing in it may be invisible
        return Carried(slug, name, read, "", avatar, content)


def _row(carried: Carried, path: str) -> Listed:
    definition = carried.packed.definition if carried.packed else None
    model = definition.model if definition else None
    return Listed(
        slug=carried.slug,
        name=carried.name,
        mention_name=mention_name(carried.name),
        engine=definition.engine if definition else "–",
        model=model.model_id if model else None,
        scope="chat",
        file=path,
        state="carried",
        description=definition.identity.description if definition else None,
        detail=carried.problem or NOT_HERE,
    )
