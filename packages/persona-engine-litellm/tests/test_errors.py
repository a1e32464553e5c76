"""Each failure of a model as a message that says what happened and what to do."""

import socket

import pytest

from persona.core import BasePersona, PersonaIdentity, Text, TurnError
from persona.engines.litellm import LiteLLMEngine
from persona.engines.litellm._errors import redact


@pytest.fixture
def fail(bench):
    async def fail(persona=None, text="hello"):
        """Have a turn that must fail; return the error and the text that came before."""
        persona = persona or bench.persona()
        said = []
        with pytest.raises(TurnError) as caught:
            await persona.prepare()
            async for event in persona.engine.reply(bench.turn(persona, text)):
                if isinstance(event, Text):
                    said.append(event.text)
        assert caught.value.fix
        assert "Traceback" not in caught.value.details
        return caught.value, "".join(said)

    return fail


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def test_refused_key_names_the_server_and_the_option(bench, fail):
    bench.llm.on().auth_error()
    error, _ = await fail()
    assert error.kind == "auth"
    assert bench.llm.url in error.summary
    assert "api_key" in error.fix


async def test_missing_key_is_named_before_the_call(bench, fail):
    error, _ = await fail(bench.persona(model_id="anthropic/claude-sonnet-4-5", url=None))
    assert error.kind == "no-key"
    assert "ANTHROPIC_API_KEY" in error.summary


async def test_missing_key_of_a_provider_that_only_litellm_knows(bench, fail):
    error, _ = await fail(bench.persona(model_id="novita/some-model", url=None))
    assert error.kind == "no-key"
    assert "NOVITA_API_KEY" in error.summary


async def test_unset_variable_of_the_key_is_named(bench, fail):
    error, _ = await fail(bench.persona(options={"api_key": "${NOT_SET_HERE}"}))
    assert error.kind == "no-key"
    assert "NOT_SET_HERE" in error.summary


async def test_unknown_model(bench, fail):
    bench.llm.on().unknown_model()
    error, _ = await fail()
    assert error.kind == "unknown-model"
    assert "'scripted'" in error.summary


async def test_model_without_provider(bench, fail):
    error, _ = await fail(bench.persona(model_id="something-new", url=None))
    assert error.kind == "no-provider"
    assert "provider/model" in error.fix


async def test_login_in_the_address_is_not_shown(bench, fail, closed_port, monkeypatch):
    monkeypatch.setenv("DOOR", "horse-battery")
    url = f"http://ada:${{DOOR}}@127.0.0.1:{closed_port}/v1?key=${{DOOR}}"
    error, _ = await fail(bench.persona(url=url))
    assert error.summary == f"Nothing answers at http://127.0.0.1:{closed_port}/v1."
    assert "horse" not in error.fix + error.details


async def test_unreachable_server_is_named(bench, fail, closed_port):
    url = f"http://127.0.0.1:{closed_port}/v1"
    error, _ = await fail(bench.persona(url=url))
    assert error.kind == "unreachable"
    assert url in error.summary


@pytest.mark.parametrize("tail", ["", "/", "/v1"])
async def test_unreachable_ollama_says_how_to_start_it(bench, fail, closed_port, tail):
    url = f"http://127.0.0.1:{closed_port}"
    error, _ = await fail(bench.persona(model_id="ollama/llama3.1", url=url + tail))
    assert error.kind == "unreachable"
    assert error.summary == f"Nothing answers at {url}."
    assert "ollama serve" in error.fix


async def test_rate_limit(bench, fail):
    bench.llm.on().error(429, headers={"retry-after": "7"})
    error, _ = await fail()
    assert error.kind == "rate-limit"
    assert len(bench.llm.requests) == 1  # asked once, told at once


async def test_used_up_quota_points_to_the_account(bench, fail):
    bench.llm.on().error(429, code="insufficient_quota", message="You exceeded your quota.")
    error, _ = await fail()
    assert error.kind == "rate-limit"
    assert "billing" in error.fix


async def test_conversation_too_long(bench, fail):
    bench.llm.on().context_too_long()
    error, _ = await fail()
    assert error.kind == "context-length"


async def test_content_filter_keeps_the_text_so_far(bench, fail):
    bench.llm.on().content_filter("Some words")
    error, text = await fail()
    assert error.kind == "content-filter"
    assert text == "Some words"


async def test_cut_stream_keeps_the_text_so_far(bench, fail):
    bench.llm.on().cut("The first half")
    error, text = await fail()
    assert error.kind == "cut"
    assert text == "The first half"


async def test_cut_stream_stands_in_the_chat_with_its_text(bench):
    bench.llm.on().cut("The first half")
    last = await bench.ask(bench.persona())
    assert bench.chat.bodies[-2] == "The first half"
    assert "broke off" in last
    assert bench.note()["kind"] == "error"
    bench.llm.on("next").reply("fine")
    assert await bench.ask(bench.personas[0], "next") == "fine"


async def test_page_instead_of_an_answer_is_a_failure(bench, fail):
    bench.llm.on().html("<html><body>Log in</body></html>")
    error, _ = await fail()
    assert error.kind == "empty"
    assert bench.llm.url in error.fix


