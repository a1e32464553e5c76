"""A real Jupyter Server in a process of its own, with everything installed as users have it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.websocket import websocket_connect

from persona.testing import ScriptedLLM

TOKEN = "integration"


class RunningServer:
    """One server process and what a browser would do with it."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self.process = process
        self.address = address
        self._sockets: list[Any] = []

    async def wait_until_up(self) -> None:
        async with asyncio.timeout(60):
            while True:
                if self.process.poll() is not None:
                    raise RuntimeError("The server ended before it answered.")
                try:
                    await self.get("api/personas/engines")
                except (HTTPClientError, OSError):
                    await asyncio.sleep(0.1)
                else:
                    return

    async def get(self, path: str) -> Any:
        url = f"http://{self.address}{path}"
        headers = {"Authorization": f"token {TOKEN}"}
        response = await AsyncHTTPClient().fetch(url, headers=headers)
        return json.loads(response.body)

    async def ask(self, chat: str, body: str, seconds: float = 60) -> dict[str, Any]:
        """Send a message to a chat and return the finished answer."""
        url = f"ws://{self.address}api/chat/ws/{chat}?token={TOKEN}"
        socket = await websocket_connect(url)
        self._sockets.append(socket)
        asked = str(uuid.uuid4())
        frame = {"type": "client", "action": "send", "id": asked, "body": body, "metadata": {}}
        await socket.write_message(json.dumps(frame))
        async with asyncio.timeout(seconds):
            while True:
                raw = await socket.read_message()
                if raw is None:
                    raise RuntimeError("The server closed the chat.")
                message = json.loads(raw).get("message", {})
                note = (message.get("metadata") or {}).get("persona", {})
                if note.get("answers") != asked or note.get("kind") == "tools":
                    continue
                if note.get("state") != "writing":
                    return dict(message)

    def close(self) -> None:
        for socket in self._sockets:
            socket.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The server's root folder."""
    folder = tmp_path / "project"
    (folder / ".jupyter" / "personas").mkdir(parents=True)
    return folder


@pytest.fixture
def llm() -> Iterator[ScriptedLLM]:
    with ScriptedLLM.in_thread() as llm:
        yield llm


@pytest.fixture
def write(project: Path, llm: ScriptedLLM) -> Callable[..., Path]:
    """Write a persona that uses the scripted model."""

    def write_file(name: str, prompt: str, context: str = "", model: str = "scripted") -> Path:
        path = project / ".jupyter" / "personas" / f"{name.lower()}.persona.md"
        path.write_text(
            f"---\nidentity: {{name: {name}}}\n"
            f"model: {{model_id: openai/{model}, model_url: {llm.url}}}\n"
            f"options: {{api_key: secret-{name}}}\n{context}---\n{prompt}\n",
            encoding="utf-8",
        )
        return path

    return write_file


def launch(root: Path, log: BinaryIO, *options: str, **variables: str) -> RunningServer:
    """Start a server that has nothing switched on by hand, in WebSocket mode.

    Args:
        root: Its root folder.
        log: Where its output goes.
        options: More of its command line.
        variables: More of its environment.
    """
    port = find_free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter_server", "--no-browser", "--ip=127.0.0.1"),
            *(f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}"),
            *(f"--IdentityProvider.token={TOKEN}", "--ServerApp.base_url=/user/x/"),
            *("--ServerApp.allow_root=True", "--YDocExtension.disable_rtc=True", *options),
            # What these tests write into the project is their own.
            "--PersonaManager.trust_projects=always",
        ],
        stdout=log,
        stderr=log,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **variables},
    )
    return RunningServer(process, f"127.0.0.1:{port}/user/x/")


@pytest.fixture
async def start_server(
    project: Path, tmp_path: Path
) -> AsyncIterator[Callable[..., Awaitable[RunningServer]]]:
    """Start servers that have nothing switched on by hand, in WebSocket mode."""
    started: list[RunningServer] = []
    log = (tmp_path / "server.log").open("wb")

    async def start(root: Path = project, **variables: str) -> RunningServer:
        running = launch(root, log, **variables)
        started.append(running)
        await running.wait_until_up()
        return running

    try:
        yield start
    finally:
        for running in started:
            running.close()
            running.process.kill()
            running.process.wait()
        log.close()
        print((tmp_path / "server.log").read_text(errors="replace"))


@pytest.fixture
async def server(start_server: Callable[..., Awaitable[RunningServer]]) -> RunningServer:
    """One such server."""
    return await start_server()


def find_free_port() -> int:
    """Return a port that nobody listens on."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
