"""What Jupyter Server loads. Nothing heavy is imported before the first chat opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp

if TYPE_CHECKING:
    from persona.jupyter._service import PersonaService


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "persona.jupyter", "app": PersonasExtension}]


class PersonasExtension(ExtensionApp):
    """Jupyter Server extension ``persona.jupyter``: attaches personas to chats as they open."""

    name = "personas"
    load_other_extensions = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._service: PersonaService | None = None

    @property
    def service(self) -> PersonaService:
        """What runs the chats' personas; made when it is first needed."""
        if self._service is None:
            from persona.jupyter._service import PersonaService

            if self.serverapp is None:
                raise RuntimeError("The extension is not loaded into a server yet.")
            self._service = PersonaService(parent=self, serverapp=self.serverapp)
        return self._service

    def initialize_settings(self) -> None:
        """Make our events known. Called by Jupyter Server before anybody can subscribe to them."""
        from persona.jupyter._events import register_schemas

        logger = self.settings.get("event_logger")
        if logger is not None:
            register_schemas(logger)

    def initialize_handlers(self) -> None:
        """Add the REST handlers. Called by Jupyter Server when it loads the extension."""
        from persona.jupyter._handlers import HANDLERS

        options = {"extension": self}
        self.handlers.extend((pattern, handler, options) for pattern, handler in HANDLERS)

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Watch chats. By now every other extension is loaded, also the one of the chats."""
        chat_manager = serverapp.web_app.settings.get("chat_manager")
        if chat_manager is None:
            self.log.warning(
                "Personas need the server extension jupyterlab_chat, which is not loaded. "
                "Enable it with: jupyter server extension enable jupyterlab_chat"
            )
            return
        chat_manager.observe_chats(self._on_chat_event)

    async def _on_chat_event(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        # Jupyter Events passes these by keyword, so the names are fixed.
        match data["action"]:
            case "opened":
                self.service.attach(data["chat_id"])
            case "closed" | "deleted":
                await self.service.detach(data["chat_id"])

    async def stop_extension(self) -> None:
        """End all personas. Called by Jupyter Server when it stops."""
        if self._service is not None:
            await self._service.close()
