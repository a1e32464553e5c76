"""The five blocks: every accepted spelling, and there and back without loss."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from persona.core import (
    McpServer,
    McpServerHttp,
    McpServerStdio,
    PersonaContext,
    PersonaIdentity,
    PersonaModel,
    expand_env,
)


@pytest.mark.parametrize("value", ["skills/a", ["skills/a"]])
@pytest.mark.parametrize("key", ["skills", "skills_paths"])
def test_skills_are_accepted_as_one_or_many_under_both_keys(key: str, value: Any) -> None:
    assert PersonaContext.model_validate({key: value}).skills_paths == ["skills/a"]


def test_skills_under_both_keys_are_refused() -> None:
    with pytest.raises(ValidationError, match="skills"):
        PersonaContext.model_validate({"skills": "a", "skills_paths": "b"})


@pytest.mark.parametrize("key", ["skills", "mcp_servers"])
def test_empty_value_is_an_empty_list(key: str) -> None:
    context = PersonaContext.model_validate({key: None})
    assert context == PersonaContext()


STDIO = McpServerStdio(name="files", command="run", args=["-x"], env={"A": "1"})
HTTP = McpServerHttp(name="web", url="https://example.org/mcp", headers={"B": "2"})


@pytest.mark.parametrize(
    "server",
    [
        {"name": "files", "command": "run", "args": ["-x"], "env": {"A": "1"}},
        {"name": "files", "command": "run", "args": ["-x"], "env": {"A": 1}},
        {"name": "files", "type": "stdio", "command": "run", "args": ["-x"], "env": {"A": "1"}},
        {
            "name": "files",
            "command": "run",
            "args": ["-x"],
            "env": [{"name": "A", "value": "1"}],
        },
    ],
)
def test_stdio_server_spellings_are_the_same(server: dict[str, Any]) -> None:
    assert PersonaContext.model_validate({"mcp_servers": [server]}).mcp_servers == [STDIO]
    name = server.pop("name")
    assert PersonaContext.model_validate({"mcp_servers": {name: server}}).mcp_servers == [STDIO]


@pytest.mark.parametrize(
    "extra", [{}, *({"type": t} for t in ("http", "streamable-http", "streamableHttp"))]
)
@pytest.mark.parametrize("headers", [{"B": "2"}, {"B": 2}, [{"name": "B", "value": "2"}]])
def test_http_server_spellings_are_the_same(extra: dict[str, str], headers: Any) -> None:
    server = {"name": "web", "url": "https://example.org/mcp", "headers": headers, **extra}
    assert PersonaContext.model_validate({"mcp_servers": [server]}).mcp_servers == [HTTP]


def test_sse_server_stays_sse() -> None:
    server = {"name": "old", "type": "sse", "url": "http://localhost/sse"}
    (found,) = PersonaContext.model_validate({"mcp_servers": [server]}).mcp_servers
    assert found.type == "sse"


@pytest.mark.parametrize(
    "servers",
    [
        [{"name": "x"}],
        [{"name": "x", "command": "a", "url": "http://b"}],
        [{"name": "x", "url": "ftp://b"}],
        [{"name": "x", "type": "carrier-pigeon", "url": "http://b"}],
        [{"name": "x", "command": "a", "comand": "b"}],
        [{"name": "x", "command": "a", "env": {"A": ["list"]}}],
        ["run it"],
        "run it",
        {"x": "run it"},
    ],
)
def test_server_that_makes_no_sense_is_refused(servers: Any) -> None:
    with pytest.raises(ValidationError):
        PersonaContext.model_validate({"mcp_servers": servers})


def test_two_servers_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="two MCP servers are named 'x'"):
        PersonaContext.model_validate({"mcp_servers": [{"name": "x", "command": "a"}] * 2})


@pytest.mark.parametrize(
    "values",
    [
        {"model_id": ""},
        {"model_id": "a/b", "temperature": -1},
        {"model_id": "a/b", "top_p": 1.5},
        {"model_id": "a/b", "max_output_tokens": 0},
        {"model_id": "a/b", "temprature": 1},
        {},
    ],
)
def test_model_out_of_range_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PersonaModel.model_validate(values)


def test_identity_is_put_on_one_line() -> None:
    assert PersonaIdentity(name="  Data \n Sage ").name == "Data Sage"
    with pytest.raises(ValidationError, match="blank"):
        PersonaIdentity(name=" \n ")


def test_blocks_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        PersonaIdentity(name="A").name = "B"  # type: ignore[misc]


_word = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=12)
_stdio = st.builds(
    McpServerStdio,
    name=_word,
    command=_word,
    args=st.lists(_word, max_size=3),
    env=st.dictionaries(_word, _word, max_size=3),
)
_http = st.builds(
    McpServerHttp,
    name=_word,
    type=st.sampled_from(["http", "sse"]),
    url=_word.map("https://h/{}".format),
    headers=st.dictionaries(_word, _word, max_size=3),
)
contexts = st.builds(
    PersonaContext,
    system_prompt=st.none() | st.text(st.characters(exclude_categories=("Cs",))),
    mcp_servers=st.lists(_stdio | _http, max_size=4, unique_by=lambda s: s.name),
    skills_paths=st.lists(_word, max_size=3),
    history=st.sampled_from(["shared", "isolated"]),
)


@given(contexts)
def test_context_comes_back_from_json_and_python(context: PersonaContext) -> None:
    assert PersonaContext.model_validate_json(context.model_dump_json()) == context
    assert PersonaContext.model_validate(context.model_dump()) == context
    assert PersonaContext.model_validate(context.model_dump(exclude_defaults=True)) == context


def test_environment_is_put_in_by_name() -> None:
    assert expand_env("a ${B}-${C} $D ${}", {"B": "1", "C": "2"}) == "a 1-2 $D ${}"


def test_unset_variable_is_named() -> None:
    with pytest.raises(KeyError, match="SECRET_X"):
        expand_env("Bearer ${SECRET_X}", {})


def test_environment_is_the_process_own_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONA_T", "yes")
    assert expand_env("${PERSONA_T}") == "yes"


def test_mcp_server_called_itself_makes_the_kind_that_fits() -> None:
    stdio = McpServer(name="Data tools", type="stdio", command="python", args=["-m", "tools"])
    assert stdio == McpServerStdio(name="Data tools", command="python", args=["-m", "tools"])
    http = McpServer(name="Papers", url="http://localhost:3001/mcp")
    assert http == McpServerHttp(name="Papers", url="http://localhost:3001/mcp")
    assert all(isinstance(server, McpServer) for server in (stdio, http))
    context = PersonaContext(mcp_servers=[stdio, http])
    assert PersonaContext.model_validate_json(context.model_dump_json()) == context
    with pytest.raises(ValidationError, match="command"):
        McpServer(name="nothing")


def test_control_characters_are_taken_out_of_a_name() -> None:
    assert PersonaIdentity(name="Ada\x1b]0;x\x07").name == "Ada]0;x"
