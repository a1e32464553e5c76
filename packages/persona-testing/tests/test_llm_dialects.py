"""What a client gets from `ScriptedLLM` in each dialect, and what is recorded of it."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from persona.testing import Gate, ScriptedLLM

DIALECTS = ["chat", "responses", "anthropic", "gemini"]
IMAGE = "data:image/png;base64,AAAA"
CALL = {"name": "look", "arguments": {"at": "sky", "how": "long"}}


@dataclass
class Heard:
    """What came in one stream, in the client's words."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    pieces: int = 0
    end: str = ""
    tokens: tuple[int, int] = (0, 0)


def address(llm: ScriptedLLM, dialect: str, *, stream: bool = False) -> str:
    return {
        "chat": f"{llm.url}/chat/completions",
        "responses": f"{llm.url}/responses",
        "anthropic": f"{llm.root_url}/v1/messages?beta=true",
        "gemini": f"{llm.root_url}/v1beta/models/m1:"
        + ("streamGenerateContent?alt=sse" if stream else "generateContent"),
    }[dialect]


def request(dialect: str, text: str, *, stream: bool = False) -> dict[str, Any]:
    """Give a request with a system prompt, a finished tool call and an image, as clients do."""
    schema = {"type": "object", "properties": {"at": {"type": "string"}}}
    match dialect:
        case "chat":
            call = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
            picture = {"type": "image_url", "image_url": {"url": IMAGE}}
            return {
                "model": "m1",
                "stream": stream,
                "stream_options": {"include_usage": True},
                "messages": [
                    {"role": "system", "content": "Be terse."},
                    {"role": "user", "content": [{"type": "text", "text": text}, picture]},
                    {"role": "assistant", "content": "I look.", "tool_calls": [call]},
                    {"role": "tool", "tool_call_id": "1", "content": "a cat"},
                ],
                "tools": [{"type": "function", "function": {"name": "look", "parameters": schema}}],
            }
        case "responses":
            parts = [
                {"type": "input_text", "text": text},
                {"type": "input_image", "image_url": IMAGE},
            ]
            said = [{"type": "output_text", "text": "I look."}]
            return {
                "model": "m1",
                "stream": stream,
                "instructions": "Be terse.",
                "input": [
                    {"type": "message", "role": "user", "content": parts},
                    {"type": "message", "role": "assistant", "content": said},
                    {"type": "function_call", "name": "look", "arguments": "{}", "call_id": "1"},
                    {"type": "function_call_output", "call_id": "1", "output": "a cat"},
                ],
                "tools": [{"type": "function", "name": "look", "parameters": schema}],
            }
        case "anthropic":
            source = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
            parts = [{"type": "text", "text": text}, {"type": "image", "source": source}]
            used = {"type": "tool_use", "id": "1", "name": "look", "input": {}}
            found = [{"type": "text", "text": "a cat"}]
            result = {"type": "tool_result", "tool_use_id": "1", "content": found}
            return {
                "model": "m1",
                "stream": stream,
                "max_tokens": 100,
                "system": [{"type": "text", "text": "Be terse."}],
                "messages": [
                    {"role": "user", "content": parts},
                    {"role": "assistant", "content": [{"type": "text", "text": "I look."}, used]},
                    {"role": "user", "content": [result]},
                ],
                "tools": [{"name": "look", "input_schema": schema}],
            }
        case _:
            inline = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
            used = {"functionCall": {"name": "look", "args": {}}}
            result = {"functionResponse": {"name": "look", "response": {"output": "a cat"}}}
            return {
                "systemInstruction": {"role": "user", "parts": [{"text": "Be terse."}]},
                "contents": [
                    {"role": "user", "parts": [{"text": text}, inline]},
                    {"role": "model", "parts": [{"text": "I look."}, used]},
                    {"role": "user", "parts": [result]},
                ],
                "tools": [{"functionDeclarations": [{"name": "look", "parameters": schema}]}],
            }


