"""Personas in Python, in real chats: they answer, fail alone, and are reloaded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persona.core import Catalog, Location, Scope
from persona.loaders import MARKDOWN, PYTHON, TOML

HEAD = "import asyncio, time\nfrom persona.core import *\n"
TEMPLATE = HEAD + (
    "class {name}(BasePersona):\n"
    "    defaults = PersonaDefaults(name='{name}', description='d', system_prompt='Be kind.')\n"
    "    async def process_message(self, message):\n"
)


@pytest.fixture
def files(service: Any, tmp_path: Path) -> Path:
    """A user's own folder of personas, which needs no trust; Python counts there too."""
    folder = tmp_path / "own" / "personas"
    folder.mkdir(parents=True)
    registry = service.catalog.registry
    user = Location(folder, Scope.USER, folder)
    service.catalog = Catalog(loaders=[MARKDOWN, TOML, PYTHON], registry=registry, locations=[user])
    return folder


@pytest.fixture
def put(files: Path) -> Callable[..., Path]:
    """Write a persona whose ``process_message`` has this body."""

    def write(name: str, body: str, place: str = "", text: str | None = None) -> Path:
        path = files / place / f"{name.lower()}_persona.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"        {line}\n" for line in body.splitlines())
        path.write_text(TEMPLATE.format(name=name) + lines if text is None else HEAD + text)
        return path

    return write


@pytest.fixture
async def chat(files: Path, open_chat: Callable[..., Any]) -> Callable[[], Any]:
    """Open the chat once the files are written."""
    return lambda: open_chat()


async def test_python_persona_answers_and_is_told_apart(put: Any, chat: Any) -> None:
    put("Tutor", "self.send_message(f'you said: {self.text_of(message)}; {len(self.history)}')")
    client = await chat()
    assert await client.ask("@Tutor hello") == ["you said: hello; 0"]
    assert await client.ask("@tutor again") == ["you said: again; 2"]
    assert client.users["persona::tutor"]["bot"]


async def test_streams_of_texts_and_of_chunks_become_one_message(put: Any, chat: Any) -> None:
    put(
        "Streamer",
        "from types import SimpleNamespace as N\n"
        "async def words():\n"
        "    yield 'one '\n"
        "    yield N(choices=[N(delta=N(content='two '))])\n"
        "    yield {'choices': [{'delta': {'content': 'three'}}]}\n"
        "    yield N(choices=[N(delta=N(content=None))])\n"
        "    yield N(choices=[])\n"
        "self.set_status('counts…')\n"
        "await self.stream_message(words())\n"
        "async def nothing():\n"
        "    return\n"
        "    yield\n"
        "await self.stream_message(nothing())",
    )
    client = await chat()
    assert await client.ask("@Streamer go") == ["one two three"]


async def test_messages_from_threads_arrive(put: Any, chat: Any) -> None:
    put("Threads", "await asyncio.to_thread(self.send_message, 'from a thread')")
    client = await chat()
    assert await client.ask("@Threads go") == ["from a thread"]


async def test_one_without_process_message_asks_its_engine(
    put: Any, chat: Any, service: Any
) -> None:
    put("Asking", "", text=(
        "class Asking(BasePersona):\n    engine = 'parrot'\n    model = 'some/model'\n"
        "    defaults = PersonaDefaults(name='Asking', system_prompt='Be kind.')\n"
    ))  # fmt: skip
    put("Partly", "await super().process_message(message)\nawait self.ask_model("
        "'other words', system_prompt='Be brief.', model='x/y', engine='parrot')")  # fmt: skip
    client = await chat()
    assert await client.ask("@Asking hi") == ["Asking|Be kind.|some/model|0|hi"]
    (told,) = await client.ask("@Partly hi")
    assert "Partly has no model to ask" in told
    assert "/model" in told


