"""The client of Jupyter AI for agents, for classes that name it."""

from __future__ import annotations

from typing import Any


class JaiAcpClient:
    """Stands in for the client; the engine ``acp`` talks to agents. What a subclass says is not
    used, which the chat tells."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            "JaiAcpClient is not supported: the engine acp talks to the agent. "
            "See docs/coming-from-jupyter-ai.md."
        )