def hear(dialect: str, events: list[dict[str, Any]]) -> Heard:
    heard = Heard()
    {
        "chat": _hear_chat,
        "responses": _hear_response,
        "anthropic": _hear_message,
        "gemini": _hear_generation,
    }[dialect](heard, events)
    return heard


def _hear_chat(heard: Heard, events: list[dict[str, Any]]) -> None:
    for event in events:
        if not event["choices"]:
            usage = event["usage"]
            heard.tokens = (usage["prompt_tokens"], usage["completion_tokens"])
            continue
        delta = event["choices"][0]["delta"]
        heard.text += delta.get("content") or ""
        heard.pieces += bool(delta.get("content"))
        heard.reasoning += delta.get("reasoning_content", "")
        for call in delta.get("tool_calls", []):
            if "id" in call:
                heard.calls.append((call["function"]["name"], ""))
            name, arguments = heard.calls[-1]
            heard.calls[-1] = (name, arguments + call["function"]["arguments"])
        heard.end = event["choices"][0]["finish_reason"] or heard.end


def _hear_response(heard: Heard, events: list[dict[str, Any]]) -> None:
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    for event in events:
        match event["type"]:
            case "response.output_text.delta":
                heard.text += event["delta"]
                heard.pieces += 1
            case "response.reasoning_summary_text.delta":
                heard.reasoning += event["delta"]
            case "response.output_item.done" if event["item"]["type"] == "function_call":
                heard.calls.append((event["item"]["name"], event["item"]["arguments"]))
            case "response.completed" | "response.incomplete":
                response = event["response"]
                heard.end = (response["incomplete_details"] or {}).get("reason", "completed")
                usage = response["usage"]
                heard.tokens = (usage["input_tokens"], usage["output_tokens"])
                done = [e["item"] for e in events if e["type"] == "response.output_item.done"]
                assert response["output"] == done


def _hear_message(heard: Heard, events: list[dict[str, Any]]) -> None:
    opened = [e["index"] for e in events if e["type"] == "content_block_start"]
    closed = [e["index"] for e in events if e["type"] == "content_block_stop"]
    if any(e["type"] == "message_stop" for e in events):
        assert opened == closed == list(range(len(opened)))
    for event in events:
        match event["type"]:
            case "message_start":
                heard.tokens = (event["message"]["usage"]["input_tokens"], 0)
            case "content_block_start" if event["content_block"]["type"] == "tool_use":
                heard.calls.append((event["content_block"]["name"], ""))
            case "content_block_delta":
                delta = event["delta"]
                heard.text += delta.get("text", "")
                heard.pieces += "text" in delta
                heard.reasoning += delta.get("thinking", "")
                if "partial_json" in delta:
                    name, arguments = heard.calls[-1]
                    heard.calls[-1] = (name, arguments + delta["partial_json"])
            case "message_delta":
                heard.end = event["delta"]["stop_reason"]
                heard.tokens = (heard.tokens[0], event["usage"]["output_tokens"])


def _hear_generation(heard: Heard, events: list[dict[str, Any]]) -> None:
    for event in events:
        candidate = event["candidates"][0]
        for part in candidate["content"]["parts"]:
            if "functionCall" in part:
                call = part["functionCall"]
                heard.calls.append((call["name"], json.dumps(call["args"])))
            elif part.get("thought"):
                heard.reasoning += part["text"]
            else:
                heard.text += part["text"]
                heard.pieces += bool(part["text"])
        heard.end = candidate.get("finishReason", heard.end)
        usage = event["usageMetadata"]
        heard.tokens = (usage["promptTokenCount"], usage["candidatesTokenCount"])


