"""One running agent: its process, the connection to it, and what it can do."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from importlib.metadata import version
from pathlib import Path
from typing import Any

from persona.core import TurnError
from persona.engines.acp import _failures as failures
from persona.engines.acp._environment import base_environment, with_folder_first
from persona.engines.acp._home import exclusive, in_home, prepare_home
from persona.engines.acp._plan import Launch
from persona.engines.acp._process import EOF_PATIENCE, AgentProcess
from persona.engines.acp._routes import Listener, Routes
from persona.engines.acp._row import AgentRow
from persona.engines.acp._sdk import connect
from persona.engines.acp._stderr import secrets_of
from persona.engines.acp._transport import JsonObject
from persona.engines.acp._version import asked_version, version_numbers

PROTOCOL = 1

_LAST_WORDS = 1.0


class Agent:
    """An agent's process with which sessions are had.

    Attributes:
        row: What is known about the agent.
        capabilities: What it says that it can do.
        auth_methods: The logins that it offers.
        retired: Whether no new session or prompt may begin on it.
        worked: Whether a turn was finished on it.
        home: Its private home.

    Args:
        row: What is known about the agent.
        launch: How it is started.
        log: Logger.
    """

    def __init__(self, row: AgentRow, launch: Launch, log: logging.Logger) -> None:
        self.row = row
        self.capabilities: JsonObject = {}
        self.auth_methods: tuple[JsonObject, ...] = ()
        self.retired = False
        self.worked = False
        self.home = Path()
        self._launch = launch
        self._log = log
        self._routes = Routes()
        self._process = AgentProcess(row.name, self._routes.on_update, log)
        self._process.stderr.hide(secrets_of(launch))
        self._connection: Any = None
        self._busy = 0
        self._has_session = False
        self._stopping: asyncio.Task[None] | None = None

    # -- life ---------------------------------------------------------------------

    async def start(self, seconds: float) -> None:
        """Start the process and shake hands.

        Raises:
            TurnError: It cannot be started, is too old, or does not answer in time.
        """
        try:
            async with asyncio.timeout(seconds) as limit:
                await self._start(limit)
        except TimeoutError:
            raise failures.no_start(
                self.row, f"it did not answer within {seconds:g} s.", self._heard()
            ) from None
        except (OSError, ValueError) as exc:
            # ConnectionError is an OSError: it has ended.
            if isinstance(exc, ConnectionError):
                raise await self._not_ready() from exc
            raise failures.no_start(self.row, f"{exc}.") from exc
        finally:
            if self._connection is None or not self.capabilities:
                self.retired = True

    async def stop(self) -> None:
        """End the process and everything that it started; safe to repeat."""
        self.retired = True
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(), name=f"stop of {self.row.id}")
        await asyncio.shield(self._stopping)

    def retire(self) -> None:
        """Let nothing new begin here; the process ends when no turn runs on it any more."""
        self.retired = True
        self._stop_if_idle()

    @property
    def alive(self) -> bool:
        """Whether a session can be had with it."""
        process = self._process
        return not (self.retired or process.ended.is_set() or process.messages.closed)

    @property
    def pid(self) -> int | None:
        """Id of its process group."""
        return self._process.pid

    @property
    def stopped(self) -> asyncio.Task[None] | None:
        """The end that is under way, if it is."""
        return self._stopping

    async def _start(self, limit: asyncio.Timeout) -> None:
        command, env, cwd = await asyncio.to_thread(self._prepare)
        if command is None:
            raise failures.not_installed(self.row, self._launch.command[0])
        async with self._alone_in_its_home(limit):
            answer = await self._shake_hands(command, env, cwd)
        spoken = answer.get("protocolVersion")
        if spoken != PROTOCOL or isinstance(spoken, bool):
            raise failures.wrong_protocol(self.row, spoken)
        await self._check_version(answer, command, env)
        methods = answer.get("authMethods")
        self.auth_methods = tuple(
            m for m in (methods if isinstance(methods, list) else ()) if isinstance(m, dict)
        )
        self.capabilities = {"protocolVersion": spoken, **_object(answer, "agentCapabilities")}

    async def _shake_hands(
        self, command: list[str], env: Mapping[str, str], cwd: Path
    ) -> JsonObject:
        await self._process.start(command, env, cwd)
        self._connection = connect(self._handle, self._process.messages)
        return await self.request(
            "initialize",
            {
                "protocolVersion": PROTOCOL,
                "clientCapabilities": {
                    "fs": {"readTextFile": False, "writeTextFile": False},
                    "terminal": False,
                },
                "clientInfo": {
                    "name": "personas",
                    "title": "Personas",
                    "version": version("persona-engines-acp"),
                },
            },
            "start",
        )

    @asynccontextmanager
    async def first_session(self, limit: asyncio.Timeout) -> AsyncIterator[None]:
        """Open the first session of the process without another one beside it.

        Args:
            limit: The time limit of the opening; waiting for others does not count into it.
        """
        if self._has_session:
            yield
            return
        async with self._alone_in_its_home(limit):
            yield
        self._has_session = True

    def _alone_in_its_home(self, limit: asyncio.Timeout) -> AbstractAsyncContextManager[None]:
        # Not the private home only: agents have a database in the user's own data folder too.
        return exclusive(self.home.parent, limit) if self._launch.needs_home else nullcontext()

    def _prepare(self) -> tuple[list[str] | None, dict[str, str], Path]:
        home = self.home = prepare_home(self._launch)
        env = base_environment(os.environ)
        env |= {name: in_home(value, home) for name, value in self._launch.env}
        command = [in_home(part, home) for part in self._launch.command]
        program = shutil.which(command[0], path=env.get("PATH"))
        if program is None:
            return None, env, home
        env = with_folder_first(env, Path(program).parent)
        return [program, *command[1:]], env, home

    async def _check_version(
        self, answer: JsonObject, command: list[str], env: Mapping[str, str]
    ) -> None:
        if not self.row.minimum:
            return
        said = _object(answer, "agentInfo").get("version")
        if not isinstance(said, str):
            said = await asked_version([command[0], *self.row.version_args], env)
        numbers = version_numbers(said)
        if numbers and numbers < self.row.minimum:
            raise failures.too_old(self.row, ".".join(map(str, numbers)))

    async def _stop(self) -> None:
        try:
            if self._connection is not None:
                with suppress(ConnectionError):
                    await self._connection.close()
        finally:
            await self._process.stop(EOF_PATIENCE if self.row.ends_with_input else 0.0)

    # -- turns ------------------------------------------------------------------------

    def begin(self) -> None:
        """Note that a turn runs on it."""
        self._busy += 1

    def end(self) -> None:
        """Note that a turn has ended."""
        self._busy -= 1
        if self.retired:
            self._stop_if_idle()

    def _stop_if_idle(self) -> None:
        if self._busy <= 0 and self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(), name=f"stop of {self.row.id}")

    # -- talking ------------------------------------------------------------------------

    async def request(self, method: str, params: JsonObject, what: str) -> JsonObject:
        """Send a request and return its result.

        Args:
            method: The method.
            params: Its parameters.
            what: What the agent is asked to do, for the user, after "could not".

        Raises:
            TurnError: The agent refused; kind ``login`` if it wants a login.
            ConnectionError: The agent is gone.
        """
        errors = importlib.import_module("acp.exceptions")
        try:
            result = await self._connection.send_request(method, params)
        except errors.RequestError as exc:
            if exc.code == failures.AUTH_REQUIRED:
                raise failures.login_wanted(self.row, self.auth_methods) from exc
            message = self._process.stderr.redact(str(exc))
            data = self._process.stderr.redact_all(exc.data)
            raise failures.refused(self.row, what, message, data, exc.code) from exc
        return result if isinstance(result, dict) else {}

    async def notify(self, method: str, params: JsonObject) -> None:
        """Send a notification; one that cannot be delivered is dropped."""
        with suppress(ConnectionError):
            await self._connection.send_notification(method, params)

    def can(self, *path: str) -> bool:
        """Whether a capability is there: ``can("sessionCapabilities", "resume")``."""
        value: Any = self.capabilities
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value is not None and value is not False

    async def failure(self) -> TurnError:
        """Return why it is gone, as the chat says it."""
        await self._process.wait_ended(_LAST_WORDS)
        return failures.gone(self.row, self._process.why or self._ending(), self._heard())

    async def _not_ready(self) -> TurnError:
        await self._process.wait_ended(_LAST_WORDS)
        why = self._process.why or self._ending() or "it closed its output."
        return failures.no_start(self.row, why, self._heard())

    def _ending(self) -> str:
        code = self._process.returncode
        if code is None:
            return ""
        return (
            f"it was ended by signal {code - 128}." if code > 128 else f"its exit code is {code}."
        )

    def _heard(self) -> tuple[str, ...]:
        """What it said at last, for the details of an error."""
        said = self._process.stderr.last_lines
        dropped = self._process.messages.dropped
        return (*said, *(self._process.stderr.redact(line) for line in dropped))

    # -- reading ------------------------------------------------------------------------

    @property
    def held(self) -> bool:
        """Whether nothing is read from it now."""
        return self._process.held

    def hold(self, who: object) -> None:
        """Read nothing from it until ``who`` lets it go."""
        self._process.hold(who)

    def let_go(self, who: object) -> None:
        """Read from it again, if nobody else holds it."""
        self._process.let_go(who)

    # -- sessions -------------------------------------------------------------------------

    def serves(self, session_id: str) -> bool:
        """Whether a session is in use here."""
        return self._routes.has(session_id)

    def attach(self, session_id: str, listener: Listener) -> None:
        """Give a session's updates to ``listener`` from now on, those already here first."""
        self._routes.attach(session_id, listener)

    def detach(self, session_id: str) -> None:
        """Drop what comes for a session from now on."""
        self._routes.detach(session_id)

    def hide(self, secrets: Iterable[str]) -> None:
        """Blank out values in everything that is logged and shown of it."""
        self._process.stderr.hide(secrets)

    async def _handle(self, method: str, params: Any, is_notification: bool) -> Any:
        if is_notification:
            return None
        errors = importlib.import_module("acp.exceptions")
        if method != "session/request_permission":
            raise errors.RequestError.method_not_found(method)
        listener = self._routes.listener(params)
        if listener is None:
            return {"outcome": {"outcome": "cancelled"}}
        return await listener.on_permission(params)


def _object(value: JsonObject, name: str) -> JsonObject:
    found = value.get(name)
    return found if isinstance(found, dict) else {}
