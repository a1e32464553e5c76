"""The MCP servers, used through the SDK's own client."""

import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import mcp
import pytest
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from persona.testing import McpHttpServer, mcp_server_command
from persona.testing.mcp_server import build_server


@asynccontextmanager
async def client_of(
    transport: AbstractAsyncContextManager[Any],
) -> AsyncIterator[mcp.ClientSession]:
    """A session as versions 1 and 2 of the SDK have it."""
    async with transport as streams, mcp.ClientSession(*streams[:2]) as session:
        await session.initialize()
        yield session


def text_of(result: mcp.types.CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, mcp.types.TextContent)
    return block.text


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int, timeout: float = 10.0) -> None:
    deadline = time.monotonic() + timeout
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.02)


async def test_tools_answer_in_one_process() -> None:
    server = build_server("alpha")
    assert {tool.name for tool in await server.list_tools()} == {
        "echo_alpha",
        "add",
        "fail",
        "slow",
        "env",
        "header",
    }
    assert "alpha: hi" in str(await server.call_tool("echo_alpha", {"text": "hi"}))


async def test_tools_answer_over_stdio() -> None:
    command, *args = mcp_server_command("alpha")
    server = StdioServerParameters(command=command, args=args)
    async with client_of(stdio_client(server)) as client:
        assert float(text_of(await client.call_tool("add", {"a": 1, "b": 2}))) == 3
        assert "waited" in text_of(await client.call_tool("slow", {"seconds": 0}))
        failed = await client.call_tool("fail", {})
        assert failed.model_dump(by_alias=True)["isError"]
        assert "This tool fails." in text_of(failed)


async def test_stdio_server_answers_and_has_its_environment() -> None:
    command, *args = mcp_server_command("beta")
    server = StdioServerParameters(command=command, args=args, env={"TOKEN": "t-1"})
    async with client_of(stdio_client(server)) as client:
        assert text_of(await client.call_tool("echo_beta", {"text": "hi"})) == "beta: hi"
        assert text_of(await client.call_tool("env", {"name": "TOKEN"})) == "t-1"
        assert text_of(await client.call_tool("header", {"name": "x"})) == ""


async def test_http_server_answers_and_ends_with_its_block() -> None:
    with McpHttpServer("gamma", env={"TOKEN": "t-2"}) as server:
        pid = server.pid
        assert pid is not None
        async with client_of(streamable_http_client(server.url)) as client:
            assert text_of(await client.call_tool("echo_gamma", {"text": "hi"})) == "gamma: hi"
            assert text_of(await client.call_tool("env", {"name": "TOKEN"})) == "t-2"
            agent = await client.call_tool("header", {"name": "User-Agent"})
            assert "python" in text_of(agent)
    assert not is_alive(pid)
    assert server.pid is None
    with pytest.raises(RuntimeError, match="does not run"):
        _ = server.url


def test_http_server_says_why_it_did_not_start() -> None:
    with McpHttpServer("one") as server:
        port = int(server.url.split(":")[2].removesuffix("/mcp"))
        with (
            pytest.raises(RuntimeError, match=r"(?i)address already in use"),
            McpHttpServer("two", port=port),
        ):
            pass


def test_http_server_ends_when_its_parent_is_killed() -> None:
    code = (
        "import time\nfrom persona.testing import McpHttpServer\n"
        "server = McpHttpServer('orphan')\nserver.start()\n"
        "print(server.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
    wait_until_gone(pid)


def test_stdio_server_ends_with_its_input_while_a_tool_runs() -> None:
    def message(method: str, params: dict[str, object], key: int | None = None) -> bytes:
        data = {"jsonrpc": "2.0", "method": method, "params": params}
        return json.dumps(data if key is None else {**data, "id": key}).encode() + b"\n"

    hello = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    pipe = subprocess.PIPE
    with subprocess.Popen(mcp_server_command(), stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(message("initialize", hello, 1))
        process.stdin.flush()
        assert b"serverInfo" in process.stdout.readline()
        process.stdin.write(message("notifications/initialized", {}))
        slow = {"name": "slow", "arguments": {"seconds": 60}}
        process.stdin.write(message("tools/call", slow, 2))
        process.stdin.write(message("ping", {}, 3))
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 3
        process.stdin.close()
        process.wait(timeout=10)