@pytest.fixture
async def llm(caplog: pytest.LogCaptureFixture) -> AsyncIterator[ScriptedLLM]:
    async with ScriptedLLM() as server:
        yield server
    assert [r.getMessage() for r in caplog.records if r.name.startswith("aiohttp")] == []


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def read_events(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    name = ""
    async for line in response.content:
        if line.startswith(b"event: "):
            name = line[7:].decode().strip()
        if line.startswith(b"data: ") and line.strip() != b"data: [DONE]":
            data = json.loads(line[6:])
            assert name in ("", data.get("type"))
            yield data


async def stream(
    http: aiohttp.ClientSession, llm: ScriptedLLM, dialect: str, text: str = "go"
) -> Heard:
    body = request(dialect, text, stream=True)
    async with http.post(address(llm, dialect, stream=True), json=body) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        return hear(dialect, [event async for event in read_events(response)])


async def ask(
    http: aiohttp.ClientSession, llm: ScriptedLLM, dialect: str, **more: Any
) -> tuple[int, dict[str, Any]]:
    url = address(llm, dialect)
    async with http.post(url, json=request(dialect, "go"), **more) as response:
        answer = await response.json()
        assert isinstance(answer, dict)
        return response.status, answer


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_request_reads_the_same_in_every_dialect(
    llm: ScriptedLLM, http: Any, dialect: str
) -> None:
    await ask(http, llm, dialect)
    await stream(http, llm, dialect)
    whole, streamed = llm.requests
    assert (whole.stream, streamed.stream) == (False, True)
    for recorded in (whole, streamed):
        assert recorded.dialect == dialect
        assert recorded.model == "m1"
        assert recorded.system == "Be terse."
        assert recorded.user_text == "go"
        assert recorded.tools == ["look"]
        assert recorded.tool_results == ["a cat"]
        assert recorded.images == [IMAGE]
        assert recorded.outcome == "answered"
        roles = [said.role for said in recorded.said if said.text]
        assert roles == ["system", "user", "assistant", "tool"]
        assert len(recorded.messages) == (4 if dialect in ("chat", "responses") else 3)
        for part in ("Be terse.", "go", "I look.", "a cat", "AAAA"):
            assert part in recorded.text


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_reply_is_streamed_in_pieces_and_ends(
    llm: ScriptedLLM, http: Any, dialect: str
) -> None:
    usage = {"prompt_tokens": 11, "completion_tokens": 5}
    llm.on("go").reply("It rains todäy.", chunk=3, reasoning="I think", usage=usage)
    heard = await stream(http, llm, dialect)
    assert (heard.text, heard.reasoning, heard.pieces) == ("It rains todäy.", "I think", 5)
    assert heard.calls == []
    assert heard.tokens == (11, 5)
    ends = {"chat": "stop", "responses": "completed", "anthropic": "end_turn", "gemini": "STOP"}
    assert heard.end == ends[dialect]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_tool_calls_are_streamed_after_the_text(
    llm: ScriptedLLM, http: Any, dialect: str
) -> None:
    other: Mapping[str, Any] = {"name": "look", "arguments": {}}
    llm.on("go").tool_calls([CALL, other], text="Let me see.").reply("Seen.")  # type: ignore[list-item]
    heard = await stream(http, llm, dialect)
    assert heard.text == "Let me see."
    assert [(name, json.loads(text)) for name, text in heard.calls] == [
        ("look", CALL["arguments"]),
        ("look", {}),
    ]
    ends = {"chat": "tool_calls", "responses": "completed", "anthropic": "tool_use"}
    assert heard.end == ends.get(dialect, "STOP")
    assert (await stream(http, llm, dialect)).text == "Seen."


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_whole_answer_says_what_a_stream_says(
    llm: ScriptedLLM, http: Any, dialect: str
) -> None:
    llm.on("go").tool_calls([CALL], text="Let me see.", times=1)  # type: ignore[list-item]
    _, answer = await ask(http, llm, dialect)
    match dialect:
        case "chat":
            message = answer["choices"][0]["message"]
            texts = [message["content"]]
            call = message["tool_calls"][0]["function"]
            given = (call["name"], json.loads(call["arguments"]))
        case "responses":
            said, call = answer["output"]
            texts = [part["text"] for part in said["content"]]
            given = (call["name"], json.loads(call["arguments"]))
            assert answer["status"] == "completed"
        case "anthropic":
            said, call = answer["content"]
            texts, given = [said["text"]], (call["name"], call["input"])
            assert answer["stop_reason"] == "tool_use"
        case _:
            said, call = answer["candidates"][0]["content"]["parts"]
            texts = [said["text"]]
            given = (call["functionCall"]["name"], call["functionCall"]["args"])
    assert texts == ["Let me see."]
    assert given == ("look", CALL["arguments"])


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("length", ("length", "max_output_tokens", "max_tokens", "MAX_TOKENS")),
        ("filter", ("content_filter", "content_filter", "refusal", "SAFETY")),
    ],
)
async def test_reply_that_ends_early_says_why(
    llm: ScriptedLLM, http: Any, dialect: str, end: str, expected: tuple[str, ...]
) -> None:
    rule = llm.on("go")
    if end == "length":
        rule.reply("half", finish="length")
    else:
        rule.content_filter("half")
    heard = await stream(http, llm, dialect)
    assert (heard.text, heard.end) == ("half", expected[DIALECTS.index(dialect)])


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_empty_reply_ends_well(llm: ScriptedLLM, http: Any, dialect: str) -> None:
    llm.on("go").empty()
    heard = await stream(http, llm, dialect)
    assert heard.text == ""
    assert heard.end in ("stop", "completed", "end_turn", "STOP")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_gate_holds_a_stream_in_its_place(llm: ScriptedLLM, http: Any, dialect: str) -> None:
    gate = Gate(after="one ")
    llm.on("go").reply("one two", pause=gate)
    url, body = address(llm, dialect, stream=True), request(dialect, "go", stream=True)
    async with http.post(url, json=body) as response:
        await gate.reached()
        got = []
        events = read_events(response)
        while hear(dialect, got).text != "one ":
            got.append(await anext(events))
        assert llm.requests[0].outcome == "open"
        gate.release()
        got += [event async for event in events]
    assert hear(dialect, got).text == "one two"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_cut_breaks_the_connection_after_the_text(
    llm: ScriptedLLM, http: Any, dialect: str
) -> None:
    llm.on("go").cut("half")
    url, body = address(llm, dialect, stream=True), request(dialect, "go", stream=True)
    got = []
    with pytest.raises(aiohttp.ClientPayloadError):
        async with http.post(url, json=body) as response:
            async for event in read_events(response):
                got.append(event)
    heard = hear(dialect, got)
    assert (heard.text, heard.end) == ("half", "")
    await llm.received(1, outcome="cut")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_client_that_leaves_a_hanging_stream_is_seen(
    llm: ScriptedLLM, http: Any, dialect: str
) -> None:
    llm.on("go").hang("half")
    url, body = address(llm, dialect, stream=True), request(dialect, "go", stream=True)
    async with http.post(url, json=body) as response:
        got = []
        events = read_events(response)
        while hear(dialect, got).text != "half":
            got.append(await anext(events))
    await llm.received(1, outcome="disconnected")


