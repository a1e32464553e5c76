"""What `ScriptedLLM` records, and how it runs."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from persona.testing import Gate, ScriptedLLM
from persona.testing.llm import load_script, main

IMAGE = "data:image/png;base64,AAAA"
BODY: dict[str, Any] = {
    "model": "m1",
    "messages": [
        {"role": "system", "content": "You are terse."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": IMAGE}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "1",
                    "type": "function",
                    "function": {"name": "look", "arguments": '{"at": "hidden"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": "a cat"},
        {"role": "tool", "tool_call_id": "2", "content": "a dog"},
    ],
    "tools": [{"type": "function", "function": {"name": "look", "description": "Look at it"}}],
}


def post(url: str, body: dict[str, Any], key: str = "sk-1") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/chat/completions", data, headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        answer = json.load(response)
    assert isinstance(answer, dict)
    return answer


def say(url: str, text: str) -> str:
    answer = post(url, {"model": "m", "messages": [{"role": "user", "content": text}]})
    return str(answer["choices"][0]["message"]["content"])


def test_request_is_recorded_with_all_its_parts() -> None:
    with ScriptedLLM.in_thread() as llm:
        post(llm.url, BODY, key="sk-secret")
        (request,) = llm.requests
    assert request.path == "/v1/chat/completions"
    assert request.authorization == "Bearer sk-secret"
    assert request.headers["content-type"] == "application/json"
    assert request.body == BODY
    assert request.model == "m1"
    assert request.stream is False
    assert request.system == "You are terse.\n\nBe kind."
    assert request.user_text == "What is this?"
    assert request.tools == ["look"]
    assert request.tool_results == ["a cat", "a dog"]
    assert request.images == [IMAGE]
    assert request.outcome == "answered"
    for part in ("terse", "a cat", "hidden", "Look at it", IMAGE):
        assert part in request.text
    assert "sk-secret" not in request.text
    assert "sk-secret" not in repr(request.body)


def test_clear_keeps_rules_and_reset_does_not() -> None:
    with ScriptedLLM.in_thread() as llm:
        llm.on("hi").reply("hello")
        assert say(llm.url, "hi") == "hello"
        llm.clear()
        assert llm.requests == []
        assert say(llm.url, "hi") == "hello"
        llm.reset()
        assert llm.requests == []
        assert say(llm.url, "hi") == "echo: hi"


def test_received_fails_in_time_when_too_few_came() -> None:
    with ScriptedLLM.in_thread() as llm:
        with pytest.raises(TimeoutError, match="Waited for 2 requests, found 1"):
            say(llm.url, "hi")
            llm.wait_received(2, timeout=0.05)
        assert len(llm.wait_received(1)) == 1


async def test_thread_server_works_with_gates_of_another_loop() -> None:
    gate = Gate()
    with ScriptedLLM.in_thread() as llm:
        llm.on("hi").reply("done", pause=gate)
        asking = asyncio.create_task(asyncio.to_thread(say, llm.url, "hi"))
        await gate.reached()
        await asyncio.to_thread(gate.wait_reached)
        assert not asking.done()
        gate.release()
        assert await asking == "done"


async def test_stop_ends_a_hanging_stream_at_once() -> None:
    async with aiohttp.ClientSession() as http:
        async with ScriptedLLM() as llm:
            llm.on().hang(after="half")
            body = {"model": "m", "stream": True, "messages": []}
            response = await http.post(f"{llm.url}/chat/completions", json=body)
            await response.content.readany()
            started = time.monotonic()
        assert time.monotonic() - started < 5
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    with pytest.raises(RuntimeError, match="no address"):
        _ = llm.url


def test_port_taken_is_an_error_of_the_caller() -> None:
    with ScriptedLLM.in_thread() as llm:
        port = int(llm.url.split(":")[2].removesuffix("/v1"))
        with pytest.raises(OSError), ScriptedLLM.in_thread(port=port):
            pass


def test_process_serves_a_script_until_its_parent_goes(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    rules = [
        {"pattern": "^wea", "steps": [{"reply": "It rains.", "chunk": 2, "times": 1}]},
        {"match": "weather", "steps": [{"error": 429, "code": "slow"}]},
    ]
    script.write_text(json.dumps(rules))
    command = [sys.executable, "-m", "persona.testing.llm", "--exit-with-stdin", "--script", script]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        url = process.stdout.readline().strip()
        assert say(url, "weather") == "It rains."
        with pytest.raises(urllib.error.HTTPError) as caught:
            say(url, "weather")
        assert caught.value.code == 429
        caught.value.close()
        assert say(url, "hi") == "echo: hi"
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_process_ends_well_when_terminated() -> None:
    command = [sys.executable, "-m", "persona.testing.llm"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.terminate()
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ({}, "a script is a list"),
        ([{"steps": [{"empty": True}]}, {"matches": "x"}], r"rule 2: unknown \['matches'\]"),
        ([{"match": "x"}], "rule 1: it has no 'steps'"),
        ([{"steps": [{"text": "x"}]}], "exactly one of"),
        ([{"steps": [{"reply": "x", "cut": "y"}]}], "exactly one of"),
        ([{"steps": [{"reply": "x", "speed": 1}]}], "speed"),
        ([{"pattern": "(", "steps": [{"empty": True}]}], "rule 1: "),
    ],
)
def test_script_is_refused_with_its_place_when_wrong(
    tmp_path: Path, script: object, message: str
) -> None:
    file = tmp_path / "script.json"
    file.write_text(json.dumps(script))
    with pytest.raises(ValueError, match=message):
        load_script(ScriptedLLM(), file)


def test_command_line_refuses_a_missing_script(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--script", str(tmp_path / "none.json")])
    assert caught.value.code == 2
    assert "none.json" in capsys.readouterr().err
