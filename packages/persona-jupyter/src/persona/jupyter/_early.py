"""The first second of an RTC chat, in which jupyterlab-chat does not tell of new messages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel


class EarlyWatch:
    """Watch an RTC chat until it tells of new messages itself.

    Until its document is saved for the first time, about a second after it opens, an RTC
    chat takes every message for one that was loaded and tells nobody. Who sends a message
    at once would never be answered. Chats of the WebSocket mode have no such time.

    Args:
        chat: The chat.
        look: Called, outside of any transaction, when messages may have come.
    """

    def __init__(self, chat: BaseChatModel, look: Callable[[], None]) -> None:
        self._messages: Any = getattr(chat, "ymessages", None)
        self._chat = cast(Any, chat)
        self._look = look
        self._subscription: Any = None
        if self._messages is not None and self._chat.dirty:
            self._subscription = self._messages.observe(self._on_change)

    def close(self) -> None:
        """Stop watching. May be called at any time."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(ValueError, KeyError):
                self._messages.unobserve(subscription)

    def _on_change(self, _event: object) -> None:
        asyncio.get_running_loop().call_soon(self._on_time)

    def _on_time(self) -> None:
        if self._subscription is None:
            return
        if not self._chat.dirty:
            self.close()
        self._look()