async def test_client_that_leaves_after_the_end_was_answered(llm: ScriptedLLM, http: Any) -> None:
    body = request("responses", "go", stream=True)
    async with http.post(address(llm, "responses"), json=body) as response:
        async for event in read_events(response):
            if event["type"] == "response.completed":
                break
        response.close()
    await llm.received(1, outcome="answered")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("script", "status", "code", "kind", "state", "words"),
    [
        ("auth_error", 401, "invalid_api_key", "authentication_error", "UNAUTHENTICATED", "key"),
        ("unknown_model", 404, "model_not_found", "not_found_error", "NOT_FOUND", "m1"),
        (
            *("context_too_long", 400, "context_length_exceeded"),
            *("invalid_request_error", "INVALID_ARGUMENT", "9000"),
        ),
        ("limit", 429, None, "rate_limit_error", "RESOURCE_EXHAUSTED", "slow down, m1"),
        ("broken", 503, None, "api_error", "UNAVAILABLE", "Scripted error 503"),
    ],
)
async def test_error_has_the_form_of_the_dialect(
    llm: ScriptedLLM,
    http: Any,
    dialect: str,
    script: str,
    status: int,
    code: str | None,
    kind: str,
    state: str,
    words: str,
) -> None:
    rule = llm.on("go")
    if script == "limit":
        rule.error(429, message="slow down, {model}", headers={"retry-after": "7"})
    elif script == "broken":
        rule.error(503)
    else:
        getattr(rule, script)()
    got, answer = await ask(http, llm, dialect)
    assert got == status
    error = answer["error"]
    assert words in error["message"]
    if dialect in ("chat", "responses"):
        assert error["code"] == code
    elif dialect == "anthropic":
        assert answer["type"] == "error"
        assert error["type"] == kind
    else:
        assert (error["code"], error["status"]) == (status, state)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("header", ["Authorization", "x-api-key", "x-goog-api-key", "?key="])
