"""Where a Python persona works: its chat, its folders, its server. Authors see it as ``parent``."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from traitlets.config import LoggingConfigurable

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

    from persona.core import BasePersona

_Result = TypeVar("_Result")


class Surroundings(LoggingConfigurable):
    """What a persona finds around it.

    Args:
        persona: The container that the author's object answers for.
        loop: The server's event loop, which runs in the thread that makes this.

    Attributes:
        thread: Id of the loop's thread.
    """

    def __init__(
        self, *, persona: BasePersona, loop: asyncio.AbstractEventLoop, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.persona = persona
        self.event_loop = loop
        self.thread = threading.get_ident()

    @property
    def chat(self) -> BaseChatModel:
        """The chat."""
        return self.persona.ychat

    @property
    def ychat(self) -> BaseChatModel:
        """The chat; the same object."""
        return self.persona.ychat

    @property
    def root_dir(self) -> str:
        """The server's root folder."""
        return str(self.persona.root_dir.absolute())

    @property
    def serverapp(self) -> Any:
        """The Jupyter Server; on the command line something that has no settings."""
        found: Any = self.parent
        while found is not None and getattr(found, "serverapp", None) is None:
            found = getattr(found, "parent", None)
        if found is None:
            return SimpleNamespace(
                root_dir=self.root_dir, base_url="/", web_app=SimpleNamespace(settings={})
            )
        return found.serverapp

    @property
    def base_url(self) -> str:
        """The server's base URL."""
        return str(getattr(self.serverapp, "base_url", "/"))

    def get_chat_path(self, relative: bool = False) -> str:
        """Return the path of the chat file, absolute or relative to the root folder."""
        path = self.persona.ychat.get_path()
        return path if relative else str(Path(self.root_dir, path))

    def get_chat_dir(self) -> str:
        """Return the folder of the chat file."""
        return str(Path(self.get_chat_path()).parent)

    def get_dotjupyter_dir(self) -> str | None:
        """Return the nearest folder ``.jupyter`` from the chat's folder up to the root, if any."""
        return self._nearest(".jupyter")

    def get_workspace_dir(self) -> str:
        """Return the project of the chat.

        The folder that holds the nearest ``.jupyter``, unless that is the root; else the one
        that holds ``.git``; else the chat's own.
        """
        dot = self._nearest(".jupyter")
        if dot is not None and Path(dot).parent != Path(self.root_dir).resolve():
            return str(Path(dot).parent)
        git = self._nearest(".git")
        return str(Path(git).parent) if git is not None else self.get_chat_dir()

    def in_loop(self, work: Callable[[], _Result]) -> _Result:
        """Do something with the chat in the event loop's thread, and wait for it elsewhere."""
        if threading.get_ident() == self.thread:
            return work()

        async def there() -> _Result:
            return work()

        return asyncio.run_coroutine_threadsafe(there(), self.event_loop).result(30)

    def _nearest(self, name: str) -> str | None:
        root = Path(self.root_dir).resolve()
        folder = Path(self.get_chat_dir()).resolve()
        for place in (folder, *folder.parents):
            if (place / name).is_dir():
                return str(place / name)
            if place == root:
                break
        return None
