"""What a client of `ScriptedLLM` gets."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from persona.testing import Gate, RecordedRequest, ScriptedLLM, ToolCall


@pytest.fixture
async def llm(caplog: pytest.LogCaptureFixture) -> AsyncIterator[ScriptedLLM]:
    async with ScriptedLLM() as server:
        yield server
    assert [r.getMessage() for r in caplog.records if r.name.startswith("aiohttp")] == []


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def body(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "scripted", "messages": [{"role": "user", "content": text}], **more}


async def ask(
    http: aiohttp.ClientSession, llm: ScriptedLLM, text: str, **more: Any
) -> dict[str, Any]:
    async with http.post(f"{llm.url}/chat/completions", json=body(text, **more)) as response:
        answer = await response.json()
        assert isinstance(answer, dict)
        return answer


async def content(http: aiohttp.ClientSession, llm: ScriptedLLM, text: str, **more: Any) -> str:
    answer = await ask(http, llm, text, **more)
    return str(answer["choices"][0]["message"]["content"])


async def read_events(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    async for line in response.content:
        if line.startswith(b"data: ") and line.strip() != b"data: [DONE]":
            yield json.loads(line[6:])


async def stream(
    http: aiohttp.ClientSession, llm: ScriptedLLM, text: str, **more: Any
) -> list[dict[str, Any]]:
    request = body(text, stream=True, **more)
    async with http.post(f"{llm.url}/chat/completions", json=request) as response:
        assert response.content_type == "text/event-stream"
        return [event async for event in read_events(response)]


def deltas(events: list[dict[str, Any]], key: str = "content") -> list[str]:
    found = [e["choices"][0]["delta"].get(key) for e in events if e["choices"]]
    return [text for text in found if text]


async def test_reply_echoes_when_no_rule_matches(llm: ScriptedLLM, http: Any) -> None:
    llm.on("weather").reply("It rains.")
    assert await content(http, llm, "hello") == "echo: hello"


async def test_stream_has_text_in_chunks_and_a_finish_reason(llm: ScriptedLLM, http: Any) -> None:
    llm.on("weather").reply("It rains today.", chunk=3)
    events = await stream(http, llm, "the weather?")
    assert deltas(events) == ["It ", "rai", "ns ", "tod", "ay."]
    assert [e["choices"][0]["finish_reason"] for e in events][-1] == "stop"
    assert len({e["id"] for e in events}) == 1
    assert all("usage" not in e for e in events)


async def test_stream_ends_with_usage_when_asked(llm: ScriptedLLM, http: Any) -> None:
    llm.on().reply("one two", usage={"prompt_tokens": 11, "completion_tokens": 5})
    events = await stream(http, llm, "hi", stream_options={"include_usage": True})
    assert events[-1]["choices"] == []
    assert events[-1]["usage"] == {
        "prompt_tokens": 11,
        "completion_tokens": 5,
        "total_tokens": 16,
    }
    assert events[-2]["choices"][0]["finish_reason"] == "stop"


async def test_stream_has_reasoning_before_text(llm: ScriptedLLM, http: Any) -> None:
    llm.on().reply("Yes.", reasoning="I think so")
    events = await stream(http, llm, "hi")
    assert "".join(deltas(events, "reasoning_content")) == "I think so"
    assert "".join(deltas(events)) == "Yes."


async def test_newest_rule_wins(llm: ScriptedLLM, http: Any) -> None:
    llm.on("hi").reply("old")
    llm.on("hi").reply("new")
    assert await content(http, llm, "hi") == "new"


async def test_steps_answer_in_order_and_the_last_stays(llm: ScriptedLLM, http: Any) -> None:
    llm.on("hi").reply("a", times=2).reply("b").reply("c")
    assert [await content(http, llm, "hi") for _ in range(5)] == ["a", "a", "b", "c", "c"]


async def test_used_up_rule_gives_way_to_older_ones(llm: ScriptedLLM, http: Any) -> None:
    llm.on("hi").reply("always")
    llm.on("hi").reply("once", times=1)
    rule = llm.on("hi", times=1).reply("first")
    answers = [await content(http, llm, "hi") for _ in range(4)]
    assert answers == ["first", "once", "always", "always"]
    assert rule.used == 1


@pytest.mark.parametrize(
    "conditions",
    [
        {"match": re.compile("^WEA", re.I)},
        {"match": lambda text: text.endswith("?")},
        {"model": "scripted"},
        {"system": "terse"},
        {"system": re.compile("^You are")},
        {"when": lambda request: request.stream is False},
    ],
)
async def test_rule_matches_on_each_condition(
    llm: ScriptedLLM, http: Any, conditions: dict[str, Any]
) -> None:
    llm.on(**conditions).reply("matched")
    messages = [
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": "weather?"},
    ]
    assert await content(http, llm, "", messages=messages) == "matched"


@pytest.mark.parametrize("conditions", [{"match": "hi"}, {"model": "other"}, {"system": "terse"}])
async def test_rule_is_passed_over_when_one_condition_fails(
    llm: ScriptedLLM, http: Any, conditions: dict[str, Any]
) -> None:
    llm.on(**{"match": "hello", **conditions}).reply("matched")
    assert await content(http, llm, "hello") == "echo: hello"


async def test_reply_is_made_from_the_request_when_callable(llm: ScriptedLLM, http: Any) -> None:
    def reply(request: RecordedRequest) -> str:
        return f"{request.model} has {len(request.messages)}"

    llm.on().reply(reply)
    assert await content(http, llm, "hi", model="m1") == "m1 has 1"


async def test_tool_calls_come_in_pieces_and_in_parallel(llm: ScriptedLLM, http: Any) -> None:
    calls: list[ToolCall] = [
        {"name": "look", "arguments": {"at": "sky", "deep": True}},
        {"name": "add", "arguments": "{broken", "id": "mine"},
    ]
    llm.on("weather").tool_calls(calls, text="Let me see. ").reply("It rains.")
    events = await stream(http, llm, "weather")
    pieces = [c for e in events for c in e["choices"][0]["delta"].get("tool_calls", [])]
    joined: dict[int, str] = {}
    for piece in pieces:
        joined.setdefault(piece["index"], "")
        joined[piece["index"]] += piece["function"]["arguments"]
    heads = [(p["index"], p["id"], p["function"]["name"]) for p in pieces if "id" in p]
    assert heads[1] == (1, "mine", "add")
    assert heads[0][0::2] == (0, "look")
    assert json.loads(joined[0]) == {"at": "sky", "deep": True}
    assert joined[1] == "{broken"
    assert len(pieces) > 4
    assert events[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert "".join(deltas(events)) == "Let me see. "
    assert await content(http, llm, "weather") == "It rains."


async def test_tool_calls_are_whole_without_a_stream(llm: ScriptedLLM, http: Any) -> None:
    llm.on().tool_calls([{"name": "look", "arguments": {"at": "sky"}}])
    choice = (await ask(http, llm, "hi"))["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    function = choice["message"]["tool_calls"][0]["function"]
    assert function == {"name": "look", "arguments": '{"at": "sky"}'}


@pytest.mark.parametrize(
    ("add", "status", "code"),
    [
        (lambda rule: rule.error(500), 500, None),
        (lambda rule: rule.error(429, code="slow", headers={"retry-after": "7"}), 429, "slow"),
        (lambda rule: rule.auth_error(), 401, "invalid_api_key"),
        (lambda rule: rule.unknown_model(), 404, "model_not_found"),
        (lambda rule: rule.context_too_long(), 400, "context_length_exceeded"),
    ],
)
async def test_error_has_status_and_code(
    llm: ScriptedLLM, http: Any, add: Any, status: int, code: str | None
) -> None:
    add(llm.on("hi"))
    async with http.post(f"{llm.url}/chat/completions", json=body("hi", stream=True)) as response:
        assert response.status == status
        error = (await response.json())["error"]
    assert error["code"] == code
    if status == 429:
        assert response.headers["retry-after"] == "7"
    if status == 404:
        assert "`scripted`" in error["message"]


async def test_cut_breaks_the_stream_after_its_text(llm: ScriptedLLM, http: Any) -> None:
    llm.on().cut(after="so far so good")
    events: list[dict[str, Any]] = []
    request = body("hi", stream=True)
    with pytest.raises(aiohttp.ClientPayloadError):
        async with http.post(f"{llm.url}/chat/completions", json=request) as response:
            async for event in read_events(response):
                events.append(event)
    assert "".join(deltas(events)) == "so far so good"
    assert (await llm.received(outcome="cut"))[0].stream


async def test_stream_is_disconnected_when_the_client_leaves(llm: ScriptedLLM, http: Any) -> None:
    llm.on().reply("one two three " * 1000, delay=0)
    async with http.post(f"{llm.url}/chat/completions", json=body("hi", stream=True)) as response:
        await response.content.readline()
        response.close()
    assert len(await llm.received(outcome="disconnected")) == 1


async def test_cut_breaks_the_connection_without_a_stream(llm: ScriptedLLM, http: Any) -> None:
    llm.on().cut(after="so far")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await ask(http, llm, "hi")


async def test_html_is_a_page_with_status_200(llm: ScriptedLLM, http: Any) -> None:
    llm.on().html("<html>Sign in</html>")
    async with http.post(f"{llm.url}/chat/completions", json=body("hi", stream=True)) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert await response.text() == "<html>Sign in</html>"


async def test_content_filter_and_empty_end_as_named(llm: ScriptedLLM, http: Any) -> None:
    llm.on("bad").content_filter("so far")
    llm.on("nothing").empty()
    events = await stream(http, llm, "bad")
    assert "".join(deltas(events)) == "so far"
    assert events[-1]["choices"][0]["finish_reason"] == "content_filter"
    events = await stream(http, llm, "nothing")
    assert deltas(events) == []
    assert events[-1]["choices"][0]["finish_reason"] == "stop"


async def test_hang_sends_nothing_until_the_client_goes(llm: ScriptedLLM, http: Any) -> None:
    llm.on().hang()
    with pytest.raises(asyncio.TimeoutError):
        async with asyncio.timeout(0.2):
            await ask(http, llm, "hi")
    assert len(await llm.received(outcome="disconnected")) == 1


async def test_hang_sends_its_text_first(llm: ScriptedLLM, http: Any) -> None:
    llm.on().hang(after="half")
    request = body("hi", stream=True)
    text = ""
    async with http.post(f"{llm.url}/chat/completions", json=request) as response:
        async for event in read_events(response):
            text += event["choices"][0]["delta"]["content"]
            if text == "half":
                break
    assert len(await llm.received(outcome="disconnected")) == 1


async def test_gate_holds_the_stream_at_its_place(llm: ScriptedLLM, http: Any) -> None:
    first, second = Gate(after="one "), Gate(after="two ")
    llm.on().reply("one two three", pause=[first, second])
    seen: list[str] = []

    async def read() -> None:
        request = body("hi", stream=True)
        async with http.post(f"{llm.url}/chat/completions", json=request) as response:
            async for event in read_events(response):
                seen.extend(deltas([event]))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        await first.reached()
        async with asyncio.timeout(5):
            while "".join(seen) != "one ":
                await asyncio.sleep(0.005)
        first.release()
        await second.reached()
        assert not "".join(seen).endswith("three")
        second.release()
    assert "".join(seen) == "one two three"


async def test_gate_fails_in_time_when_no_stream_comes() -> None:
    with pytest.raises(TimeoutError, match="'here'"):
        await Gate(after="here").reached(timeout=0.01)


def test_gate_is_refused_when_its_text_is_not_in_the_reply() -> None:
    with pytest.raises(ValueError, match="'four'"):
        ScriptedLLM().on().reply("one two", pause=Gate(after="four"))


async def test_key_is_checked_when_one_is_set(http: Any) -> None:
    async with ScriptedLLM(api_key="good") as llm:
        rule = llm.on().reply("welcome")
        assert (await ask(http, llm, "hi"))["error"]["code"] == "invalid_api_key"
        assert rule.used == 0
        headers = {"Authorization": "Bearer good"}
        async with http.get(f"{llm.url}/models", headers=headers) as response:
            assert response.status == 200
        async with http.get(f"{llm.url}/models") as response:
            assert response.status == 401


async def test_paths_work_without_v1(http: Any) -> None:
    async with ScriptedLLM(models=("a", "b")) as llm:
        root = llm.url.removesuffix("/v1")
        async with http.get(f"{root}/models") as response:
            assert [m["id"] for m in (await response.json())["data"]] == ["a", "b"]
        async with http.post(f"{root}/chat/completions", json=body("hi")) as response:
            assert response.status == 200


async def test_bad_body_is_an_error(llm: ScriptedLLM, http: Any) -> None:
    async with http.post(f"{llm.url}/chat/completions", data=b"no json") as response:
        assert response.status == 400
    assert llm.requests == []
