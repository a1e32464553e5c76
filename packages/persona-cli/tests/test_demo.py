from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest
from jupyterlab_chat.websocket_model import WsChatModel

from persona.cli import main
from persona.cli._demo_files import CANNED_MODEL, lay_out
from persona.cli._demo_model import FoundModel, find_model, ollama_url
from persona.core import Catalog, avatar_data_uri
from persona.testing import ScriptedLLM

REAL = FoundModel("openai/gpt-4.1-mini", None, "OPENAI_API_KEY is set")
LOCAL = FoundModel("ollama_chat/llama3.2:latest", "http://127.0.0.1:11434", "Ollama answers")


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")


@pytest.fixture
def ollama() -> Iterator[str]:
    """A server that answers as Ollama does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            names = ["nomic-embed-text:latest", "qwen3:8b", "llama3.2:latest"]
            body = json.dumps({"models": [{"name": name} for name in names]}).encode()
            self.send_response(200 if self.path == "/api/tags" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Be quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def personas(folder: Path):
    return Catalog(locations=[]).view(folder).personas


@pytest.mark.parametrize("model", [None, REAL, LOCAL])
def test_the_workspace_has_only_good_persona_files(model, tmp_path):
    lay_out(tmp_path, model)
    view = Catalog(locations=[]).view(tmp_path)
    assert set(view.personas) == {"guide", "data-sage", "scout", "tutor"}
    assert [d for d in view.diagnostics if d.code != "P301"] == []
    tutor = view.personas["tutor"]
    assert (tutor.model and tutor.model.model_id) == (model and model.model_id)
    assert (tutor.model and tutor.model.model_url) == (model and model.model_url)
    for name, definition in view.personas.items():
        assert definition.source is not None
        uri = avatar_data_uri(definition.identity.avatar, definition.source.folders)
        assert str(uri).startswith("data:image/svg+xml;base64,")
        if name == "tutor":
            continue
        assert definition.model is not None
        assert definition.model.model_id == (model.model_id if model else CANNED_MODEL)
        assert definition.model.model_url == (model.model_url if model else None)
        assert ("mock_response" in definition.options) == (model is None)


@pytest.mark.parametrize("file", ["tutor_persona.py", "lesson.ipynb", "tutor.svg"])
def test_the_tutor_of_the_demo_is_the_example(file, tmp_path):
    examples = Path(__file__).parents[3] / "examples"
    if not examples.is_dir():
        pytest.skip("only in a checkout")
    lay_out(tmp_path, None)
    demo = tmp_path / ".jupyter" / "personas" / "tutor" / file
    assert demo.read_bytes() == (examples / "tutor" / file).read_bytes()


@pytest.mark.parametrize("trusted", [True, False])
def test_tutor_makes_a_notebook_without_a_model(trusted, project, cli):
    if trusted:
        assert cli("demo", str(project), "--prepare-only").returncode == 0
    else:
        lay_out(project, None)
    done = cli("ask", "tutor", "new Sets & Maps", "--chat", "welcome.chat")
    assert (project / "lesson-sets-maps.ipynb").is_file() == trusted
    if not trusted:
        assert "trust" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert "[lesson-sets-maps.ipynb](/lab/tree/lesson-sets-maps.ipynb)" in done.stdout
    asked = cli("ask", "tutor", "what is a set?", "--chat", "welcome.chat")
    assert "/model @Tutor" in asked.stdout


def test_a_canned_reply_says_so_and_how_to_get_a_real_one(tmp_path):
    lay_out(tmp_path, None)
    for name, definition in personas(tmp_path).items():
        if name == "tutor":  # says it itself
            continue
        reply = definition.options["mock_response"]
        assert "This reply is canned" in reply
        assert "_API_KEY" in reply
        assert f".jupyter/personas/{name}.persona.md" in reply


def test_the_welcome_is_a_chat_of_jupyterlab(tmp_path):
    lay_out(tmp_path, None)
    chat = WsChatModel("welcome.chat", tmp_path)
    chat.load_from_file()
    (message,) = chat.get_messages()
    user = chat.get_users()[message.sender]
    assert user.bot
    assert user.name == "Personas"
    for definition in personas(tmp_path).values():
        assert f"`@{definition.identity.name.replace(' ', '-')} " in message.body


def test_laying_out_again_changes_nothing(tmp_path):
    lay_out(tmp_path, None)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    again = lay_out(tmp_path, None)
    assert (again.made, again.updated, again.kept) == ([], [], [])
    assert before == {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}


def test_a_changed_file_is_kept_and_a_missing_one_made(tmp_path):
    lay_out(tmp_path, None)
    guide = tmp_path / ".jupyter/personas/guide.persona.md"
    guide.write_text(guide.read_text() + "One more line.\n")
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "measurements.csv").unlink()
    again = lay_out(tmp_path, REAL)
    assert again.made == ["measurements.csv"]
    assert sorted(again.kept) == [".jupyter/personas/guide.persona.md", "README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"
    assert guide.read_text().endswith("One more line.\n")


def test_a_model_found_later_replaces_canned_replies_but_no_model(tmp_path):
    lay_out(tmp_path, None)
    again = lay_out(tmp_path, REAL)
    assert len(again.updated) == 4
    assert personas(tmp_path)["guide"].model.model_id == REAL.model_id
    assert lay_out(tmp_path, LOCAL).updated == []
    assert lay_out(tmp_path, None).updated == []
    assert personas(tmp_path)["guide"].model.model_id == REAL.model_id


def test_a_workspace_that_was_moved_gets_its_new_paths(tmp_path):
    lay_out(tmp_path / "one", REAL)
    (tmp_path / "one").rename(tmp_path / "two")
    assert lay_out(tmp_path / "two", REAL).updated == [".jupyter/personas/scout.persona.md"]
    (server,) = personas(tmp_path / "two")["scout"].context.mcp_servers
    assert server.args == [str(tmp_path / "two/.jupyter/tools/workspace.py")]


@pytest.mark.parametrize(
    ("key", "provider"),
    [
        ("ANTHROPIC_API_KEY", "anthropic"),
        ("OPENAI_API_KEY", "openai"),
        ("GEMINI_API_KEY", "gemini"),
        ("MISTRAL_API_KEY", "mistral"),
    ],
)
def test_a_key_in_the_environment_chooses_its_provider(key, provider):
    found = find_model({key: "k", "OLLAMA_HOST": "127.0.0.1:9"})
    assert found is not None
    assert found.model_id.startswith(f"{provider}/")
    assert "k" not in found.why.split()
    assert find_model({key: " ", "OLLAMA_HOST": "127.0.0.1:9"}) is None


def test_a_running_ollama_is_used_with_a_model_that_chats(ollama):
    found = find_model({"OLLAMA_HOST": ollama})
    assert found is not None
    assert found.model_id == "ollama_chat/qwen3:8b"
    assert found.model_url == f"http://{ollama}"


def test_an_ollama_that_does_not_answer_costs_little_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        assert find_model({"OLLAMA_HOST": f"127.0.0.1:{silent.getsockname()[1]}"}) is None
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("box:1234", "http://box:1234"),
        ("http://box", "http://box:11434"),
        ("https://box/x", "https://box:443"),
        ("[::1]:5", "http://[::1]:5"),
        ("box:none", "http://box:11434"),
    ],
)
def test_ollama_host_may_lack_any_part(host, url):
    assert ollama_url(host) == url


def test_demo_refuses_a_file_as_its_folder(tmp_path, capsys):
    (tmp_path / "f").touch()
    assert main(["demo", str(tmp_path / "f"), "--prepare-only"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_demo_refuses_what_is_no_port(port, capsys):
    assert main(["demo", "--port", port]) == 2
    assert "is not a port" in capsys.readouterr().err


@pytest.mark.skipif(find_spec("mcp") is None, reason="the tool needs the package mcp")
async def test_the_tools_of_scout_look_at_the_workspace(tmp_path):
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    lay_out(tmp_path, None)
    (server,) = personas(tmp_path)["scout"].context.mcp_servers
    parameters = StdioServerParameters(command=server.command, args=server.args)
    async with (
        asyncio.timeout(60),
        stdio_client(parameters) as streams,
        ClientSession(*streams) as client,
    ):
        await client.initialize()
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert names == {"list_files", "summarise_csv"}
        listed = await client.call_tool("list_files", {})
        assert "measurements.csv" in str(listed.content)
        assert ".jupyter" not in str(listed.content)
        summed = await client.call_tool("summarise_csv", {"name": "measurements.csv"})
        assert "84" in str(summed.content)
        outside = await client.call_tool("summarise_csv", {"name": "../x.csv"})
        assert outside.model_dump(by_alias=True)["isError"]


HAS_LITELLM = "litellm" in {e.name for e in entry_points(group="persona.engines")}


@pytest.mark.skipif(not HAS_LITELLM, reason="the engine litellm is not installed")
def test_a_persona_of_the_demo_answers_without_a_key(project, cli):
    lay_out(project, None)
    done = cli("ask", "data sage", "describe it", "--chat", "welcome.chat")
    assert done.returncode == 0, done.stderr
    assert "This reply is canned" in done.stdout
    assert done.stderr == ""


HAS_LAB = find_spec("jupyterlab") is not None and find_spec("persona.jupyter") is not None


def test_demo_names_the_packages_that_are_missing(project, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyterlab", None)  # as if it were not installed
    assert main(["demo", "there"]) == 1
    assert "The demo needs jupyterlab" in capsys.readouterr().err
    assert not (project / "there").exists()
    assert main(["demo", "there", "--prepare-only"]) == 0
    assert (project / "there" / "welcome.chat").is_file()


@pytest.mark.skipif(not (HAS_LAB and HAS_LITELLM), reason="JupyterLab is not installed")
@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
def test_demo_opens_jupyterlab_on_the_chat(project):
    process = subprocess.Popen(
        [sys.executable, "-m", "persona.cli", "demo", "my demo", "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        url = next((u for line in process.stdout if "http" in (u := line.strip())), "")
        assert "/lab/tree/welcome.chat?token=" in url, process.communicate(timeout=60)[1]
        with urllib.request.urlopen(url, timeout=60) as page:
            text = page.read().decode()
        config = json.loads(re.search(r"(?s)jupyter-config-data[^>]*>(.*?)</script>", text)[1])
        assert "@jupyterlab/apputils-extension:announcements" in config["disabledExtensions"]
        base, _, token = url.partition("/lab/tree/welcome.chat?token=")
        chat = f"{base}/api/contents/welcome.chat?token={token}"
        with urllib.request.urlopen(chat, timeout=60) as answer:
            assert "Welcome" in json.load(answer)["content"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert (project / "my demo" / "welcome.chat").is_file()


@pytest.mark.skipif(not (HAS_LAB and HAS_LITELLM), reason="JupyterLab is not installed")
def test_demo_fails_if_its_port_is_taken(cli):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = cli("demo", "--no-browser", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "is not available" in done.stderr


@pytest.mark.skipif(not HAS_LITELLM, reason="the engine litellm is not installed")
def test_tutor_asks_its_model_for_what_is_no_command(project, cli):
    with ScriptedLLM.in_thread() as llm:
        lay_out(project, FoundModel("openai/scripted", llm.url, "the test says so"))
        assert cli("trust", "tutor").returncode == 0
        answer = cli("ask", "tutor", "What is a set?")
        listed = cli("ask", "tutor", "list")
    assert (answer.returncode, listed.returncode) == (0, 0), answer.stderr + listed.stderr
    assert answer.stdout.strip().endswith("What is a set?")
    assert [request.system.startswith("You are a patient tutor") for request in llm.requests] == [
        True
    ]
    assert "none here yet" in listed.stdout


@pytest.mark.skipif(not HAS_LITELLM, reason="the engine litellm is not installed")
def test_only_scout_has_its_tools_with_a_real_model(project, cli):
    with ScriptedLLM.in_thread() as llm:
        lay_out(project, FoundModel("openai/scripted", llm.url, "the test says so"))
        llm.on().tool_calls([{"name": "workspace__list_files", "arguments": {}}], times=1)
        assert cli("trust", "scout").returncode == 0
        scout = cli("ask", "scout", "Which files are here?")
        sage = cli("ask", "data sage", "Hello")
        bodies = [json.dumps(request.body) for request in llm.requests]
    assert (scout.returncode, sage.returncode) == (0, 0), scout.stderr + sage.stderr
    assert "list_files" in scout.stderr
    assert "echo:" in scout.stdout
    assert len(bodies) == 3
    assert "measurements.csv (" in bodies[1]
    assert "list_files" not in bodies[2]
    assert "describe-a-table" in bodies[2]
    assert "describe-a-table" not in bodies[0]