async def test_engines_in_files_answer(put: Any, chat: Any) -> None:
    put("Loud", "", text=(
        "class Loud(PersonaEngine):\n    id = 'loud'\n"
        "    identity = PersonaIdentity(name='Loud', description='d')\n"
        "    async def reply(self, turn):\n        yield turn.text.upper()\n"
    ))  # fmt: skip
    client = await chat()
    assert await client.ask("@Loud hello") == ["HELLO"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import no_such_package\n", "no_such_package"),
        ("import sys\nsys.exit(1)\n", "SystemExit: 1 (line 4)"),
        ("raise ValueError('bad &lt; day')\n", "ValueError: bad"),
        (
            "raise PersonaRequirementsUnmet('needs a licence')\n",
            "is not available: needs a licence",
        ),
    ],
)
async def test_import_errors_hurt_no_one_else(put: Any, chat: Any, text: str, told: str) -> None:
    put("Fine", "self.send_message('fine')")
    put("Broken", "", text=text + "class Broken(BasePersona):\n    defaults = {'name': 'Broken'}\n")
    client = await chat()
    (body,) = await client.ask("@Broken hi")
    assert told.replace("_", "\\_") in body
    assert "Traceback" not in body.partition("<details>")[0]
    assert await client.ask("@Fine hi") == ["fine"]


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ("    def __init__(self, **kwargs):\n        1 / 0\n", "ZeroDivisionError"),
        ("    def __init__(self, **kwargs):\n        super().__init__(**kwargs)\n"
         "        raise PersonaRequirementsUnmet('no key')\n", "is not available: no key"),
        ("    @property\n    def defaults(self):\n        raise KeyError('x')\n", "KeyError"),
        ("    async def process_message(self, m):\n        raise OSError('x')\n", "OSError: x"),
        ("    async def process_message(self, m):\n        raise SystemExit\n", "SystemExit"),
        ("    async def process_message(self, m):\n        await self.stream_message(3)\n",
         "is no stream"),
    ],
)  # fmt: skip
async def test_errors_of_objects_hurt_no_one_else(
    put: Any, chat: Any, members: str, told: str
) -> None:
    put("Fine", "self.send_message('fine')")
    put(
        "Wrong",
        "",
        text=f"class Wrong(BasePersona):\n    defaults = {{'name': 'Wrong'}}\n{members}",
    )
    client = await chat()
    (body,) = await client.ask("@Wrong hi")
    assert told in body
    assert "Traceback" not in body.partition("<details>")[0]
    assert await client.ask("@Fine hi") == ["fine"]


async def test_edited_code_is_used_and_a_broken_edit_is_not(
    put: Any, chat: Any, service: Any
) -> None:
    put("Tutor", "self.n = getattr(self, 'n', 0) + 1\nself.send_message(f'one {self.n}')")
    client = await chat()
    manager = service.manager(client.chat_id)
    assert await client.ask("@Tutor hi") == ["one 1"]
    put("Tutor", "self.send_message('two')")
    await manager.reload()
    assert await client.ask("@Tutor hi") == ["two"]
    put("Tutor", "self.send_message('three'")
    await manager.reload()
    assert await client.ask("@Tutor hi") == ["two"]
    put("Tutor", "", text="import nothing_at_all\n" + TEMPLATE.format(name="Tutor") + "        x\n")
    await manager.reload()
    await client.until(
        lambda: [m for m in client.messages.values() if "nothing\\_at\\_all" in m["body"]]
    )
    assert await client.ask("@Tutor hi") == ["two"]
    put("Tutor", "self.send_message('four')")
    await manager.reload()
    assert await client.ask("@Tutor hi") == ["four"]


async def test_edited_code_takes_effect_by_itself(put: Any, chat: Any, service: Any) -> None:
    put("Tutor", "self.send_message('one')")
    client = await chat()
    assert await client.ask("@Tutor hi") == ["one"]
    put("Tutor", "self.send_message('two')")
    async with asyncio.timeout(10):
        while await client.ask("@Tutor hi") != ["two"]:
            await asyncio.sleep(0.05)


async def test_what_fails_at_the_end_hurts_no_one(put: Any, chat: Any, service: Any) -> None:
    path = put("Slow", "self.send_message('begun')\nawait asyncio.sleep(60)")
    path.write_text(path.read_text() + (
        "    async def cancel_response(self):\n        raise ValueError('x')\n"
        "    async def shutdown(self):\n        raise SystemExit\n"
    ))  # fmt: skip
    client = await chat()
    await client.say("@Slow go")
    await client.until(lambda: [m for m in client.messages.values() if m["body"] == "begun"])
    (told,) = await client.ask("/stop")
    assert "1" in told or "Stopped" in told
    await service.detach(client.chat_id)


async def test_edited_files_beside_it_are_used(put: Any, chat: Any, service: Any) -> None:
    path = put("Tutor", "self.send_message(helper.x)", "tutor")
    path.write_text("import helper\n" + path.read_text())
    helper = path.with_name("helper.py")
    helper.write_text("x = 'one'\n")
    client = await chat()
    assert await client.ask("@Tutor hi") == ["one"]
    assert helper in service.manager(client.chat_id).attached
    helper.write_text("x = 'other'\n")
    await service.manager(client.chat_id).reload()
    assert await client.ask("@Tutor hi") == ["other"]