async def test_empty_answer_is_a_failure(bench, fail):
    bench.llm.on().empty()
    error, _ = await fail()
    assert error.kind == "empty"


async def test_answer_that_is_all_reasoning_says_to_raise_the_limit(bench, fail):
    bench.llm.on().reply("", reasoning="hm hm", finish="length")
    error, _ = await fail()
    assert error.kind == "empty"
    assert "max_output_tokens" in error.fix


async def test_answer_cut_by_its_length_gets_a_notice(bench):
    bench.llm.on().reply("and then", finish="length")
    await bench.ask(bench.persona())
    assert bench.chat.bodies[-2] == "and then"
    assert "max_output_tokens" in bench.chat.bodies[-1]


async def test_silent_server_ends_in_time(bench, fail):
    bench.llm.on().hang()
    error, _ = await fail(bench.persona(options={"timeout": 0.4}))
    assert error.kind == "timeout"
    assert "0.4 s" in error.summary


async def test_server_that_falls_silent_keeps_the_text(bench, fail):
    bench.llm.on().hang("Half of")
    error, text = await fail(bench.persona(options={"timeout": 0.4}))
    assert error.kind == "cut"
    assert text == "Half of"


async def test_failing_server(bench, fail):
    bench.llm.on().error(500)
    error, _ = await fail()
    assert error.kind == "server-error"
    assert "500" in error.summary


async def test_refused_request_shows_what_the_provider_said(bench, fail):
    bench.llm.on().error(400, message="logit_bias is not allowed")
    error, _ = await fail()
    assert error.kind == "bad-request"
    assert "logit_bias is not allowed" in error.details


async def test_tool_call_of_a_model_that_has_no_tools(bench, fail):
    bench.llm.on().tool_calls([{"name": "search", "arguments": {}}])
    error, _ = await fail()
    assert error.kind == "no-tools"
    assert len(bench.llm.requests) == 1


async def test_model_without_tools(bench, fail):
    bench.llm.on().error(400, message="registry.ollama.ai/library/x does not support tools")
    error, _ = await fail()
    assert error.kind == "no-tools"


async def test_setting_that_the_model_does_not_take(bench, fail):
    error, _ = await fail(bench.persona(model_id="openai/o1", temperature=0.3))
    assert error.kind == "unsupported"
    assert "drop_params" in error.fix
    dropped = bench.persona(
        "Second", model_id="openai/o1", temperature=0.3, options={"drop_params": True}
    )
    bench.llm.on().reply("fine")
    assert await bench.ask(dropped) == "fine"
    assert "temperature" not in bench.llm.requests[-1].body


async def test_wrong_option_is_named(bench, fail):
    error, _ = await fail(bench.persona(options={"timeout": "soon"}))
    assert error.kind == "options"
    assert "timeout" in error.summary


async def test_no_model(bench, fail):
    engine = LiteLLMEngine()
    persona = BasePersona(
        ychat=bench.chat, engine=engine, identity=PersonaIdentity(name="Bare"), root_dir=bench.root
    )
    error, _ = await fail(persona)
    assert error.kind == "no-model"
    assert "model_id" in error.fix
    assert engine.support().missing[0].fix == error.fix


async def test_secrets_stay_out_of_the_chat(bench):
    key = "gateway-key-0123456789"
    bench.llm.on().error(400, message=f"bad header: Authorization: Bearer {key}, sk-abcdefghijkl")
    last = await bench.ask(bench.persona(options={"api_key": key}))
    assert "refused the request" in last
    assert "•••" in last
    assert key not in "".join(bench.chat.bodies)
    assert "sk-abcdefghijkl" not in "".join(bench.chat.bodies)


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcdef123456",
        '{"api_key": "abcdef123456"}',
        "x-api-key=abcdef123456&a=b",
        "Incorrect API key provided: sk-abcdef123456",
        "token: 'abcdef123456'",
    ],
)
def test_redact_blanks_what_looks_like_a_secret(text):
    assert "abcdef123456" not in redact(text)


def test_redact_leaves_plain_text():
    text = "The author asked for more tokens than the skill allows."
    assert redact(text) == text


async def test_key_of_the_environment_is_not_sent_to_another_host(bench, monkeypatch):
    from persona.core import PersonaModel
    from persona.engines.litellm._options import LiteLLMOptions
    from persona.engines.litellm._settings import read_settings

    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    model = PersonaModel(model_id="openai/x", model_url="https://elsewhere.example/v1")
    assert read_settings(model, LiteLLMOptions()).arguments["api_key"] == "none"
    monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example/v1/")
    assert "api_key" not in read_settings(model, LiteLLMOptions()).arguments


def test_support_names_the_missing_key(bench, monkeypatch):
    persona = bench.persona(model_id="openai/gpt-4o", url=None)
    (missing,) = persona.engine.support().missing
    assert "OPENAI_API_KEY" in missing.what
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert persona.engine.support().ready
    monkeypatch.delenv("OPENAI_API_KEY")
    for options in ({"api_key": "${X}"}, {"mock_response": "x"}, {"api_base": "http://x"}):
        persona.update_options(options)
        assert persona.engine.support().ready
    assert bench.persona("Second", model_id="ollama/llama3", url=None).engine.support().ready
    assert bench.persona("Third", model_id="openai/x").engine.support().ready
