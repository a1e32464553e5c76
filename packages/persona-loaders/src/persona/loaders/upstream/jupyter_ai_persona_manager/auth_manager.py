"""Whether somebody is logged in where a persona needs it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from traitlets import Float
from traitlets.config import LoggingConfigurable


class PersonaNotAuthenticated(Exception):
    """Nobody is logged in."""


class PersonaAuthManager(LoggingConfigurable):
    """Asks whether somebody is logged in, and goes on asking until somebody is.

    Args:
        check_auth_fn: Says it; without one everybody is.
    """

    default_poll_interval = Float(1.0, help="Seconds between two questions.").tag(config=True)

    def __init__(
        self,
        *args: Any,
        check_auth_fn: Callable[[], bool | Awaitable[bool]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._check = check_auth_fn
        self._authed = check_auth_fn is None
        self._poll: asyncio.Task[None] | None = None

    @property
    def authed(self) -> bool:
        """Whether somebody was logged in when it was asked last."""
        return self._authed

    async def check_auth(self) -> bool:
        """Return whether somebody is logged in; a yes is remembered."""
        if not self._authed and self._check is not None:
            found = self._check()
            self._authed = bool(await found if inspect.isawaitable(found) else found)
        return self._authed

    async def assert_auth(self) -> None:
        """Raise `PersonaNotAuthenticated` if nobody is logged in."""
        if not await self.check_auth():
            raise PersonaNotAuthenticated

    def start_poll(self, interval: float | None = None) -> None:
        """Ask again and again until somebody is; then call the persona's ``handle_auth``."""
        if not self._authed and (self._poll is None or self._poll.done()):
            seconds = interval or self.default_poll_interval
            self._poll = asyncio.get_running_loop().create_task(self._ask(seconds))

    async def _ask(self, interval: float) -> None:
        while not await self.check_auth():  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(interval)
        handle = getattr(self.parent, "handle_auth", None)
        if handle is not None:
            await handle()

    def stop(self) -> None:
        """Ask no more."""
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None