async def test_key_is_accepted_in_every_way_and_another_is_not(
    http: Any, dialect: str, header: str
) -> None:
    async with ScriptedLLM(api_key="sk-1") as llm:
        for key, status in (("sk-1", 200), ("sk-2", 401), ("", 401)):
            more: dict[str, Any] = {"headers": {header: key}}
            if header == "Authorization":
                more = {"headers": {header: f"Bearer {key}"}}
            if header == "?key=":
                more = {"params": {"key": key}}
            got, answer = await ask(http, llm, dialect, **more)
            assert got == status
            assert ("error" in answer and answer["error"] is not None) == (status == 401)
            assert llm.requests[-1].api_key == key
            assert llm.requests[-1].outcome == "answered"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_body_that_is_no_object_is_refused(llm: ScriptedLLM, http: Any, dialect: str) -> None:
    for body in (b"no json", b"[1]"):
        async with http.post(address(llm, dialect), data=body) as response:
            assert response.status == 400
            assert "not a JSON object" in (await response.json())["error"]["message"]
    assert llm.requests == []


async def test_one_rule_answers_in_every_dialect(llm: ScriptedLLM, http: Any) -> None:
    rule = llm.on(text="I look.", tool="look", model="m1", system="terse").reply("yes")
    llm.on(tool="other").reply("no")
    llm.on(text="nowhere").reply("no")
    assert [(await stream(http, llm, dialect)).text for dialect in DIALECTS] == ["yes"] * 4
    assert rule.used == 4


async def test_tokens_are_counted_without_a_recorded_request(llm: ScriptedLLM, http: Any) -> None:
    body = request("anthropic", "one two three")
    async with http.post(f"{llm.url}/messages/count_tokens?beta=true", json=body) as response:
        assert (await response.json())["input_tokens"] > 3
    body = request("gemini", "one two three")
    url = f"{llm.root_url}/v1beta/models/m1:countTokens"
    async with http.post(url, json=body) as response:
        assert (await response.json())["totalTokens"] > 3
    assert llm.requests == []


async def test_root_answers_head(llm: ScriptedLLM, http: Any) -> None:
    async with http.head(llm.root_url) as response:
        assert response.status == 200


async def test_models_are_listed_in_the_form_of_the_dialect(http: Any) -> None:
    async with ScriptedLLM(models=("one", "two"), api_key="sk-1") as llm:
        key = {"x-api-key": "sk-1"}
        async with http.get(f"{llm.url}/models", headers=key) as response:
            assert [m["id"] for m in (await response.json())["data"]] == ["one", "two"]
        headers = {**key, "anthropic-version": "2023-06-01"}
        async with http.get(f"{llm.url}/models", headers=headers) as response:
            listed = await response.json()
            assert [m["type"] for m in listed["data"]] == ["model", "model"]
            assert (listed["first_id"], listed["last_id"]) == ("one", "two")
        async with http.get(f"{llm.root_url}/v1beta/models", params={"key": "sk-1"}) as response:
            assert [m["name"] for m in (await response.json())["models"]] == [
                "models/one",
                "models/two",
            ]
        async with http.get(f"{llm.root_url}/v1beta/models") as response:
            assert response.status == 401
            assert (await response.json())["error"]["status"] == "UNAUTHENTICATED"


