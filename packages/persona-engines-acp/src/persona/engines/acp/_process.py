"""An agent's process: started under a keeper, spoken to over pipes, ended with all of it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from asyncio import ReadTransport, SubprocessProtocol, SubprocessTransport, WriteTransport
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import cast

from persona.engines.acp._stderr import ErrorOutput
from persona.engines.acp._transport import JsonObject, PipeTransport

_KEEPER = Path(__file__).with_name("_keeper.py")

EOF_PATIENCE = 1.0
"""Seconds that an agent may take to end when its input ends."""

MAX_UNREAD = 64 * 1024 * 1024
"""Most bytes that wait for an agent to read them; one that reads none is given up."""

TERM_PATIENCE = 2.5
"""Seconds that the keeper may take to end everything: its own grace and a little more."""


_LAST_OUTPUT = 0.5


def kept(command: Sequence[str], lifeline: int = -1) -> list[str]:
    """Return the command under a keeper, so that all of it ends with this process.

    Without a lifeline that is only so where the kernel tells of a parent's end (Linux).
    """
    if os.name != "posix":
        return list(command)
    keeper = [sys.executable, "-I", "-S", str(_KEEPER), str(lifeline), str(os.getpid())]
    return [*keeper, *command]


class AgentProcess(SubprocessProtocol):
    """One process and everything that it starts.

    Args:
        name: Name for the log.
        on_update: Gets the ``params`` of each ``session/update`` and its length in bytes.
        log: Logger.
    """

    def __init__(
        self, name: str, on_update: Callable[[JsonObject, int], None], log: logging.Logger
    ) -> None:
        self.stderr = ErrorOutput(name, log)
        self.messages = PipeTransport(on_update, self._write, self._hang_up, log, self.stderr.show)
        self.ended = asyncio.Event()
        self.why = ""
        self._log = log
        self._name = name
        self._process: SubprocessTransport | None = None
        self._stdin: WriteTransport | None = None
        self._lifeline: int | None = None
        self._open = {1, 2}
        self._useless = False
        self._holders: set[object] = set()
        self._held_lately = False

    @property
    def pid(self) -> int | None:
        """Id of the keeper, which is also that of the process group."""
        return None if self._process is None else self._process.get_pid()

    @property
    def returncode(self) -> int | None:
        """The exit code, once it has ended."""
        return None if self._process is None else self._process.get_returncode()

    async def start(self, command: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        """Start it; returns when the keeper runs.

        Raises:
            OSError: It cannot be started.
        """
        loop = asyncio.get_running_loop()
        if os.name != "posix":
            await loop.subprocess_exec(lambda: self, *command, env=dict(env), cwd=cwd)
            return
        read, write = os.pipe()
        self._lifeline = write
        with ExitStack() as undo:
            undo.callback(self._cut_lifeline)
            try:
                await loop.subprocess_exec(
                    lambda: self,
                    *kept(command, read),
                    env=dict(env),
                    cwd=cwd,
                    start_new_session=True,
                    pass_fds=(read,),
                )
            finally:
                os.close(read)
            undo.pop_all()

    async def stop(self, patience: float = EOF_PATIENCE) -> None:
        """End it: its input first, then signals. Never takes much more than three seconds.

        Args:
            patience: How many seconds it may take to end after its input.
        """
        if self._process is None:
            return
        if self._stdin is not None:
            self._stdin.close()
        if not await self._ends_within(patience):
            self._signal(signal.SIGTERM)
            if not await self._ends_within(TERM_PATIENCE):
                self._log.warning("%s does not end; killed.", self._name)
                self.kill()
                await self._ends_within(1.0)
        self._close()

    def terminate(self) -> None:
        """Have everything ended soon, without waiting."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole group at once."""
        if self._process is None:
            return
        if os.name == "posix":
            self._cut_lifeline()
            with suppress(OSError):
                os.killpg(self._process.get_pid(), signal.SIGKILL)
        elif not self.ended.is_set():
            self._process.kill()

    async def wait_ended(self, seconds: float) -> bool:
        """Wait a little until it has ended, so that its exit code is known."""
        return await self._ends_within(seconds)

    # -- reading ------------------------------------------------------------------

    @property
    def held(self) -> bool:
        """Whether its output is not read now."""
        return bool(self._holders)

    def hold(self, who: object) -> None:
        """Read nothing more of its output until `let_go` is called with the same."""
        output = None if self._holders else self._output()
        self._holders.add(who)
        self._held_lately = True
        if output is not None:
            output.pause_reading()

    def let_go(self, who: object) -> None:
        """Read on, if nobody else holds it."""
        if who not in self._holders:
            return
        self._holders.remove(who)
        output = None if self._holders else self._output()
        if output is not None:
            output.resume_reading()

    def _output(self) -> ReadTransport | None:
        pipe = None if self._process is None else self._process.get_pipe_transport(1)
        return cast("ReadTransport | None", pipe)

    # -- called by the event loop --------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the process; called by the event loop."""
        self._process = cast(SubprocessTransport, transport)
        self._stdin = cast(WriteTransport, self._process.get_pipe_transport(0))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take output; called by the event loop."""
        if fd == 1:
            self.messages.feed(data)
        else:
            self.stderr.feed(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note that a pipe has ended; called by the event loop."""
        self._open.discard(fd)
        if fd == 1:
            self.messages.feed_end()
            if not self.ended.is_set():
                # It cannot answer any more, so it is of no use.
                self._useless = True
                self.terminate()

    def process_exited(self) -> None:
        """Note the end; called by the event loop."""
        self.ended.set()
        if self._useless and self.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM):
            self.why = self.why or "it closed its output."
        if os.name == "posix" and self._process is not None:
            self._cut_lifeline()
            # Usually empty: the keeper ends everything. Not if it was killed itself.
            with suppress(OSError):
                os.killpg(self._process.get_pid(), signal.SIGKILL)
        if 1 in self._open:
            asyncio.get_running_loop().call_later(_LAST_OUTPUT, self._close_when_read)

    # -- details ---------------------------------------------------------------------

    async def _ends_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.ended.wait()
        return self.ended.is_set()

    def _write(self, data: bytes) -> None:
        if self._stdin is None or self._stdin.is_closing():
            raise ConnectionError("Connection closed")
        if self._stdin.get_write_buffer_size() > MAX_UNREAD:
            self._hang_up("It does not read what it is sent.")
            raise ConnectionError("It does not read what it is sent.")
        self._stdin.write(data)

    def _hang_up(self, why: str) -> None:
        self.why = why
        self._log.warning("%s is given up. %s", self._name, why)
        self.terminate()

    def _signal(self, number: int) -> None:
        if self._process is None or self.ended.is_set():
            return
        if os.name == "posix":
            # Not by the transport: it looks first whether the process has ended, and so takes
            # away the exit code for which the loop waits.
            with suppress(OSError):
                os.kill(self._process.get_pid(), number)
        else:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _cut_lifeline(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def _close_when_read(self) -> None:
        """Close what a process that has ended left open, when its last words were taken."""
        if 1 in self._open and self._held_lately:
            self._held_lately = self.held
            asyncio.get_running_loop().call_later(_LAST_OUTPUT, self._close_when_read)
        else:
            self._close()

    def _close(self) -> None:
        self.messages.feed_end()
        self._cut_lifeline()
        if self._process is not None:
            self._process.close()
