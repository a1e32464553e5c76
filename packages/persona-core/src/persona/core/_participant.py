"""A persona as the others in its chat see it: names, ids, avatar, and what it writes with."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from persona.core._activity import ActivityLog
from persona.core._conversation import Conversation
from persona.core._mentions import mention_name
from persona.core._models import PersonaIdentity
from persona.core._portrait import Portrait
from persona.core._session import Session
from persona.core._slugs import persona_id

if TYPE_CHECKING:
    from jupyterlab_chat.models import User

    from persona.core._persona import BasePersona


class Participant:
    """What one persona is called and looks like in its chat, now and before.

    Args:
        persona: Whose names they are; its log is told what is wrong with an avatar.
        identity: Name, avatar, description.
        slug: The short name.
        former: The short names that it had before.
        folders: Where relative avatar paths are looked up.

    Attributes:
        identity: The identity block.
        slug: The short name.
        left: Whether it has left the chat, so that a late avatar is not shown.
    """

    def __init__(
        self,
        persona: BasePersona,
        identity: PersonaIdentity,
        slug: str,
        former: Sequence[str],
        folders: Sequence[Path],
    ) -> None:
        self.identity = identity
        self.slug = slug
        self.left = False
        self._persona = persona
        self._former = tuple(former)
        self._folders = tuple(folders)
        self._portrait = Portrait(self._complain_of_avatar)
        self._conversation: Conversation | None = None

    @property
    def former_ids(self) -> tuple[str, ...]:
        """The ids that it had before."""
        return tuple(map(persona_id, self._former))

    @property
    def mention_names(self) -> tuple[str, ...]:
        """What people may write after an ``@`` to address it."""
        name = self._persona.name
        return (name, mention_name(name), self.slug, *self._former)

    def user(self) -> User:
        """Return the user that it is in the chat; a large avatar is scaled down here."""
        return self._user(self._portrait.uri(self.identity.avatar, self._folders))

    async def draw(self) -> None:
        """Make the avatar that `user` shows, a large one off the event loop."""
        await self._portrait.make(self.identity.avatar, self._folders)

    def conversation(self, session: Session, activity: ActivityLog) -> Conversation:
        """Return the chat as it writes it, made at the first call."""
        if self._conversation is None:
            persona = self._persona
            self._conversation = Conversation(persona.ychat, persona.as_user(), session, activity)
        return self._conversation

    def change(self, identity: PersonaIdentity, folders: Sequence[Path] | None) -> None:
        """Go on with another identity, and show it once the chat knows this one."""
        self.identity = identity
        if folders is not None:
            self._folders = tuple(folders)
        if self._conversation is not None:
            self._introduce(self._conversation)

    def rename(self, slug: str, former: Sequence[str]) -> None:
        """Go on under another short name, and show it once the chat knows this one."""
        same = slug == self.slug
        self.slug = slug
        self._former = tuple(former)
        if self._conversation is not None and not same:
            self._introduce(self._conversation)

    def _introduce(self, conversation: Conversation) -> None:
        """Show name and avatar; one that takes long to scale down follows when it is made."""
        if not self._portrait.takes_long(self.identity.avatar, self._folders):
            conversation.introduce(self._persona.as_user())
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # nobody waits
            conversation.introduce(self._persona.as_user())
            return
        conversation.introduce(self._user(self._portrait.last))
        avatar, folders = self.identity.avatar, self._folders
        made = loop.run_in_executor(None, self._portrait.uri, avatar, folders)

        def show(made: asyncio.Future[str | None]) -> None:
            if not (made.cancelled() or made.exception() or self.left):
                self._introduce(conversation)

        made.add_done_callback(show)

    def _user(self, avatar: str | None) -> User:
        from jupyterlab_chat.models import User

        name = self.identity.name
        return User(  # type: ignore[no-untyped-call]
            username=self._persona.id,
            name=name,
            display_name=name,
            initials="".join(word[0] for word in name.split()[:2]).upper(),
            avatar_url=avatar,
            bot=True,
        )

    def _complain_of_avatar(self, what: str) -> None:
        self._persona.log.warning("Avatar of %s: %s", self._persona.id, what)