async def test_anthropic_instructions_between_the_messages_are_system(
    llm: ScriptedLLM, http: Any
) -> None:
    body = request("anthropic", "go")
    body["messages"].insert(1, {"role": "system", "content": "Skills: none."})
    remark = {"type": "text", "text": "<reminder>"}
    body["messages"][-1]["content"].append(remark)
    async with http.post(address(llm, "anthropic"), json=body) as response:
        assert response.status == 200
    (recorded,) = llm.requests
    assert recorded.system == "Be terse.\n\nSkills: none."
    assert recorded.tool_results == ["a cat"]
    assert recorded.user_text == "<reminder>"


async def test_responses_call_tools_in_namespaces_and_custom_ones(
    llm: ScriptedLLM, http: Any
) -> None:
    inner = {"type": "function", "name": "echo", "parameters": {}}
    body = request("responses", "go", stream=True)
    body["tools"] = [
        {"type": "namespace", "name": "mcp__alpha", "tools": [inner]},
        {"type": "custom", "name": "apply_patch"},
        {"type": "web_search"},
    ]
    llm.on("go", tool="mcp__alpha__echo").tool_calls(
        [
            {"name": "mcp__alpha__echo", "arguments": {"text": "x"}},
            {"name": "apply_patch", "arguments": "*** Begin Patch"},
            {"name": "apply_patch", "arguments": {"input": "*** End Patch"}},
        ]
    )
    async with http.post(address(llm, "responses"), json=body) as response:
        events = [event async for event in read_events(response)]
    assert llm.requests[0].tools == ["mcp__alpha__echo", "apply_patch", "web_search"]
    echo, patch, other = (e["item"] for e in events if e["type"] == "response.output_item.done")
    assert (echo["type"], echo["namespace"], echo["name"]) == (
        *("function_call", "mcp__alpha"),
        "echo",
    )
    assert json.loads(echo["arguments"]) == {"text": "x"}
    assert (patch["type"], patch["input"]) == ("custom_tool_call", "*** Begin Patch")
    assert (other["type"], other["input"]) == ("custom_tool_call", "*** End Patch")
    added = [e["item"] for e in events if e["type"] == "response.output_item.added"]
    assert [item["id"] for item in added] == [echo["id"], patch["id"], other["id"]]


@pytest.mark.parametrize("output", [{"ok": True}, [{"type": "input_text", "text": "a cat"}]])
async def test_responses_results_that_are_no_text_are_read(
    llm: ScriptedLLM, http: Any, output: Any
) -> None:
    body = request("responses", "go")
    body["input"][-1]["output"] = output
    async with http.post(address(llm, "responses"), json=body) as response:
        assert response.status == 200
    expected = '{"ok": true}' if isinstance(output, dict) else "a cat"
    assert llm.requests[0].tool_results == [expected]


async def test_broken_arguments_are_sent_as_far_as_the_dialect_can(
    llm: ScriptedLLM, http: Any
) -> None:
    llm.on("go").tool_calls([{"name": "look", "arguments": "{broken"}])
    for dialect in ("chat", "responses", "anthropic"):
        assert (await stream(http, llm, dialect)).calls == [("look", "{broken")]
    heard = await stream(http, llm, "gemini")
    assert (heard.calls, heard.end) == ([], "MALFORMED_FUNCTION_CALL")


async def test_gemini_streams_a_list_when_no_events_are_asked_for(
    llm: ScriptedLLM, http: Any
) -> None:
    llm.on("go").reply("It rains.", chunk=3)
    url = address(llm, "gemini", stream=True).removesuffix("?alt=sse")
    async with http.post(url, json=request("gemini", "go")) as response:
        assert response.content_type == "application/json"
        heard = hear("gemini", await response.json())
    assert (heard.text, heard.pieces, heard.end) == ("It rains.", 3, "STOP")


async def test_gemini_method_that_is_unknown_is_refused(llm: ScriptedLLM, http: Any) -> None:
    url = f"{llm.root_url}/v1beta/models/m1:embedContent"
    async with http.post(url, json={}) as response:
        assert response.status == 404
        assert "embedContent" in (await response.json())["error"]["message"]
