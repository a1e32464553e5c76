"""A scripted model, a chat in memory, and personas that use the engine."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from jupyterlab_chat.models import FileAttachment, Message, NotebookAttachment

from persona.core import (
    BasePersona,
    McpServerStdio,
    PersonaContext,
    PersonaIdentity,
    PersonaModel,
    ReplyEvent,
    Text,
    Turn,
)
from persona.engines.litellm import LiteLLMEngine
from persona.testing import ScriptedLLM, mcp_server_command
from persona.testing.chat import MemoryChat

_HERE = Path(__file__).parent
_LITELLM_WARNS = (
    "ignore:Item .* on TypedDict class:UserWarning",
    "ignore:Accessing the 'model_:DeprecationWarning",
    "ignore:There is no current event loop:DeprecationWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests here pass over what litellm warns of in its own code."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            for warning in _LITELLM_WARNS:
                item.add_marker(pytest.mark.filterwarnings(warning))


class Bench:
    """One chat, one scripted model, any number of personas."""

    def __init__(self, llm: ScriptedLLM, root: Path) -> None:
        self.llm = llm
        self.root = root
        self.chat = MemoryChat("chats/talk.chat")
        (root / "chats").mkdir()
        self.personas: list[BasePersona] = []

    def persona(
        self,
        name: str = "Sage",
        *,
        model_id: str = "openai/scripted",
        url: str | None = "scripted",
        context: PersonaContext | None = None,
        options: Mapping[str, Any] | None = None,
        description: str | None = None,
        **model: Any,
    ) -> BasePersona:
        persona = BasePersona(
            ychat=self.chat,
            engine=LiteLLMEngine(),
            model=PersonaModel(
                model_id=model_id, model_url=self.llm.url if url == "scripted" else url, **model
            ),
            context=context or PersonaContext(),
            identity=PersonaIdentity(name=name, description=description),
            options=options,
            root_dir=self.root,
        )
        self.personas.append(persona)
        return persona

    async def ask(
        self,
        persona: BasePersona,
        text: str = "hello",
        attachments: Sequence[FileAttachment | NotebookAttachment] = (),
    ) -> str:
        """Have one turn through the chat; return the last message."""
        await persona.process_message(self.chat.say(text, attachments=attachments))
        return self.chat.bodies[-1]

    def turn(self, persona: BasePersona, text: str = "hello") -> Turn:
        return persona.new_turn(self.chat.say(text))

    async def events(self, persona: BasePersona, text: str = "hello") -> list[ReplyEvent]:
        """Have one turn without the chat's writer; return what the engine yields."""
        await persona.prepare()
        stream = persona.engine.reply(self.turn(persona, text))
        return [Text(e) if isinstance(e, str) else e async for e in stream]

    def note(self, message: Message | None = None) -> dict[str, Any]:
        message = message or self.chat.get_messages()[-1]
        return dict((message.metadata or {}).get("persona", {}))

    async def close(self) -> None:
        for persona in self.personas:
            await persona.shutdown()


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    async with ScriptedLLM() as server:
        yield server


@pytest.fixture
async def bench(llm: ScriptedLLM, tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(llm, tmp_path)
    yield bench
    await bench.close()


@pytest.fixture
def stdio() -> Callable[..., McpServerStdio]:
    def make(name: str = "alpha", **more: Any) -> McpServerStdio:
        command, *args = mcp_server_command(name)
        env = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), **more.pop("env", {})}
        return McpServerStdio(name=name, command=command, args=args, env=env, **more)

    return make


@pytest.fixture
def skills_folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "skills"
    folder.mkdir()
    yield folder


@pytest.fixture(autouse=True)
async def no_connection_outlives_its_loop() -> AsyncIterator[None]:
    """Close what litellm keeps open for this test's event loop."""
    yield
    litellm = sys.modules.get("litellm")
    if litellm is None:
        return
    for cached in list(litellm.in_memory_llm_clients_cache.cache_dict.values()):
        close = getattr(cached, "close", None)
        if close is not None and (closing := close()) is not None:
            await closing
    litellm.in_memory_llm_clients_cache.flush_cache()
