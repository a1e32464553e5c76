"""`BaseAcpPersona`: personas that build on it answer through the engine ``acp``."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyterlab_chat.models import Message

from persona.core import TurnError
from persona.loaders.upstream.jupyter_ai_acp_client.default_acp_client import JaiAcpClient
from persona.loaders.upstream.jupyter_ai_persona_manager.base_persona import BasePersona

_LEFT = ("get_client", "get_agent_subprocess", "get_session_id", "get_session_response",
         "_init_client", "_init_client_session", "set_acp_mode",
         "set_acp_config_option")  # fmt: skip

_NO_PROMPT = ("unused", "...")
"""What such personas say where a prompt is required: Jupyter AI sends none to agents."""


class BaseAcpPersona(BasePersona):
    """A persona that is an agent's program.

    Args:
        executable: The program and its arguments.
    """

    engine = "acp"
    acp_client_class: ClassVar[type[Any]] = JaiAcpClient

    def __init__(self, *args: Any, executable: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._executable = executable
        self._environment: dict[str, str] = {}
        self._ready = False

    def __getattr__(self, name: str) -> Any:
        if name in _LEFT:
            raise TurnError(
                f"BaseAcpPersona.{name} is not supported here: the engine acp keeps agent and "
                "session.",
                fix="Use `await self.ask_model(message)`. See docs/coming-from-jupyter-ai.md.",
                kind="unsupported",
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    async def before_agent_subprocess(self) -> None:
        """Wait for what the agent needs, before it is started. Override it."""

    async def _init_agent_subprocess(self, env: Mapping[str, str] | None = None) -> Any:
        """Note the environment that the agent is started with; the engine starts it."""
        if env is not None:
            known = os.environ
            self._environment = {k: v for k, v in env.items() if known.get(k) != v}
        return None

    async def is_authed(self) -> bool:
        """Whether somebody is logged in. Override it."""
        return True

    @property
    def acp_slash_commands(self) -> list[Any]:
        """The commands that the agent told."""
        return list(self._container.session_info.commands)

    async def process_message(self, message: Message) -> None:
        """Let the agent answer, or ask for a login first."""
        authed: Any = self.is_authed()  # some are not asynchronous
        if not (await authed if inspect.isawaitable(authed) else authed):
            for name in ("handle_no_auth", "handle_message_no_auth"):
                if getattr(type(self), name) is not getattr(BasePersona, name):
                    await getattr(self, name)(message)
                    return
            await self.handle_no_auth(message)
            return
        await self._make_ready()
        prompt = "" if self.system_prompt in _NO_PROMPT else None
        await self.ask_model(message, system_prompt=prompt, options=self._options())

    async def _make_ready(self) -> None:
        if not self._ready:
            await self.before_agent_subprocess()
            started = await self._init_agent_subprocess()
            if started is not None:
                raise TurnError(
                    f"{type(self).__name__}._init_agent_subprocess() starts a process of its "
                    "own, which is not supported.",
                    fix="Let it return super()._init_agent_subprocess(env=…).",
                    kind="unsupported",
                )
            if self.acp_client_class is not JaiAcpClient:
                self.send_message(
                    f"*{self.acp_client_class.__name__} is not used: the engine acp talks to "
                    "the agent.*"
                )
            self._ready = True
        held = self._container
        if self.engine == "acp" and held.options.get("command") != self._executable[0]:
            held.update_options({**held.options, **self._options()})

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self.engine == "acp":  # other engines know their program
            options = {"command": self._executable[0], "args": list(self._executable[1:])}
        if self._environment:
            options["env"] = dict(self._environment)
        return options
