"""Whatever stands in a file, loading it does not raise, and each refusal has a reason."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona.core import CODES, LoadResult, PersonaDefinition
from persona.loaders import load_markdown

pytestmark = pytest.mark.slow  # the same whatever Python it is

SEED = b"""---
name: sage
engine: litellm
model:
  model_id: ollama/llama3.1
  temperature: 0.5
identity: {name: Sage, description: "Knows, things"}
context:
  skills: &s [a/*, 'b']
  mcp_servers:
    - name: one
      type: http
      url: http://localhost:1/mcp
      headers: {A: "${B}"}
    - name: two
      command: python
      args: ["-m", two]
options:
  x: *s
  y: |
    text
  z: {<<: {a: 1}, b: [1, 2.5, ~]}
---
You are a sage.
"""
PIECES = [
    b"---\n", b"...\n", b"\n", b"\r\n", b"\t", b"  ", b": ", b"- ", b"[", b"]", b"{", b"}", b"&s ",
    b"*s", b"<<: *s", b"!!str ", b"!!python/object:x ", b"!x ", b"'", b'"', b"|", b">-", b"? ",
    b"#", b"%", b"@", b"`", b"~", b"null", b"true", b"5", b".nan", b"1e999", b"\0", b"\xff",
    b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\x85", b"\\u0000", b"name:", b"model:", b"tools: x\n",
    b"context:", b"permission: x\n", b"\x1b", "é🦉".encode(), b"9" * 5000, b"identity:\n",
]  # fmt: skip
MANY = settings(
    max_examples=1000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def check(result: LoadResult, path: Path, size: int) -> None:
    errors = [d for d in result.diagnostics if d.severity == "error"]
    assert bool(result.definitions) != bool(errors)
    for found in result.diagnostics:
        assert found.code in CODES
        assert found.file == path
        assert 1 <= found.line <= size + 1
        assert found.column >= 1
        assert found.message
        assert found.fix
        assert "\n" not in found.message + found.fix
    for definition in result.definitions:
        assert isinstance(definition, PersonaDefinition)
        again = PersonaDefinition.model_validate_json(definition.model_dump_json())
        assert again.model_dump() == definition.model_dump()
        for origin in definition.origins.values():
            assert 1 <= origin.line <= size + 1


def read(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    check(load_markdown(path), path, data.count(b"\n") + data.count(b"\r"))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(SEED)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            data[at:at] = draw(st.sampled_from(PIECES))
        elif kind == 1:
            del data[at : at + draw(st.integers(1, 20))]
        elif kind == 2:
            data[at : at + 1] = draw(st.binary(min_size=1, max_size=2))
        else:
            to = draw(st.integers(0, len(data)))
            data[to:to] = data[at : at + 30]
    return bytes(data)


@MANY
@given(data=mutated())
def test_mutated_file_never_raises(tmp_path: Path, data: bytes):
    read(tmp_path / "fuzz.persona.md", data)


@MANY
@given(front=st.lists(st.sampled_from(PIECES), max_size=12), body=st.binary(max_size=10))
def test_file_of_yaml_pieces_never_raises(tmp_path: Path, front: list[bytes], body: bytes):
    read(tmp_path / "fuzz.persona.md", b"---\n" + b"".join(front) + b"\n---\n" + body)


@settings(MANY, max_examples=300)
@given(data=st.binary(max_size=200))
def test_any_bytes_never_raise(tmp_path: Path, data: bytes):
    read(tmp_path / "fuzz.persona.md", data)


TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(TEXT.filter(bool), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(MANY, max_examples=200)
@given(options=st.dictionaries(TEXT.filter(bool), VALUES, max_size=5), flow=st.booleans())
def test_options_come_back_as_they_were_written(tmp_path: Path, options: object, flow: bool):
    path = tmp_path / "fuzz.persona.md"
    front = yaml.safe_dump({"options": options}, allow_unicode=True, default_flow_style=flow)
    path.write_text(f"---\n{front}---\n", encoding="utf-8", newline="")
    result = load_markdown(path)
    assert result.diagnostics == ()
    read_back = result.definitions[0].options
    assert read_back == options or _as_text(read_back) == _as_text(options)


def _as_text(value: object) -> object:
    """Texts that YAML 1.1 takes for text and 1.2 for numbers are alike here."""
    if isinstance(value, dict):
        return {k: _as_text(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_as_text(v) for v in value]
    if isinstance(value, str):
        try:
            return float(int(value, 8) if value[:2] == "0o" else float(value))
        except ValueError:
            return value
    return float(value) if isinstance(value, int | float) else value


def test_seed_of_the_mutations_is_right(tmp_path: Path):
    path = tmp_path / "fuzz.persona.md"
    path.write_bytes(SEED)
    assert load_markdown(path).diagnostics == ()