async def test_two_files_of_one_stem_work(put: Any, chat: Any, files: Path) -> None:
    one = put("Same", "self.send_message('one')", "one")
    two = put("Same", "self.send_message('two')", "two")
    two.write_text(two.read_text().replace("'Same'", "'Other'"))
    assert one.name == two.name
    client = await chat()
    assert await client.ask("@Same hi") == ["one"]
    assert await client.ask("@Other hi") == ["two"]


async def test_its_engine_can_be_swapped_and_taken_back(put: Any, chat: Any) -> None:
    put("Tutor", "self.send_message('mine')")
    client = await chat()
    assert await client.ask("@Tutor hi") == ["mine"]
    await client.ask("/engine @Tutor parrot")
    assert await client.ask("@Tutor hi") == ["Tutor|Be kind.|-|2|hi"]
    await client.ask("/engine @Tutor python")
    assert await client.ask("@Tutor hi") == ["mine"]


async def test_turns_are_stopped_and_shut_down_is_called(
    put: Any, chat: Any, service: Any, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    path = put("Slow", "self.send_message('begun')\nawait asyncio.sleep(60)")
    path.write_text(path.read_text() + (
        "    def note(self, what):\n"
        f"        with open({str(mark)!r}, 'a') as file:\n            file.write(what)\n"
        "    def cancel_response(self):\n        self.note('c')\n"
        "    def shutdown(self):\n        self.note('s')\n"
    ))  # fmt: skip
    client = await chat()
    await client.say("@Slow go")
    await client.until(lambda: [m for m in client.messages.values() if m["body"] == "begun"])
    await client.ask("/stop")
    await service.detach(client.chat_id)
    assert mark.read_text() == "cs"


async def test_code_that_blocks_is_told_with_its_line(put: Any, chat: Any) -> None:
    put("Blocking", "time.sleep(1.5)\nself.send_message('awake')")
    client = await chat()
    await client.ask("@Blocking go", 2)
    bodies = [m["body"] for m in client.messages.values()]
    assert "awake" in bodies
    (told,) = [body for body in bodies if "held up" in body]
    assert "`blocking_persona.py`, line 6, `time.sleep(1.5)`" in told
    assert "asyncio.to_thread" in told


async def test_code_that_never_ends_is_broken_off(
    put: Any, chat: Any, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from persona.loaders.python._blocking import Watchdog

    service.catalog.registry.shared(Watchdog, lambda: Watchdog(long=0.5, too_long=1.5))
    put("Endless", "n = 0\nwhile True:\n    n += 1")
    put("Fine", "self.send_message('fine')")
    client = await chat()
    bodies = await client.ask("@Endless go", 2)
    assert any("was broken off" in body for body in bodies)
    assert await client.ask("@Fine hi") == ["fine"]


async def test_what_cannot_be_read_is_known_when_the_chat_is_open(
    put: Any, chat: Any, service: Any
) -> None:
    put("Made", "", text=(
        "def make():\n    return 'Made ' + 'Up'\n"
        "class Made(BasePersona):\n    @property\n    def defaults(self):\n"
        "        return PersonaDefaults(name=make(), description=make(), system_prompt=make())\n"
        "    async def process_message(self, message):\n"
        "        self.send_message(f'{self.name}, {self.system_prompt}')\n"
    ))  # fmt: skip
    client = await chat()
    manager = service.manager(client.chat_id)
    await manager.ready()
    assert manager.view.personas["made"].identity.name == "Made Up"
    assert manager.view.personas["made"].identity.description == "Made Up"
    assert await client.ask("@Made-Up hi") == ["Made Up, Made Up"]


async def test_projects_code_is_not_run_before_it_is_trusted(
    put: Any, chat: Any, files: Path, root: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    folder = root / ".jupyter" / "personas"
    folder.mkdir(parents=True)
    (folder / "evil_persona.py").write_text(
        f"open({str(mark)!r}, 'w').close()\n"
        + HEAD
        + "class Evil(BasePersona):\n    defaults = PersonaDefaults(name=str('Evil'))\n"
    )
    client = await chat()
    await client.ask("@Evil hi")
    await asyncio.sleep(0)
    assert not mark.exists()
