"""Real MCP servers as processes of a test."""

import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import IO, Self

KEPT_LINES = 500


def mcp_server_command(name: str = "alpha") -> list[str]:
    """Give the command of a small MCP server on stdio; the first item is the executable.

    Its tools are those of `persona.testing.mcp_server.build_server`. It ends when its standard
    input closes, as every stdio server does.

    Example:
        ```python
        command, *args = mcp_server_command("alpha")
        McpServerStdio(name="alpha", command=command, args=args, env={"TOKEN": "1"})
        ```
    """
    return [sys.executable, "-m", "persona.testing.mcp_server", "--name", name]


class McpHttpServer:
    """A small MCP server on streamable HTTP, in a process that ends with the test's.

    Its tools are those of `persona.testing.mcp_server.build_server`.

    Example:
        ```python
        with McpHttpServer("alpha", env={"TOKEN": "1"}) as server:
            async with mcp.Client(server.url) as client:  # mcp 2
                await client.call_tool("echo_alpha", {"text": "hi"})
        ```

    Args:
        name: The server's name, part of its echo tool's name.
        env: Variables added to its environment.
        port: The port; 0 takes a free one.
        timeout: Seconds it may take to start.
    """

    def __init__(
        self,
        name: str = "alpha",
        *,
        env: Mapping[str, str] | None = None,
        port: int = 0,
        timeout: float = 60.0,
    ) -> None:
        self.name = name
        self._env = {**os.environ, **(env or {})}
        self._port = port
        self._timeout = timeout
        self._url = ""
        self._process: subprocess.Popen[str] | None = None
        self._readers: list[threading.Thread] = []
        self._errors: deque[str] = deque(maxlen=KEPT_LINES)

    @property
    def url(self) -> str:
        """The address to give to a client.

        Raises:
            RuntimeError: The server does not run.
        """
        if not self._url:
            raise RuntimeError("The server does not run: use `with McpHttpServer()`.")
        return self._url

    @property
    def pid(self) -> int | None:
        """The process id, None when it does not run."""
        return None if self._process is None else self._process.pid

    @property
    def stderr(self) -> str:
        """What the server wrote on its standard error, the last lines of it."""
        return "".join(self._errors)

    def start(self) -> None:
        """Start the server and wait until it accepts. `with` does this.

        Raises:
            RuntimeError: It ended, or said nothing in time; the message has its standard error.
        """
        command = [*mcp_server_command(self.name), "--http", str(self._port), "--exit-with-stdin"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=self._env, text=True
        )
        self._process = process
        lines: queue.Queue[str] = queue.Queue()
        self._readers = [
            _drain(process.stdout, lines.put),
            _drain(process.stderr, self._errors.append),
        ]
        try:
            url = lines.get(timeout=self._timeout).strip()
        except queue.Empty:
            url = ""
        if not url:
            self.stop()
            raise RuntimeError(f"The MCP server {self.name!r} did not start.\n{self.stderr}")
        self._url = url

    def stop(self) -> None:
        """End the server. `with` does this; a test may do it before, to see a server go."""
        process, self._process, self._url = self._process, None, ""
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for reader in self._readers:
            reader.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def _drain(stream: IO[str] | None, put: Callable[[str], None]) -> threading.Thread:
    """Read a pipe to its end in a thread, so that the process never waits for a reader."""

    def read() -> None:
        if stream is not None:
            with stream:
                for line in stream:
                    put(line)
        put("")

    thread = threading.Thread(target=read, name="drain", daemon=True)
    thread.start()
    return thread
