"""A real Jupyter Server with real chats over its WebSocket; only the engine is scripted."""

from __future__ import annotations

import asyncio
import json
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import jupyter_core.paths
import pytest
from jupyter_server.serverapp import ServerApp
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.websocket import websocket_connect
from traitlets.config import Config

from persona.core import Catalog, EngineRegistry, Location, PersonaEngine, Scope
from persona.jupyter import PersonaService
from persona.loaders import MARKDOWN, TOML


class Parrot(PersonaEngine):
    """Says who it is, its prompt and model, how much it has heard, and the message."""

    id = "parrot"
    made = 0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.started = 0
        self.closed = 0

    async def start(self) -> None:
        self.started += 1

    async def shutdown(self) -> None:
        self.closed += 1

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        if "slowly" in turn.text:
            for word in range(2_000):
                yield f"word{word} "
                await asyncio.sleep(0.005)
        if "explode" in turn.text:
            raise ValueError("boom")
        if "pass to" in turn.text:
            yield f"@{turn.text.rpartition(' ')[2]} pass to {turn.identity.name}"
            return
        model = turn.model.model_id if turn.model else "-"
        yield f"{turn.identity.name}|{turn.context.system_prompt}|{model}|"
        yield f"{len(turn.history)}|{turn.text}"


class Cockatoo(Parrot):
    """Another engine, to swap to."""

    id = "cockatoo"

    async def reply(self, turn: Any) -> AsyncIterator[str]:
        yield f"cockatoo heard {len(turn.history)}"


class ChatClient:
    """A browser's side of a chat: sends messages, keeps what the server shows."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self.messages: dict[str, dict[str, Any]] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.writers: dict[str, Any] = {}
        self.chat_id = ""
        self._changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while (raw := await self._socket.read_message()) is not None:
            frame = json.loads(raw)
            match frame["action"]:
                case "connection":
                    self.chat_id = frame["id"]
                    self.users |= frame["users"]
                    self.messages |= {m["id"]: m for m in frame["messages"]}
                case "message":
                    message = frame["message"]
                    self.messages[message["id"]] = message
                case "users":
                    self.users |= frame["users"]
                case "writing":
                    self.writers[frame["user"]["username"]] = frame.get("typingIndicator")
            self._changed.set()

    async def say(self, body: str, **extra: Any) -> str:
        message_id = str(uuid.uuid4())
        frame = {"type": "client", "action": "send", "id": message_id, "body": body, **extra}
        await self._socket.write_message(json.dumps(frame))
        return message_id

    async def until(self, found: Callable[[], Any], what: str = "", seconds: float = 15) -> Any:
        async with asyncio.timeout(seconds):
            while not (result := found()):
                self._changed.clear()
                try:
                    await asyncio.wait_for(self._changed.wait(), 0.2)
                except TimeoutError:
                    continue
        return result

    def answers(self, message_id: str, state: str | None = None) -> list[dict[str, Any]]:
        noted = [(m, (m.get("metadata") or {}).get("persona", {})) for m in self.messages.values()]
        return [
            m
            for m, note in noted
            if note.get("answers") == message_id and (state is None or note.get("state") == state)
        ]

    async def ask(self, body: str, count: int = 1, **extra: Any) -> list[str]:
        """Send and return the bodies of the answers once ``count`` are finished."""
        message_id = await self.say(body, **extra)

        def finished() -> list[dict[str, Any]] | None:
            done = [
                m
                for m in self.answers(message_id)
                if m["metadata"]["persona"].get("state") != "writing"
            ]
            return done if len(done) >= count else None

        return [m["body"] for m in await self.until(finished, body)]

    async def close(self) -> None:
        self._socket.close()
        await self._reader


class Server:
    """A Jupyter Server that runs in the test's own event loop."""

    def __init__(self, app: ServerApp, root: Path) -> None:
        self.app = app
        self.root = root
        self.token = app.identity_provider.token
        self.address = f"127.0.0.1:{app.port}{app.base_url}"

    async def fetch(self, path: str, *, token: bool = True, **options: Any) -> HTTPResponse:
        headers = {"Authorization": f"token {self.token}"} if token else {}
        url = f"http://{self.address}api/personas{path}"
        return await AsyncHTTPClient().fetch(url, headers=headers, **options)

    async def post(self, path: str, body: str) -> HTTPResponse:
        return await self.fetch(path, method="POST", body=body)

    async def socket(self, path: str) -> Any:
        url = f"ws://{self.address}api/chat/ws/{path}?token={self.token}"
        return await websocket_connect(url)


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A real server with the chats' extension and ours, under a base_url."""
    for name in ("config", "data", "runtime"):
        monkeypatch.setenv(f"JUPYTER_{name.upper()}_DIR", str(tmp_path / name))
    # What is enabled in the environment of the tests is not what is tested.
    for name in ("SYSTEM_CONFIG_PATH", "ENV_CONFIG_PATH"):
        monkeypatch.setattr(jupyter_core.paths, name, [])
    root = tmp_path / "root"
    root.mkdir()
    extensions = {"jupyterlab_chat": True, "persona.jupyter": True}
    config = Config({"ServerApp": {"jpserver_extensions": extensions}})
    app = ServerApp.instance(
        config=config,
        base_url="/user/x/",
        ip="127.0.0.1",
        port=find_free_port(),
        open_browser=False,
        root_dir=str(root),
        allow_root=True,
    )
    monkeypatch.setattr(app, "init_signal", lambda: None)
    app.initialize(argv=[])
    await app._post_start()
    yield Server(app, root)
    app.http_server.stop()
    await app._cleanup()
    app.kernel_manager.context.destroy()
    ServerApp.clear_instance()


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def root(server: Server) -> Path:
    """The server's root folder."""
    return server.root


@pytest.fixture
def write(root: Path) -> Callable[..., Path]:
    """Write a persona file into the project: name, front matter, prompt."""

    def write_file(name: str, matter: str, prompt: str = "", folder: str = "") -> Path:
        path = root / folder / ".jupyter" / "personas" / f"{name}.persona.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\n{matter}\n---\n{prompt}\n", encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def service(server: Server, tmp_path: Path) -> PersonaService:
    """The extension's service, with two engines of our own and an own user scope."""
    registry = EngineRegistry()
    registry.register(Parrot)
    registry.register(Cockatoo)
    user = Location(tmp_path / "user-personas", Scope.USER, tmp_path / "user-personas")
    extension = next(iter(server.app.extension_manager.extension_apps["persona.jupyter"]))
    extension._service = PersonaService(
        parent=extension,
        serverapp=server.app,
        catalog=Catalog(loaders=[MARKDOWN, TOML], registry=registry, locations=[user]),
    )
    return extension.service


@pytest.fixture
async def open_chat(server: Server, service: PersonaService) -> AsyncIterator[Callable[..., Any]]:
    """Open a chat as a browser does and return its client."""
    clients: list[ChatClient] = []

    async def open_path(path: str = "a.chat") -> ChatClient:
        client = ChatClient(await server.socket(path))
        clients.append(client)
        await client.until(lambda: client.chat_id)
        return client

    yield open_path
    for client in clients:
        await client.close()
    await service.close()
