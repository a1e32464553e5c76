"""A small real MCP server as a process: `python -m persona.testing.mcp_server --name alpha`.

It speaks stdio, or streamable HTTP on loopback with `--http PORT` (0 takes a free port); then it
prints its address on one line. Needs the extra `mcp`.
"""

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Sequence

import uvicorn

from persona.testing._parent import exit_with_stdin

try:
    from mcp.server import MCPServer
    from mcp.server.mcpserver import Context
    from mcp.server.mcpserver.exceptions import ToolError
except ImportError:  # mcp 1
    from mcp.server.fastmcp import Context  # type: ignore[attr-defined, no-redef]
    from mcp.server.fastmcp import FastMCP as MCPServer  # type: ignore[attr-defined, no-redef]
    from mcp.server.fastmcp.exceptions import ToolError  # type: ignore[import-not-found, no-redef]

__all__ = ["build_server", "main"]


def build_server(name: str) -> MCPServer:
    """Make the server: an `MCPServer` of mcp 2, a `FastMCP` of mcp 1.

    Its tools: `echo_<name>(text)` gives the text behind the server's name, `add(a, b)`,
    `fail()` raises, `slow(seconds)`, `env(name)` gives a variable of the server's environment
    (empty when unset), `header(name)` gives a header of the HTTP request (empty over stdio).
    """
    server = MCPServer(name, log_level="WARNING")

    @server.tool(name=f"echo_{name}", description=f"Repeat a text, behind the name {name}.")
    def echo(text: str) -> str:
        return f"{name}: {text}"

    @server.tool(description="Add two numbers.")
    def add(a: float, b: float) -> float:
        return a + b

    @server.tool(description="Fail, always.")
    def fail() -> str:
        # The SDK shows the text of this kind only; of others it says that the tool failed.
        raise ToolError("This tool fails.")

    @server.tool(description="Wait some seconds.")
    async def slow(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return f"waited {seconds:g} s"

    @server.tool(description="Read a variable of the server's environment.")
    def env(name: str) -> str:
        return os.environ.get(name, "")

    @server.tool(description="Read a header of the request.")
    def header(name: str, context: Context) -> str:
        headers = getattr(context.request_context.request, "headers", {})
        return str(headers.get(name.lower(), ""))

    return server


def main(argv: Sequence[str] | None = None) -> None:
    """Run the server with the arguments of a command line.

    Raises:
        SystemExit: The arguments are wrong.
    """
    parser = argparse.ArgumentParser(
        prog="python -m persona.testing.mcp_server", description=__doc__
    )
    parser.add_argument("--name", default="alpha", help="name of the server and of its echo tool")
    parser.add_argument("--http", type=int, metavar="PORT", help="serve HTTP on this port")
    parser.add_argument(
        "--exit-with-stdin", action="store_true", help="with --http: end when stdin closes"
    )
    options = parser.parse_args(argv)
    server = build_server(options.name)
    if options.http is None:
        server.run("stdio")
        return
    if options.exit_with_stdin:
        exit_with_stdin()
    asyncio.run(_serve_http(server, options.http))


async def _serve_http(server: MCPServer, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as listener:
        config = uvicorn.Config(server.streamable_http_app(), log_level="warning")
        await _AnnouncedServer(config).serve(sockets=[listener])


class _AnnouncedServer(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            sys.stdout.write(f"http://127.0.0.1:{sockets[0].getsockname()[1]}/mcp\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
