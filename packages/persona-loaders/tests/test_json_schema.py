"""What the JSON Schema takes is what the loaders take."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import tomlkit
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from persona.core import CODE_ENGINE, KNOWN_ENGINES, LoadResult
from persona.loaders import json_schema, load_markdown, load_toml
from persona.loaders._report import Refused
from persona.loaders._schema import blocks
from persona.loaders._text import split
from persona.loaders._yaml import parse

pytestmark = pytest.mark.slow  # the same whatever Python it is

ROOT = Path(__file__).parents[3]
MARKDOWN = Draft7Validator(json_schema("markdown"))
TOML = Draft7Validator(json_schema("toml"))
BLOCKS = {
    kind: re.compile(rf"^```{kind}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for kind in ("markdown", "toml")
}
_BOUNDS = re.compile(r" must be (?:at |greater|less)")
"""Numbers in quotes are not compared by a schema."""


def examples(kind: str, opening: str, read: Callable[[str], object]) -> list[str]:
    """Return the examples in the documentation that are YAML or TOML at all."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("packages/*/README.md")]
    found = []
    for text in (
        t for page in sorted(pages) for t in BLOCKS[kind].findall(page.read_text("utf-8"))
    ):
        if re.search(opening, text, re.MULTILINE):
            with suppress(Refused, tomllib.TOMLDecodeError):
                read(text)
                found.append(text)
    return found


SEED_FILES = [
    """---
engine: opencode-acp
model:
  model_id: anthropic/claude-opus-4-8
identity:
  name: Researcher
  avatar: researcher.svg
context:
  skills:
    - .jupyter/skills/*
  mcp_servers:
    - name: Research tools
      type: http
      url: http://localhost:3001/mcp
options:
  temperature: 0.8
---
You are a research assistant.
""",
    """---
engine: opencode-acp
model:
model_id: ollama/llama-3.1
model_url: http://localhost:11434
identity:
name: SensitiveDataAnalyst
---
You are a data analyst.
""",
]


def front_of(text: str) -> Any:
    """Return the data of the front matter as an editor sees it."""
    parts = split(text)
    root = parse(parts.yaml, parts.line)
    return None if root is None else root.data


FILES = examples("markdown", r"\A---$", front_of)
FILES += SEED_FILES
TABLES = examples("toml", r"^\[(?:personas|\w+_presets|bias_profiles)\.", tomllib.loads)
SEED = """
[personas.code_reviewer]
preferred_models = [
    { provider = "gemini", model = "gemini-3.1-pro-preview", temperature = 0.0 },
    { provider = "gemini", model = "gemini-3-flash-preview", temperature = 0.0 },
]
system_prompt = "You are a senior backend engineer with deep knowledge of Python asyncio."
tool_preset = "read_only"
bias_profile = "discovery_heavy"
context_preset = "codebase_full"
aggregation_strategy = "summarize"
"""


def plain(value: object) -> Any:
    """Return the data of a TOML file as an editor sees it: dates are texts."""
    return json.loads(json.dumps(value, default=datetime.date.isoformat))


def agree(result: LoadResult, valid: bool, data: object) -> None:
    """Compare what the loader says with what the schema says."""
    errors = [d for d in result.diagnostics if d.severity == "error"]
    if not errors:
        # Front matter that lost its indentation is read, with a warning.
        lost = any("without indentation" in d.message for d in result.diagnostics)
        assert valid or lost, data
    for found in errors:
        wrong_type = " must be " in found.message and not _BOUNDS.search(found.message)
        if found.code in ("P201", "P203", "P204") or (found.code == "P202" and wrong_type):
            assert not valid, (data, str(found))


def compare_markdown(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    data = front_of(text)
    agree(load_markdown(path), MARKDOWN.is_valid(data), data)


def compare_toml(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    data = plain(tomllib.loads(text))
    agree(load_toml(path), TOML.is_valid(data), data)


@pytest.mark.parametrize("kind", ["markdown", "toml"])
def test_schema_is_one(kind: str):
    schema = json_schema(kind)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema


def test_corpus_is_there():
    assert len(FILES) > 10
    assert len(TABLES) > 3


@pytest.mark.parametrize("text", FILES)
def test_documented_file_is_valid_if_the_loader_takes_it(tmp_path: Path, text: str):
    compare_markdown(tmp_path / "example.persona.md", text)


@pytest.mark.parametrize("text", [*TABLES, SEED])
def test_documented_tables_are_valid_if_the_loader_takes_them(tmp_path: Path, text: str):
    compare_toml(tmp_path / "personas.toml", text)


# -- generated documents ---------------------------------------------------------------

WORDS = st.sampled_from([
    "", " ", "a/b", "ollama/llama3.1", "yes", "No", "maybe", "0.5", "1_0", "-1", "+2.", ".5e3",
    "1e", "nan", "http", "sse", "stdio", "streamable-http", "http://x/mcp", "${A}", "full",
    "auto", "shared", "isolated", "base", "user:base", "No Slug", "ask", "x" * 81, "🦉",
])  # fmt: skip
SCALARS = WORDS | st.none() | st.booleans() | st.sampled_from([0, 1, 2, -1, 0.5, 1.0, 1.5, 10**20])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "name", "value"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def mapping(right: dict[str, Any], known: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """Return mappings whose values are mostly right, with a wrong value or key now and then."""
    fields = {key: st.one_of(value, value, value, VALUES) for key, value in right.items()}
    odd = st.sampled_from([*known, "temprature", "x"])
    return st.fixed_dictionaries({}, optional=fields).flatmap(
        lambda whole: (
            st.just(whole)
            | st.just(whole)
            | st.tuples(odd, VALUES).map(lambda pair: {pair[0]: pair[1], **whole})
        )
    )


TEXT = st.sampled_from(["a", "b c", "Ada"])
NUMBER = st.sampled_from([0, 0.5, 1, 1.0, "0.5", "1"])
MODEL_ID = st.sampled_from(["ollama/llama3.1", "gpt"])
MODEL = MODEL_ID | mapping({
    "model_id": MODEL_ID, "model_url": st.just("http://x"), "temperature": NUMBER,
    "top_p": NUMBER, "max_output_tokens": st.sampled_from([1, 5.0, "7", "7.0"]),
})  # fmt: skip
PAIRS = st.dictionaries(TEXT, TEXT | st.booleans() | NUMBER, max_size=2) | st.lists(
    st.fixed_dictionaries({"name": TEXT, "value": TEXT | NUMBER}), max_size=2
)
STDIO = mapping({
    "name": TEXT, "type": st.just("stdio"), "command": TEXT, "args": st.lists(TEXT, max_size=2),
    "env": PAIRS,
})  # fmt: skip
HTTP = mapping({
    "name": TEXT, "type": st.sampled_from(["http", "sse", "streamable-http"]),
    "url": st.just("http://x"), "headers": PAIRS,
})  # fmt: skip
SERVER = STDIO | HTTP
PATHS = TEXT | st.lists(TEXT, max_size=2)
CONTEXT = mapping({
    "system_prompt": TEXT, "skills": PATHS, "skills_paths": PATHS,
    "history": st.sampled_from(["shared", "isolated"]),
    "mcp_servers": st.lists(SERVER, max_size=2) | st.dictionaries(TEXT, SERVER, max_size=2),
})  # fmt: skip
STRATEGY = st.sampled_from(["auto", "full", "summarize", "skeleton"])
COMMON = {
    "extends": st.sampled_from(["base", "user:base", [], ["base", "other"]]),
    "engine": st.sampled_from(["litellm", "mine"]),
    "model": MODEL,
    "models": MODEL_ID | st.lists(MODEL, max_size=2),
    "identity": TEXT | mapping({"name": TEXT, "avatar": TEXT, "description": TEXT}),
    "context": CONTEXT,
    "options": st.dictionaries(TEXT, VALUES, max_size=2),
    "enabled": st.booleans() | st.sampled_from(["yes", "NO", 0, 1]),
    "tool_preset": TEXT,
    "bias_profile": TEXT,
    "context_preset": TEXT,
    "aggregation_strategy": STRATEGY,
}
FRONT = mapping({"name": st.just("ada"), **COMMON}, ("preferred_models", "tools"))
ENTRY = MODEL_ID | mapping({
    "provider": st.sampled_from(["ollama", "a/b"]), "model": TEXT, "temperature": NUMBER,
    "top_p": NUMBER, "max_output_tokens": st.just(5), "model_url": st.just("http://x"),
})  # fmt: skip
PROFILE = mapping(
    {**COMMON, "preferred_models": st.lists(ENTRY, max_size=2), "system_prompt": TEXT}, ("name",)
)
TOOL = mapping({
    "description": TEXT, "allow": st.lists(TEXT), "deny": st.lists(TEXT, max_size=1),
    "approval": st.dictionaries(TEXT, st.sampled_from(["auto", "ask"]), max_size=1),
})  # fmt: skip
BIAS = mapping({
    "prompt": TEXT, "tool_weights": st.dictionaries(TEXT, NUMBER | st.booleans(), max_size=1),
    "category_multipliers": st.dictionaries(TEXT, NUMBER, max_size=1),
})  # fmt: skip
FILES_KNOWN = mapping({
    "include": st.lists(TEXT, max_size=1), "exclude": st.lists(TEXT, max_size=1),
    "aggregation_strategy": STRATEGY,
})  # fmt: skip
ONE = (
    st.tuples(st.just("personas"), PROFILE | VALUES)
    | st.tuples(st.just("tool_presets"), TOOL | VALUES)
    | st.tuples(st.just("bias_profiles"), BIAS | VALUES)
    | st.tuples(st.just("context_presets"), FILES_KNOWN | VALUES)
)
MANY = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@MANY
@given(front=FRONT)
def test_generated_front_matter_is_valid_if_the_loader_takes_it(tmp_path: Path, front: Any):
    text = yaml.dump(front, Dumper=_Dumper, allow_unicode=True, sort_keys=False)
    compare_markdown(tmp_path / "gen.persona.md", f"---\n{text}---\n")


@MANY
@given(one=ONE)
def test_generated_table_is_valid_if_the_loader_takes_it(tmp_path: Path, one: Any):
    kind, value = one
    compare_toml(tmp_path / "personas.toml", tomlkit.dumps({kind: {"one": without_null(value)}}))


class _Dumper(yaml.SafeDumper):
    """Quotes every text, so that it is one by any version of YAML; writes no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_Dumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def without_null(value: Any) -> Any:
    """TOML has no null."""
    if isinstance(value, dict):
        return {key: without_null(v) for key, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_null(v) for v in value if v is not None]
    return "" if value is None else value


# -- what editors show -----------------------------------------------------------------


def walk(schema: Any) -> Any:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from walk(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from walk(value)


@pytest.mark.parametrize("kind", ["markdown", "toml"])
def test_each_key_has_a_description(kind: str):
    schema = json_schema(kind)
    front = schema["properties"]
    if kind == "toml":
        front = schema["properties"]["personas"]["additionalProperties"]["properties"]
        assert {"preferred_models", "system_prompt"} < set(front)
        assert "name" not in front
    assert set(blocks()[""]) - {"name"} <= set(front)
    assert all(value["description"] for value in front.values())
    known = {key for part in walk(schema) for key in part.get("properties", {})}
    assert {key for keys in blocks().values() for key in keys} - {"name"} <= known


def test_engines_are_suggested_and_others_are_valid():
    schema = json_schema("markdown", engines=["mine"])
    assert Draft7Validator(schema).is_valid({"engine": "somebody-elses"})
    (suggested,) = (s["enum"] for s in schema["properties"]["engine"]["anyOf"] if "enum" in s)
    assert set(suggested) == {"mine", *KNOWN_ENGINES} - {CODE_ENGINE}


@pytest.mark.parametrize(
    ("front", "place"),
    [
        ({"model": {"model_id": "a/b", "temprature": 1}}, "model"),
        (
            {"context": {"mcp_servers": [{"name": "x", "command": "y", "url": "http://z"}]}},
            "context",
        ),
        ({"context": {"skills": ["a"], "skills_paths": ["b"]}}, "context"),
        ({"model": {"temperature": 1}}, "model"),
    ],
)
def test_error_is_told_where_it_is(front: Any, place: str):
    errors = list(MARKDOWN.iter_errors(front))
    assert {error.absolute_path[0] for error in errors if error.absolute_path} == {place}


def test_files_of_other_tools_are_not_valid():
    front = {"name": "reviewer", "description": "x", "tools": "Read", "permissionMode": "plan"}
    assert not MARKDOWN.is_valid(front)
