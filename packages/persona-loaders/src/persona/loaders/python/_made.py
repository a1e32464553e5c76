"""Makes the author's object, whichever arguments its class was written for."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from persona.core import BasePersona as Container
    from persona.loaders.python._author import BasePersona


def made(
    cls: type[BasePersona], held: Container, loop: asyncio.AbstractEventLoop, parent: Any
) -> BasePersona:
    """Return a new object of an author's class.

    The chat was called ``ychat`` in older versions and ``chat`` in newer ones; a class is
    given what it names, and both if it takes anything.

    Args:
        cls: The class.
        held: The container that it answers for.
        loop: The server's event loop.
        parent: Parent of the container, where the server is found.
    """
    around = cls.surroundings_class(persona=held, loop=loop, parent=parent)
    offered: dict[str, Any] = {
        "parent": around,
        "ychat": held.ychat,
        "chat": held.ychat,
        "manager": around,
        "config": around.config,
        "log": around.log,
        "message_interrupted": {},
    }
    # What only the oldest versions passed on is given to those that name it.
    always = ("parent", "ychat", "chat")
    parameters = inspect.signature(cls.__init__).parameters.values()
    named = {p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters)
    given = {
        key: value
        for key, value in offered.items()
        if key in named or (takes_all and key in always)
    }
    return cls(**given)
