from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypedDict

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from jupyter_ai.config_manager import ConfigManager
    from jupyter_ai_persona_manager import PersonaManager
    from jupyterlab_chat.models import Message


class Command(TypedDict):
    name: str
    rest: str


def parse(body: str) -> Command:
    text = re.sub(r"^(?:\s*@[\w-]+)+\s*", "", body or "")
    name, _, rest = text.partition(" ")
    return {"name": name.lower(), "rest": rest.strip()}


class TypedPersona(BasePersona):
    parent: PersonaManager
    config_manager: ConfigManager

    @property
    def defaults(self) -> PersonaDefaults:
        return PersonaDefaults(
            name="Typed", description="Imports for type checkers only", avatar_path="", system_prompt=""
        )

    async def process_message(self, message: Message) -> None:
        command: dict[str, Any] = dict(parse(message.body))
        await self.stream_message(self._answer(command))

    async def _answer(self, command: dict[str, Any]) -> AsyncIterator[str]:
        yield f"command={command['name']} "
        yield f"rest={command['rest']}"
