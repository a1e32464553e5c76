"""Who is known in a chat, whatever its file holds for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel, User


def users_of(chat: BaseChatModel) -> dict[str, User]:
    """Return the users of a chat by username, for everybody who reads them.

    jupyterlab-chat makes them of what the file holds and raises for all when one of them is
    no user, or has a field that this version does not know. Then none is known: people and
    personas go by their usernames, and the chat works.

    Args:
        chat: The chat, WebSocket or RTC.
    """
    try:
        return dict(chat.get_users())
    except (TypeError, ValueError, AttributeError):
        return {}
