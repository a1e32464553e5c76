"""Stdio MCP servers for agents that take only those over HTTP."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import os
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from persona.core import McpServerStdio
from persona.engines.acp import AcpEngine, Blocks, Delivery
from persona.engines.acp._bridge import Bridge, BridgeError
from persona.testing import mcp_server_command

from .conftest import Bench, until

PATH = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}

OFFERS = """
import os
from pathlib import Path

try:
    from mcp.server import MCPServer
except ImportError:
    from mcp.server.fastmcp import FastMCP as MCPServer

server = MCPServer("beta")


@server.prompt()
def greet(who: str) -> str:
    return f"Greet {who}."


@server.resource("notes://where")
def where() -> str:
    return f"in the folder {Path.cwd().name}"


@server.resource("pages://{number}")
def page(number: str) -> str:
    return f"page {number}"


@server.tool()
def count(upto: int) -> list[int]:
    return list(range(1, upto + 1))


@server.tool()
def leave() -> str:
    os._exit(3)


server.run()
"""
"""A server with all that a server can offer."""


def _deliver(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    usual = AcpEngine.row.deliver(blocks, command)
    return replace(usual, session=replace(usual.session, stdio_mcp=False))


class HttpOnly(AcpEngine):
    id = "http-only"
    row = replace(AcpEngine.row, deliver=_deliver)
    options_model = AcpEngine.options_model


def _server(**env: str) -> McpServerStdio:
    command, *args = mcp_server_command("alpha")
    return McpServerStdio(name="alpha", command=command, args=args, env={**PATH, **env})


def _running(marker: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker.encode() in file.read_bytes():
                found.append(file.parent.name)
        except OSError:
            continue
    return found


@asynccontextmanager
async def _client(url: str) -> AsyncIterator[Any]:
    """Be a client, with the SDK that is installed."""
    mcp: Any = importlib.import_module("mcp")
    if hasattr(mcp, "Client"):
        async with mcp.Client(url) as client:
            yield client
        return
    http: Any = importlib.import_module("mcp.client.streamable_http")
    async with (
        http.streamable_http_client(url) as (read, write, _),
        mcp.ClientSession(read, write) as client,
    ):
        await client.initialize()
        yield client


def _said(answer: Any) -> Any:
    """Give what was said, as it goes over the wire."""
    return answer.model_dump(mode="json", by_alias=True, exclude_none=True)


async def test_bridge_passes_calls_on_and_ends() -> None:
    server = _server(COLOUR="bridge-test-blue")
    bridge = Bridge(server, server.command, Path.cwd(), logging.getLogger("test"))
    url = await bridge.open()
    try:
        async with _client(url) as client:
            assert "echo_alpha" in {tool.name for tool in (await client.list_tools()).tools}
            echoed = await client.call_tool("echo_alpha", {"text": "hello"})
            assert echoed.content[0].text == "alpha: hello"
            coloured = await client.call_tool("env", {"name": "COLOUR"})
            assert coloured.content[0].text == "bridge-test-blue"
            assert _said(await client.call_tool("fail", {}))["isError"] is True
        assert _running("bridge-test-blue")
    finally:
        await bridge.close()
    await until(lambda: not _running("bridge-test-blue"))


async def test_bridge_passes_on_all_that_a_server_offers_and_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script = tmp_path / "server.py"
    script.write_text(OFFERS)
    server = McpServerStdio(name="beta", command=sys.executable, args=[str(script)], env=PATH)
    bridge = Bridge(server, server.command, tmp_path, logging.getLogger("test"))
    errors = importlib.import_module("mcp.shared.exceptions")
    refusal: type[Exception] = getattr(errors, "MCPError", None) or errors.McpError
    async with asyncio.timeout(30), _client(await bridge.open()) as client:
        (prompt,) = _said(await client.list_prompts())["prompts"]
        assert prompt["name"] == "greet"
        (message,) = _said(await client.get_prompt("greet", {"who": "Ada"}))["messages"]
        assert message["content"]["text"] == "Greet Ada."
        with pytest.raises(refusal):
            await client.get_prompt("no such prompt")
        (resource,) = _said(await client.list_resources())["resources"]
        (content,) = _said(await client.read_resource(resource["uri"]))["contents"]
        assert content["text"] == "in the folder " + tmp_path.name
        (template,) = _said(await client.list_resource_templates())["resourceTemplates"]
        assert template["uriTemplate"] == "pages://{number}"
        counted = _said(await client.call_tool("count", {"upto": 3}))
        assert counted["structuredContent"] == {"result": [1, 2, 3]}
        with suppress(refusal):  # 2.x makes a result of it, 1.x an error
            assert _said(await client.call_tool("leave", {}))["isError"]
    await bridge.close()
    del bridge
    gc.collect()
    assert not [r for r in caplog.records if "never retrieved" in r.getMessage()]


async def test_bridge_answers_nobody_who_does_not_know_the_secret() -> None:
    server = _server()
    bridge = Bridge(server, server.command, Path.cwd(), logging.getLogger("test"))
    url = await bridge.open()
    parts = urlsplit(url)
    try:
        assert parts.hostname == "127.0.0.1" and len(parts.path.split("/")[1]) >= 24
        async with aiohttp.ClientSession() as client:
            for path in ("/mcp", "/", "/x/mcp"):
                async with client.post(f"http://{parts.netloc}{path}", json={}) as answer:
                    assert answer.status == 404
            async with client.post(url, json={}) as answer:
                assert answer.status != 404
    finally:
        await bridge.close()


@pytest.mark.parametrize("command", ["no-such-server-here", sys.executable])
async def test_server_that_does_not_run_is_told(command: str) -> None:
    code = "import sys; sys.exit('out of luck')"
    server = McpServerStdio(name="alpha", command=command, args=["-c", code])
    bridge = Bridge(server, command, Path.cwd(), logging.getLogger("test"))
    with pytest.raises(BridgeError, match="not found" if "such" in command else "out of luck"):
        await bridge.open()
    await bridge.close()


async def test_agent_that_takes_no_stdio_gets_an_address(bench: Bench) -> None:
    agent = bench.agent()
    server = _server(COLOUR="bridge-test-green").model_dump()
    persona = bench.persona(agent, engine=HttpOnly(), context={"mcp_servers": [server]})
    await bench.ask(persona)
    (given,) = agent.requests("session/new")[0]["mcpServers"]
    assert (given["type"], given["name"]) == ("http", "alpha")
    async with _client(given["url"]) as client:
        echoed = await client.call_tool("echo_alpha", {"text": "hello"})
        assert echoed.content[0].text == "alpha: hello"
    (running,) = persona.engine._own_pool.agents
    assert running._process.stderr.redact(given["url"]).count("***") == 1
    await persona.shutdown()
    await until(lambda: not _running("bridge-test-green"))


async def test_slow_server_costs_the_agent_no_start_seconds(bench: Bench) -> None:
    agent = bench.agent()
    alpha = _server()
    line = shlex.join(["exec", alpha.command, *alpha.args])
    slow = {**alpha.model_dump(), "command": "sh", "args": ["-c", f"sleep 2.5; {line}"]}
    persona = bench.persona(
        agent, engine=HttpOnly(), context={"mcp_servers": [slow]}, start_seconds=2.5
    )
    assert await bench.ask(persona) == "You said: hello"
    assert len(agent.requests("session/new")[0]["mcpServers"]) == 1


async def test_server_that_does_not_run_is_a_notice(bench: Bench) -> None:
    agent = bench.agent()
    servers = [{"name": "alpha", "command": "no-such-server-here"}]
    persona = bench.persona(agent, engine=HttpOnly(), context={"mcp_servers": servers})
    assert await bench.ask(persona) == "You said: hello"
    assert any("alpha is not used" in body for body in bench.chat.bodies)
