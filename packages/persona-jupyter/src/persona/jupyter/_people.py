"""Pictures of people, small enough to travel in a chat file."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from persona.core import MAX_AVATAR, AvatarError, avatar_data_uri, users_of

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel


class People:
    """Scales down the pictures of the people who write in one chat.

    Their names, initials and colours are kept in the chat by jupyterlab-chat. A picture
    that cannot be scaled down stays as it is.

    Args:
        chat: The chat.
    """

    def __init__(self, chat: BaseChatModel) -> None:
        self._chat = chat
        self._seen: tuple[str, str | None] | None = None
        self._scaling = asyncio.Lock()  # first come, first served: messages keep their order

    async def tidy(self, username: str) -> None:
        """Scale down the picture of somebody who has written. Never called by an observer."""
        user = users_of(self._chat).get(username)
        url = user.avatar_url if user is not None and not user.bot else None
        if not isinstance(url, str) or len(url) <= MAX_AVATAR * 4 // 3 + 64:
            return
        if not url.startswith("data:image/"):
            return
        # In WebSocket mode the large one is there again when the page is loaded anew.
        async with self._scaling:
            if self._seen is None or self._seen[0] != url:
                self._seen = url, await asyncio.to_thread(_scaled, url)
            small = self._seen[1]
        now = users_of(self._chat).get(username)
        if small is not None and now is not None and now.avatar_url == url:
            self._chat.set_user(replace(now, avatar_url=small))


def _scaled(url: str) -> str | None:
    try:
        return avatar_data_uri(url, [])
    except AvatarError:
        return None
