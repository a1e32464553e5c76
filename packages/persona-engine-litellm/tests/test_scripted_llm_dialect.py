"""What LiteLLM makes of the scripted server: the table of errors that the engine relies on.

These run the real library against `persona.testing.ScriptedLLM`, so that a new LiteLLM which
reports an error otherwise is seen here, and not in a chat.
"""

import os
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from persona.testing import Gate, Rule, ScriptedLLM

# Before the import of litellm: else it fetches a table of prices from the internet.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm

# Warnings of what litellm does with its own classes.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Item .* on TypedDict class:UserWarning"),
    pytest.mark.filterwarnings("ignore:Accessing the 'model_:DeprecationWarning"),
]

IMAGE = "data:image/png;base64,iVBORw0KGgo="
TOOL = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(litellm, "suppress_debug_info", True)


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    async with ScriptedLLM() as server:
        yield server


async def ask(
    url: str, text: Any = "hi", *, into: list[Any] | None = None, **more: Any
) -> list[Any]:
    """Stream one completion; give its chunks, also those before an error, `into` a list."""
    chunks: list[Any] = [] if into is None else into
    options = {"api_key": "sk-1", "num_retries": 0, "max_retries": 0, "stream": True, **more}
    messages = [{"role": "user", "content": text}]
    model = options.pop("model", "openai/m1")
    stream = await litellm.acompletion(model, messages, api_base=url, **options)
    async for chunk in stream:
        chunks.append(chunk)
    return chunks


def text_of(chunks: list[Any]) -> str:
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


async def test_text_streams_with_usage_at_the_end(llm: ScriptedLLM) -> None:
    reply = "It rains today, and " + ", ".join(f"then {n}" for n in range(200))
    llm.on("weather").reply(reply, delay=0, usage={"prompt_tokens": 7, "completion_tokens": 3})
    chunks = await ask(llm.url, "weather", stream_options={"include_usage": True})
    assert text_of(chunks) == reply
    assert len(chunks) > 100
    assert chunks[-1].usage.prompt_tokens == 7
    assert chunks[-1].usage.completion_tokens == 3
    (request,) = llm.requests
    assert (request.model, request.authorization) == ("m1", "Bearer sk-1")


async def test_reply_without_a_stream(llm: ScriptedLLM) -> None:
    answer = await litellm.acompletion(
        "openai/m1", [{"role": "user", "content": "hi"}], api_base=llm.url, api_key="sk-1"
    )
    assert answer.choices[0].message.content == "echo: hi"
    assert answer.usage.total_tokens > 0


async def test_reasoning_comes_as_its_own_field(llm: ScriptedLLM) -> None:
    llm.on().reply("Yes.", reasoning="I think so")
    chunks = await ask(llm.url)
    thought = [getattr(c.choices[0].delta, "reasoning_content", None) for c in chunks if c.choices]
    assert "".join(part or "" for part in thought) == "I think so"
    assert text_of(chunks) == "Yes."


async def test_parallel_tool_calls_are_put_together(llm: ScriptedLLM) -> None:
    llm.on().tool_calls(
        [{"name": "look", "arguments": {"at": "sky"}}, {"name": "look", "arguments": {"at": "sea"}}]
    )
    chunks = await ask(llm.url, tools=[TOOL])
    whole = litellm.stream_chunk_builder(chunks)
    calls = whole.choices[0].message.tool_calls
    assert [c.function.arguments for c in calls] == ['{"at": "sky"}', '{"at": "sea"}']
    assert len({c.id for c in calls}) == 2
    assert whole.choices[0].finish_reason == "tool_calls"
    assert llm.requests[0].tools == ["look"]


async def test_images_arrive_as_sent(llm: ScriptedLLM) -> None:
    parts = [
        {"type": "text", "text": "what is it"},
        {"type": "image_url", "image_url": {"url": IMAGE}},
    ]
    assert text_of(await ask(llm.url, parts)) == "echo: what is it"
    assert llm.requests[0].images == [IMAGE]


@pytest.mark.parametrize(
    ("add", "kind", "status"),
    [
        (lambda rule: rule.auth_error(), litellm.AuthenticationError, 401),
        (lambda rule: rule.error(401, message="No."), litellm.BadRequestError, 401),
        (lambda rule: rule.unknown_model(), litellm.NotFoundError, 404),
        (lambda rule: rule.error(429), litellm.RateLimitError, 429),
        (lambda rule: rule.context_too_long(), litellm.ContextWindowExceededError, 400),
        (lambda rule: rule.error(500), litellm.InternalServerError, 500),
    ],
    ids=["auth", "auth-other-words", "model", "rate", "context", "server"],
)
async def test_error_is_raised_with_its_status(
    llm: ScriptedLLM, add: Callable[[Rule], Rule], kind: type[Exception], status: int
) -> None:
    add(llm.on())
    with pytest.raises(kind) as caught:
        await ask(llm.url)
    assert type(caught.value) is kind
    assert getattr(caught.value, "status_code", None) == status
    assert len(llm.requests) == 1


async def test_html_page_is_no_error_and_no_text(llm: ScriptedLLM) -> None:
    llm.on().html("<html>Sign in</html>")
    assert text_of(await ask(llm.url)) == ""


async def test_empty_reply_is_no_error_and_no_text(llm: ScriptedLLM) -> None:
    llm.on().empty()
    assert text_of(await ask(llm.url)) == ""


async def test_content_filter_is_the_finish_reason(llm: ScriptedLLM) -> None:
    llm.on().content_filter("so far")
    chunks = await ask(llm.url)
    assert text_of(chunks) == "so far"
    reasons = [c.choices[0].finish_reason for c in chunks if c.choices]
    assert reasons[-1] == "content_filter"


async def test_cut_stream_is_an_error_after_its_text(llm: ScriptedLLM) -> None:
    llm.on().cut(after="so far so good")
    chunks: list[Any] = []
    with pytest.raises(litellm.exceptions.MidStreamFallbackError):
        await ask(llm.url, into=chunks)
    assert text_of(chunks) == "so far so good"


async def test_nothing_listening_is_a_connection_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(litellm.InternalServerError, match="Connection error"):
        await ask(f"http://127.0.0.1:{port}/v1")


async def test_missing_key_is_an_error_before_any_request(llm: ScriptedLLM) -> None:
    with pytest.raises(litellm.InternalServerError, match="Missing credentials"):
        await ask(llm.url, api_key=None)
    assert llm.requests == []


async def test_model_without_provider_is_an_error_before_any_request(llm: ScriptedLLM) -> None:
    with pytest.raises(litellm.BadRequestError, match="LLM Provider NOT provided"):
        await ask(llm.url, model="m1")
    assert llm.requests == []


async def test_held_stream_is_disconnected_when_the_reader_leaves(llm: ScriptedLLM) -> None:
    gate = Gate(after="one ")
    llm.on().reply("one two", pause=gate)
    stream = await litellm.acompletion(
        "openai/m1",
        [{"role": "user", "content": "hi"}],
        api_base=llm.url,
        api_key="sk-1",
        stream=True,
    )
    text = ""
    async for chunk in stream:
        text += chunk.choices[0].delta.content or ""
        if text == "one ":
            break
    await gate.reached()
    await stream.aclose()
    await llm.received(outcome="disconnected")
