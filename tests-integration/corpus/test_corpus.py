"""Persona files in the style of Jupyter AI 3.0 to 3.2, run unchanged in a real server."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from persona.testing import ScriptedAgent, ScriptedLLM

from ..conftest import TOKEN, launch
from .cases import CASES, FOLDER, OWN_TESTS, PERSONAS, Case
from .talk import Talk

CONFIG = """
c.PersonaManager.trust_projects = "always"
c.TraitsPersona.greeting = "Howdy"
c.TraitsPersona.times = 2
"""
SERVERS = {
    "mcp_servers": [
        {
            "type": "http",
            "name": "docs",
            "url": "http://127.0.0.1:9/mcp",
            "headers": [{"name": "X-Course", "value": "algebra"}],
        },
        {
            "name": "local",
            "command": "no-such-server",
            "args": ["--x"],
            "env": [{"name": "A", "value": "b"}],
        },
    ]
}


class Corpus:
    """The running server and what its personas talk to."""

    def __init__(self, server: Any, root: Path, llm: ScriptedLLM, agent: ScriptedAgent) -> None:
        self.server = server
        self.root = root
        self.llm = llm
        self.agent = agent


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """One server for all files."""
    top = tmp_path_factory.mktemp("corpus")
    root = top / "project"
    shutil.copytree(PERSONAS, root / ".jupyter" / "personas", ignore=_odd)
    shutil.copytree(PERSONAS / "odd", root / "odd" / ".jupyter" / "personas")
    shutil.copytree(FOLDER / "user", top / "config" / "personas")
    (root / "chats").mkdir()
    (root / "notes.txt").write_text("the attached text\n")
    (root / ".jupyter" / "mcp_settings.json").write_text(json.dumps(SERVERS))
    (top / "server_config.py").write_text(CONFIG)
    agent = ScriptedAgent(top / "agent")
    agent.on("", {"text": "the agent answers"})
    with ScriptedLLM.in_thread() as llm, (top / "server.log").open("wb") as log:
        for text in ("use a tool", "use both"):
            llm.on(text, model="tools").tool_calls(_both).reply("HELLO!! and 3")
        running = launch(
            root,
            log,
            f"--config={top / 'server_config.py'}",
            JUPYTER_CONFIG_DIR=str(top / "config"),
            PYTHONPATH=str(FOLDER / "package"),
            CORPUS_MODEL_URL=llm.url,
            OPENAI_API_BASE=llm.url,
            OPENAI_API_KEY="none",
            LITELLM_LOCAL_MODEL_COST_MAP="True",
            CORPUS_AGENT=json.dumps([agent.command, *agent.args]),
        )
        try:
            asyncio.run(running.wait_until_up())
            yield Corpus(running, root, llm, agent)
        finally:
            running.process.kill()
            running.process.wait()
            print((top / "server.log").read_text(errors="replace"))


def _odd(folder: str, names: list[str]) -> list[str]:
    return ["odd"] if Path(folder) == PERSONAS else []


def _both(request: Any) -> list[dict[str, Any]]:
    named = {tool.rpartition("__")[2]: tool for tool in request.tools}
    return [
        {"name": named["word_count"], "arguments": {"text": "one two three"}},
        {"name": named["shout"], "arguments": {"text": "hello", "marks": 2}},
    ]


@pytest.fixture
async def talk(corpus: Corpus) -> AsyncIterator[Callable[[str], Awaitable[Talk]]]:
    """Open chats."""
    opened: list[Talk] = []

    async def open_chat(chat: str) -> Talk:
        opened.append(await Talk.open(corpus.server.address, chat, TOKEN))
        return opened[-1]

    yield open_chat
    for one in opened:
        await one.close()


def test_every_file_of_the_corpus_has_a_case() -> None:
    files = {path.relative_to(PERSONAS).as_posix() for path in PERSONAS.glob("*/*persona*.py")}
    known = {case.file for case in CASES if case.file.endswith(".py")}
    assert files == {file for file in known if not file.startswith("..")} | OWN_TESTS
    assert len(files) > 25


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_persona_file_does_what_it_was_written_for(
    case: Case, corpus: Corpus, talk: Callable[[str], Awaitable[Talk]]
) -> None:
    chat = await talk(case.chat)
    before = set(chat.messages)
    await chat.say(f"@{case.name} {case.say}", case.attach)
    for pattern in case.expect:
        found = re.compile(pattern)
        await chat.until(lambda found=found: any(map(found.search, chat.bodies)))
    new = [m["body"] for key, m in chat.messages.items() if key not in before]
    for text in case.never:
        assert not any(text in body for body in new), new
    if case.made is not None:
        name, content = case.made
        assert content in (corpus.root / name).read_text(encoding="utf-8")


async def test_a_prompt_of_a_jupyternaut_subclass_reaches_the_model(
    corpus: Corpus, talk: Callable[[str], Awaitable[Talk]]
) -> None:
    chat = await talk("chats/prompts.chat")
    await chat.say("@Course PROMPT-A")
    await chat.until(lambda: any("PROMPT-A" in body for body in chat.bodies))
    await chat.say("@Mentor PROMPT-B")
    await chat.until(lambda: any("a better question" in body for body in chat.bodies))
    course, mentor = corpus.llm.requests[-2:]
    assert "COURSE-RULE" in course.system
    assert "MENTOR-PROMPT hint=look at the plot" in mentor.system
    assert "PROMPT-B" not in mentor.messages[-1]["content"]


async def test_functions_of_get_tools_are_offered_and_called(
    corpus: Corpus, talk: Callable[[str], Awaitable[Talk]]
) -> None:
    chat = await talk("chats/tools.chat")
    await chat.say("@Toolbox which tools?")
    await chat.until(lambda: any("which tools?" in body for body in chat.bodies))
    request = corpus.llm.requests[-1]
    offered = {tool["function"]["name"]: tool["function"] for tool in request.body["tools"]}
    shout = next(tool for name, tool in offered.items() if name.endswith("shout"))
    assert "Say a text loudly." in shout["description"]
    assert shout["parameters"]["properties"]["marks"]["type"] == "integer"
    assert shout["parameters"]["required"] == ["text"]
    await chat.say("@Toolbox use both")
    await chat.until(lambda: "HELLO!! and 3" in chat.bodies)
    said = corpus.llm.requests[-1].messages
    results = {m["tool_call_id"]: m["content"] for m in said if m["role"] == "tool"}
    assert sorted(results.values()) == ["3", "HELLO!!"]


async def test_metadata_and_state_live_through_two_turns(
    talk: Callable[[str], Awaitable[Talk]],
) -> None:
    chat = await talk("chats/twice.chat")
    for number in (1, 2):
        await chat.say("@Memory x")
        said = f"asked {number} time(s)"
        await chat.until(lambda said=said: said in chat.bodies)
    for number in (1, 2):
        await chat.say("@Statistics-Quiz x")
        said = f"(strict, {number}; "
        await chat.until(lambda said=said: any(said in body for body in chat.bodies))


async def test_a_status_is_shown_while_it_lasts(talk: Callable[[str], Awaitable[Talk]]) -> None:
    chat = await talk("chats/statuses.chat")
    await chat.say("@Status x")
    await chat.until(lambda: "slept" in chat.bodies)
    assert "is counting sheep..." in chat.statuses
    await chat.until(lambda: chat.statuses[-1] == "None")


async def test_writing_of_an_awareness_persona_is_shown(
    talk: Callable[[str], Awaitable[Talk]],
) -> None:
    chat = await talk("chats/writing.chat")
    await chat.say("@Aware x")
    await chat.until(lambda: "one two three" in chat.bodies)
    assert chat.statuses
    await chat.until(lambda: chat.statuses[-1] == "None")


async def test_stop_calls_cancel_response(talk: Callable[[str], Awaitable[Talk]]) -> None:
    chat = await talk("chats/patience.chat")
    await chat.say("@Patient x")
    await chat.until(lambda: any("waiting" in m["body"] for m in chat.messages.values()))
    await chat.say("/stop")
    await chat.until(lambda: any(body.startswith("waiting") for body in chat.bodies))
    await chat.until(lambda: "I stop." in chat.bodies)
    await chat.say("@Echo still there?")
    await chat.until(lambda: "You said: @Echo still there?" in chat.bodies)


async def test_the_environment_of_an_agent_is_what_its_persona_gave(
    corpus: Corpus, talk: Callable[[str], Awaitable[Talk]]
) -> None:
    chat = await talk("chats/environment.chat")
    await chat.say("@Env-Agent x")
    await chat.until(lambda: "the agent answers" in chat.bodies)
    # Jupyter AI requires a prompt of such personas and sends it to no agent.
    assert not any("unused" in prompt for prompt in corpus.agent.prompts)
    marks = {start["env"].get("CORPUS_MARK") for start in corpus.agent.starts}
    assert "marked-True" in marks


async def test_a_frozen_loop_is_told_and_nobody_else_is_hurt(
    talk: Callable[[str], Awaitable[Talk]],
) -> None:
    chat = await talk("odd/frozen.chat")
    await chat.say("@Blocking x")
    await chat.say("@Echo meanwhile")
    await chat.until(lambda: "You said: @Echo meanwhile" in chat.bodies)
    await chat.until(lambda: any("line 1" in body for body in chat.bodies))


@pytest.mark.parametrize(
    ("name", "file", "left"),
    [
        ("Closing", "closing_persona.py", "closing.txt"),
        ("Goodbye", "goodbye_persona.py", "goodbye.txt"),
    ],
)
async def test_edited_code_is_run_and_the_old_is_shut_down(
    name: str, file: str, left: str, corpus: Corpus, talk: Callable[[str], Awaitable[Talk]]
) -> None:
    chat = await talk(f"chats/edited-{name}.chat")
    await chat.say(f"@{name} x")
    await chat.until(lambda: any(body in ("open", "here") for body in chat.bodies))
    (path,) = (corpus.root / ".jupyter" / "personas").glob(f"*/{file}")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"open"', '"new"').replace('"here"', '"new"'), encoding="utf-8")
    try:
        await chat.say("/refresh-personas")
        # The file may be seen before or after; each question is answered by one of the two.
        for number in range(20):
            await chat.say(f"@{name} {number}")
            seen = number + 2
            await chat.until(
                lambda seen=seen: sum(b in ("open", "here", "new") for b in chat.bodies) >= seen
            )
            if "new" in chat.bodies:
                break
        assert "new" in chat.bodies
        await chat.until((corpus.root / "chats" / left).is_file)
    finally:
        path.write_text(text, encoding="utf-8")
