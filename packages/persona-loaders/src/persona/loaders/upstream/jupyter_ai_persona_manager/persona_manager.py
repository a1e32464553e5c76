"""The manager of Jupyter AI as a persona sees it: as its ``parent``."""

from __future__ import annotations

import inspect
import json
from logging import Logger
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from pydantic import ValidationError

from persona.core import McpServerHttp as OurHttp
from persona.core import PersonaRequirementsUnmet
from persona.core import Source as _Source
from persona.loaders.python._surroundings import Surroundings
from persona.loaders.upstream.jupyter_ai_persona_manager.mcp_server_models import (
    EnvVariable,
    HttpHeader,
    McpServerHttp,
    McpServerStdio,
    McpSettings,
)

__all__ = [
    "PersonaManager",
    "PersonaRequirementsUnmet",
    "SYSTEM_USERNAME",
    "find_persona_files",
    "is_persona",
    "load_from_dir",
]

EPG_NAME = "jupyter_ai.personas"
SYSTEM_USERNAME = "hidden::jupyter_ai_system"


def is_persona(username: str) -> bool:
    """Whether a username is that of a persona, of Jupyter AI's or of ours."""
    return username.startswith(("persona::", "jupyter-ai-personas"))


class PersonaManager(Surroundings):
    """What stands around a persona: its chat, its folders, its server.

    It is made for each persona. Subclasses take no effect: personas are found, routed and
    configured by ``persona.jupyter``, whose settings ``c.PersonaManager`` are other ones.
    """

    _ep_persona_classes: ClassVar[list[dict[str, Any]] | None] = None
    _served: _Served | None = None
    _local_persona_classes: list[dict[str, Any]] | None = None

    @classmethod
    def section_names(cls) -> list[str]:
        """Return whose settings count: not those of our own manager, which has this name."""
        return [name for name in super().section_names() if name != "PersonaManager"]

    @property
    def room_id(self) -> str:
        """Id of the chat."""
        return self.chat.get_id()

    @property
    def file_id(self) -> str:
        """Id of the chat."""
        return self.chat.get_id().rpartition(":")[2]

    @property
    def fileid_manager(self) -> Any:
        """The server's manager of file ids, or None."""
        return self.serverapp.web_app.settings.get("file_id_manager")

    @property
    def serverapp(self) -> Any:
        """The Jupyter Server, with the settings that Jupyternaut would have put there."""
        if self._served is None:
            self._served = _Served(super().serverapp, self.persona)
        return self._served

    @property
    def event_logger(self) -> Any:
        """The server's events, or None."""
        return getattr(self.serverapp, "event_logger", None)

    @property
    def personas(self) -> dict[str, Any]:
        """The personas that were used in this chat, by id."""
        live = getattr(self.parent, "in_use", ())
        found = {persona.id: _seen(persona) for persona in live}
        return {self.persona.id: _seen(self.persona), **found}

    @property
    def default_persona(self) -> Any:
        """The persona that answers when nobody is named, if it was used."""
        slug = getattr(self.parent, "default_slug", lambda: None)()
        return self.personas.get(f"persona::{slug}")

    def send_system_message(self, body: str) -> None:
        """Write a message that is from nobody."""
        self.persona.conversation.add(body, {"kind": "notice"})

    def get_mcp_settings(self) -> McpSettings | None:
        """Return the persona's MCP servers and those of ``.jupyter/mcp_settings.json``; or None."""
        found: dict[str, McpServerStdio | McpServerHttp] = {}
        folder = self.get_dotjupyter_dir()
        file = Path(folder, "mcp_settings.json") if folder else None
        if file is not None and file.is_file():
            try:
                said = McpSettings.model_validate(json.loads(file.read_text("utf-8")))
            except (OSError, ValueError, ValidationError) as exc:
                self.log.warning("%s cannot be used: %s", file, exc)
            else:
                found |= {server.name: server for server in said.mcp_servers}
        for server in self.persona.context.mcp_servers:
            if isinstance(server, OurHttp):
                headers = [HttpHeader(name=k, value=v) for k, v in server.headers.items()]
                found[server.name] = McpServerHttp(
                    name=server.name, url=server.url, headers=headers
                )
            else:
                env = [EnvVariable(name=k, value=v) for k, v in server.env.items()]
                found[server.name] = McpServerStdio(
                    name=server.name, command=server.command, args=list(server.args), env=env
                )
        return McpSettings(mcp_servers=list(found.values())) if found else None

    def _init_ep_persona_classes(self) -> None:
        """Do nothing: classes are found by the catalog."""

    def _init_local_persona_classes(self) -> None:
        """Do nothing: classes are found by the catalog."""

    def _init_persona_classes(self) -> None:
        """Do nothing: classes are found by the catalog."""

    def _init_personas(self) -> dict[str, Any]:
        """Return the personas in use."""
        return self.personas

    async def refresh_personas(self) -> None:
        """Read the persona files again."""
        refresh = getattr(self.parent, "refresh", None)
        if refresh is not None:
            await refresh()


class _Served:
    """A server with Jupyternaut's settings beside its own."""

    def __init__(self, real: Any, held: Any) -> None:
        self._real = real
        settings = {"jupyternaut.config_manager": _config_manager(held), "jupyter-ai": {}}
        self.web_app = _Over(real.web_app, settings={**settings, **real.web_app.settings})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Over(SimpleNamespace):
    def __init__(self, below: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._below = below

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_below"], name)


def _config_manager(held: Any) -> Any:
    from persona.loaders.upstream.jupyter_ai_jupyternaut.config.config_manager import ConfigManager

    return ConfigManager(held)


def _seen(held: Any) -> Any:
    author = getattr(held.engine, "author", None)
    return held if author is None else author


def find_persona_files(dir: str) -> list[str]:  # noqa: A002
    """Return the files of a folder that would be looked at for personas."""
    from persona.loaders.python import PYTHON

    folder = Path(dir)
    if not folder.is_dir():
        return []
    return sorted(str(f) for f in folder.iterdir() if f.is_file() and PYTHON.claims(f.name))


def load_from_dir(dir: str, log: Logger) -> list[dict[str, Any]]:  # noqa: A002
    """Import the persona files of a folder and return their classes, or why they failed."""
    import traceback

    from persona.core import Scope
    from persona.loaders.python import PYTHON, BasePersona
    from persona.loaders.python._store import ModuleStore

    store = ModuleStore()
    found: list[dict[str, Any]] = []
    for file in find_persona_files(dir):
        result = PYTHON.load(_Source(Path(file), Scope.USER, Path(dir)))
        codes = [d.code for d in result.definitions if d.code is not None]
        try:
            module = store.load(codes[0]) if codes else None
        except (Exception, SystemExit):  # boundary: a plugin's import may raise anything
            log.exception("Unable to load persona classes from %r", file)
            found.append(
                {"module": file, "persona_class": None, "traceback": traceback.format_exc()}
            )
            continue
        classes = inspect.getmembers(module, inspect.isclass) if module is not None else []
        found += [
            {"module": file, "persona_class": cls, "traceback": None}
            for _, cls in classes
            if issubclass(cls, BasePersona) and module and cls.__module__ == module.__name__
        ]
    return found
