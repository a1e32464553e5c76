"""What a persona tells of itself: kept here, and told to nobody but the persona."""

from __future__ import annotations

from typing import Any

from persona.loaders.upstream.jupyter_ai_persona_manager.awareness_models import (
    CommandOption,
    ModelConfiguration,
    PersonaOption,
    SettingConfiguration,
    Usage,
)


class PersonaSessionState:
    """Model, settings, usage and commands of one persona, as it last reported them."""

    def __init__(self, **kwargs: Any) -> None:
        self.model = ModelConfiguration()
        self.settings: list[SettingConfiguration] = []
        self.usage = Usage()
        self.slash_commands: list[CommandOption] = []
        self.is_writing: bool | str = False

    def publish(self) -> None:
        """Do nothing: what is reported is not shown."""

    def shutdown(self) -> None:
        """Do nothing: there is nothing to let go of."""


class PersonaManagerSessionState:
    """The personas of a chat, as a manager last said them."""

    def __init__(self, **kwargs: Any) -> None:
        self.personas: list[PersonaOption] = []

    def publish(self) -> None:
        """Do nothing: the chat knows its personas."""

    def shutdown(self) -> None:
        """Do nothing: there is nothing to let go of."""


def register_persona_event_schemas(event_logger: Any) -> None:
    """Do nothing: such events are not sent."""
