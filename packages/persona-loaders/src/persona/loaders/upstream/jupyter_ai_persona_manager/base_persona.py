"""`BasePersona` as in Jupyter AI 3.0, 3.1 and 3.2 at once."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, ClassVar

from jupyterlab_chat.models import Message

from persona.core import PersonaDefaults
from persona.loaders.python import BasePersona as OurBasePersona
from persona.loaders.python._author import PersonaMeta
from persona.loaders.python._surroundings import Surroundings
from persona.loaders.upstream.jupyter_ai_persona_manager.auth_manager import (
    PersonaAuthManager,
    PersonaNotAuthenticated,
)
from persona.loaders.upstream.jupyter_ai_persona_manager.awareness_models import (
    CommandOption,
    ModelConfiguration,
    ModelSpec,
    SettingConfiguration,
    Usage,
)
from persona.loaders.upstream.jupyter_ai_persona_manager.mcp_server_models import McpSettings
from persona.loaders.upstream.jupyter_ai_persona_manager.persona_awareness import PersonaAwareness
from persona.loaders.upstream.jupyter_ai_persona_manager.persona_manager import PersonaManager

__all__ = ["BasePersona", "GenerationInterrupted", "PersonaDefaults", "PreparationState"]

ABCLoggingConfigurableMeta = PersonaMeta


class GenerationInterrupted(asyncio.CancelledError):
    """Raised where streaming was stopped."""


class PreparationState(StrEnum):
    """How far `BasePersona.prepare` is."""

    NOT_STARTED = "not_started"
    PREPARING = "preparing"
    PREPARED = "prepared"
    FAILED = "failed"
    NOT_AUTHED = "not_authed"


class BasePersona(OurBasePersona):
    """The class that personas for Jupyter AI build on.

    `ychat` and `chat` are the same, `awareness` and `state` too.
    """

    surroundings_class: ClassVar[type[Surroundings]] = PersonaManager

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._processing_count = 0
        self._state = PreparationState.NOT_STARTED
        self._tried = 0.0
        self.processing_message: Message | None = None
        self.auth = PersonaAuthManager(parent=self, config=self.config)
        self.awareness = self.state = PersonaAwareness(self._show, lambda: self.processing)
        model = self._container.model
        if model is not None:
            self.state.model.current = model.model_id

    def _show(self, status: str | None) -> None:
        if status is None:
            self.clear_status()
        else:
            self.set_status(status)

    # -- what it is --------------------------------------------------------------

    @property
    def avatar_path(self) -> str:
        """The picture, as the chat shows it."""
        return str(self.as_user().avatar_url or "")

    @property
    def room_id(self) -> str:
        """Id of the chat."""
        return self.chat.get_id()

    @property
    def config_manager(self) -> Any:
        """What Jupyternaut's settings would say: here, the model that the persona has."""
        return self._around.serverapp.web_app.settings["jupyternaut.config_manager"]

    @property
    def processing(self) -> bool:
        """Whether it answers now."""
        return self._container.replying or self._processing_count > 0

    @property
    def preparation_state(self) -> PreparationState:
        """How far it is."""
        return self._state

    @contextlib.contextmanager
    def track_processing(self) -> Iterator[None]:
        """Count as answering meanwhile."""
        self._processing_count += 1
        try:
            yield
        finally:
            self._processing_count -= 1

    def get_mcp_settings(self) -> McpSettings | None:
        """Return the MCP servers of the persona and of ``.jupyter/mcp_settings.json``; or None."""
        around = self._around
        return around.get_mcp_settings() if isinstance(around, PersonaManager) else None

    # -- what it reports ---------------------------------------------------------

    def get_model_configuration(self) -> ModelConfiguration:
        """Return the model in use and the others that were reported."""
        return self.state.model

    def get_setting_configurations(self) -> list[SettingConfiguration]:
        """Return the settings that were reported."""
        return self.state.settings

    def get_model(self) -> str | None:
        """Return the id of the model: the one of the chat, else the one that was reported."""
        model = self._container.model
        return model.model_id if model is not None else self.state.model.current

    def get_model_settings(self) -> dict[str, str | None]:
        """Return the model's settings by id."""
        return {setting.id: setting.current for setting in self.state.model.settings}

    def get_settings(self) -> dict[str, str | None]:
        """Return the settings by id."""
        return {setting.id: setting.current for setting in self.state.settings}

    def get_usage(self) -> Usage:
        """Return the usage that was reported."""
        return self.state.usage

    def get_slash_commands(self) -> list[CommandOption]:
        """Return the commands that were reported."""
        return self.state.slash_commands

    def report_model_configuration(self, model: ModelConfiguration) -> None:
        """Keep which models there are."""
        self.state.model = model

    def report_settings_configuration(self, settings: list[SettingConfiguration]) -> None:
        """Keep which settings there are."""
        self.state.settings = settings

    def report_usage(self, usage: Usage, *, append: bool = False) -> None:
        """Keep what was used; with ``append`` it is added to what is known."""
        known = self.state.usage
        for key, value in usage.model_dump(exclude_none=True).items():
            setattr(known, key, (getattr(known, key) or 0) + value if append else value)

    def report_slash_commands(self, commands: list[CommandOption]) -> None:
        """Keep which commands it takes."""
        self.state.slash_commands = commands

    # -- what is chosen with a message -------------------------------------------

    async def update_model(self, model_id: str) -> None:
        """Move to another model. Called when a message chooses one."""

    async def update_model_settings(self, settings: dict[str, str | None]) -> None:
        """Apply settings of the model. Called when a message chooses some."""

    async def update_settings(self, settings: dict[str, str | None]) -> None:
        """Apply settings. Called when a message chooses some."""

    async def apply_model_spec(self, spec: ModelSpec) -> None:
        """Apply the model that a message chooses."""
        if spec.id is not None and spec.id != self.state.model.current:
            await self.update_model(spec.id)
            self.state.model.current = spec.id
        chosen = _different(spec.settings, self.get_model_settings())
        if chosen:
            await self.update_model_settings(chosen)
            _note(self.state.model.settings, chosen)

    async def apply_settings_spec(self, spec: dict[str, str | None]) -> None:
        """Apply the settings that a message chooses."""
        chosen = _different(spec, self.get_settings())
        if chosen:
            await self.update_settings(chosen)
            _note(self.state.settings, chosen)

    async def apply_specs_in_message(self, message: Message) -> None:
        """Apply what a message chooses. Called before it is answered."""
        metadata = message.metadata or {}
        model = metadata.get("model")
        if isinstance(model, ModelSpec | dict):
            await self.apply_model_spec(ModelSpec.model_validate(model))
        settings = metadata.get("settings")
        if isinstance(settings, dict):
            await self.apply_settings_spec(settings)

    # -- when it fails -----------------------------------------------------------

    async def handle_uncaught_exception(self, exc: Exception) -> None:
        """Tell an error of `process_message`. This one leaves it to the chat."""
        raise exc

    async def on_message(self, message: Message) -> None:
        """Answer a message, or ask for a login first. Called instead of `process_message`."""
        stale = time.monotonic() - self._tried > 1.0  # else it was tried for this message
        if self._state is not PreparationState.PREPARED and stale:
            await self.get_ready()
        if self._state is PreparationState.NOT_AUTHED:
            await self.handle_message_no_auth(message)
            return
        self.processing_message = message
        try:
            answered: Any = self.process_message(message)
            if inspect.isasyncgen(answered):  # it yields what it says
                answered = self.stream_message(answered)
            if inspect.isawaitable(answered):
                await answered
        finally:
            self.processing_message = None

    async def get_ready(self) -> None:
        """Run `prepare`; without a login it is run again before the next message."""
        self._tried = time.monotonic()
        try:
            await super().get_ready()
        except PersonaNotAuthenticated:
            self._state = PreparationState.NOT_AUTHED
        else:
            self._state = PreparationState.PREPARED

    async def handle_auth(self) -> None:
        """Go on after a login. Called once, when it is found."""

    async def handle_no_auth(self, message: Message) -> None:
        """Say that a login is needed."""
        self.send_message("You need to log in first.")
        self.auth.start_poll()

    async def handle_message_no_auth(self, message: Message) -> None:
        """Do the same, by its newer name."""
        await self.handle_no_auth(message)


def _different(chosen: dict[str, Any], known: dict[str, str | None]) -> dict[str, str | None]:
    return {k: v for k, v in chosen.items() if v is not None and v != known.get(k)}


def _note(settings: list[SettingConfiguration], chosen: dict[str, str | None]) -> None:
    for setting in settings:
        if setting.id in chosen:
            setting.current = chosen[setting.id]
