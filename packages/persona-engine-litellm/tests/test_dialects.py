"""The engine in the dialects of other providers; litellm is the client that proves them."""

import litellm
import pytest

from persona.core import PersonaContext, TurnError

# Names that litellm knows: of others it thinks that they can neither stream nor be instructed.
DIALECTS = [
    ("openai/gpt-4.1", "chat"),
    ("openai/responses/gpt-4.1", "responses"),
    ("anthropic/claude-sonnet-4-5", "anthropic"),
    ("gemini/gemini-2.5-flash", "gemini"),
]
SERIALIZER = "ignore:Pydantic serializer warnings:UserWarning"


@pytest.fixture(autouse=True)
async def no_session_is_left():
    """Close litellm's own sessions, which some of the dialects use, in their event loop."""
    yield
    await litellm.close_litellm_async_clients()
    if (client := vars(litellm).get("module_level_aclient")) is not None:
        await client.close()


def address(bench, dialect):
    root = bench.llm.root_url
    return {"anthropic": root, "gemini": f"{root}/v1beta"}.get(dialect, bench.llm.url)


@pytest.mark.filterwarnings(SERIALIZER)
@pytest.mark.parametrize(("model", "dialect"), DIALECTS)
async def test_tool_is_called_in_every_dialect(bench, stdio, model, dialect):
    calls = [{"name": "alpha__echo_alpha", "arguments": {"text": "hi"}}]
    bench.llm.on("go").tool_calls(calls, text="Let me.").reply("Done.")
    context = PersonaContext(system_prompt="SAGE-PROMPT", mcp_servers=[stdio()])
    persona = bench.persona(model_id=model, url=address(bench, dialect), context=context)
    assert await bench.ask(persona, "go") == "Done."
    first, second = bench.llm.requests
    assert (first.dialect, first.stream) == (dialect, True)
    assert first.model == model.split("/")[-1]
    assert "SAGE-PROMPT" in first.system
    assert "alpha__echo_alpha" in first.tools
    assert second.tool_results == ["alpha: hi"]


@pytest.mark.filterwarnings(SERIALIZER)
@pytest.mark.parametrize(("model", "dialect"), DIALECTS)
async def test_refused_key_is_told_in_every_dialect(bench, model, dialect):
    bench.llm.on().auth_error()
    persona = bench.persona(model_id=model, url=address(bench, dialect))
    with pytest.raises(TurnError, match="key"):
        await bench.events(persona)
    assert bench.llm.requests[0].dialect == dialect
