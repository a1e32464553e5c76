"""What the agents' own classes share."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, ClassVar

from persona.core import PersonaDefaults
from persona.loaders.upstream.jupyter_ai_acp_client.base_acp_persona import BaseAcpPersona

_ENGINES = "persona.engines.acp"


class KnownAcpPersona(BaseAcpPersona):
    """An agent that has an engine of its own here; that one knows its program.

    Attributes:
        agent: The agent's name, also in the chat.
        program: What Jupyter AI starts.
    """

    agent: ClassVar[str] = ""
    program: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, executable=list(self.program), **kwargs)

    @property
    def defaults(self) -> PersonaDefaults:
        """What is said of the agent. Override it."""
        return PersonaDefaults(
            name=self.agent,
            description=f"{self.agent} as an agent in the chat.",
            avatar_path=_picture(self.engine),
            system_prompt="unused",
        )


def _picture(engine: str) -> str:
    """Return the file of the picture that the engines bring, if they are installed."""
    found = importlib.util.find_spec(_ENGINES)
    if found is None or found.origin is None:
        return ""
    file = Path(found.origin).parent / "personas" / f"{engine.removesuffix('-acp')}.svg"
    return str(file) if file.is_file() else ""
