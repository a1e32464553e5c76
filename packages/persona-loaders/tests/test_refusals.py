"""Files with something wrong: which code, where, and what to do."""

import os
import sys
from pathlib import Path

import pytest

from persona.loaders import load_markdown

FRONT = "---\n{}\n---\nHello\n"


@pytest.mark.parametrize(
    ("content", "code", "line", "column", "word"),
    [
        (b"", "P103", 1, 1, "---"),
        (b" \n\n", "P103", 1, 1, "---"),
        (b"\xef\xbb\xbf", "P103", 1, 1, "---"),
        ("# Title\n\nText", "P104", 1, 1, "---"),
        ("\n\nmodel: a/b", "P104", 3, 1, "---"),
        ("+++\nmodel='x'\n+++\n", "P104", 1, 1, "TOML"),
        ("----\nmodel: a/b\n----\n", "P104", 1, 1, "three dashes"),
        ("```yaml\nmodel: a/b\n```", "P104", 1, 1, "fence"),
        ("--- model: a/b\n---\n", "P104", 1, 1, "Nothing"),
        ("---\nmodel: a/b\n\nHello", "P105", 1, 1, "---"),
        ("---", "P105", 1, 1, "---"),
        (b"---\r\nmodel: a/b\r\nidentity: Andr\xe9\r\n---\r\n", "P102", 3, 15, "UTF-8"),
        (b"\xff\xfe-\x00-\x00", "P102", 1, 1, "UTF-8"),
        (b"---\n---\nHe\0llo", "P102", 3, 3, "UTF-8"),
        (b"---\nengine: \xed\xa0\x80\n---\n", "P102", 2, 9, "UTF-8"),
    ],
)
def test_file_that_is_no_persona_file_is_refused(refused, content, code, line, column, word):
    found = refused(content)
    assert (found.code, found.line, found.column) == (code, line, column)
    assert word in found.message + found.fix


@pytest.mark.parametrize(
    ("front", "line", "column", "word"),
    [
        ("model: a: b", 2, 9, "colon"),
        ("model:\n\tmodel_id: a/b", 3, 1, "spaces"),
        ("model: a/b\n\nidentity: @sage", 4, 11, "quotes"),
        ("identity: 'Sage\nmodel: a/b", 2, 11, "quote"),
        ("context: {skills: [a\nmodel: a/b", 2, 19, "]"),
        ("model: {model_id: a/b\nengine: x", 2, 8, "}"),
        ("model: a/b\nidentity Sage", 3, 1, "key: value"),
        ("model:\n  model_id: a/b\n temperature: 1", 4, 2, "indentation"),
        ("identity: *bold*", 2, 11, "quotes"),
        ("identity: *bold", 2, 11, "quotes"),
        ("identity: !sage x", 2, 11, "tag"),
        ('model: "a\\d"', 2, 10, "backslash"),
        ("model: a/b\nmodel: c/d", 3, 1, "line 2"),
        ("options:\n  a: 1\n  b: 2\n  a: 3", 5, 3, "line 3"),
        ("model: !!python/object/apply:os.system [ls]", 2, 8, "!!python/object/apply"),
        ("model: !!python/name:os.system x", 2, 8, "tag"),
        ("options: {a: !!binary aGk=}", 2, 14, "tag"),
        ("options: {a: !!int x}", 2, 14, "tag"),
        ("identity: {{ name }}", 2, 12, "quotes"),
        ("? [a, b]\n: c", 2, 3, "quotes"),
        ("'': a", 2, 1, "key"),
        ("options: &o\n  a: *o", 3, 6, "part of"),
        ("options:\n  <<: 5", 3, 3, "mapping"),
        ("identity: caf\x08e", 2, 14, "U+0008"),
        ('identity: "a\\0b"', 2, 11, "NUL"),
        ("%FOO bar", 2, 5, "YAML"),
        ("model: a/b\n--- # again\nengine: x", 3, 1, "---"),
    ],
)
def test_broken_yaml_is_refused_where_it_breaks(refused, front, line, column, word):
    found = refused(FRONT.format(front))
    assert found.code == "P106"
    assert (found.line, found.column) == (line, column)
    assert word.lower() in (found.message + found.fix).lower()


def test_position_is_right_after_odd_line_ends_and_wide_characters(refused):
    found = refused("---\nidentity: a\u2028b\x85c 🦉\nmodel: a: b\n---\n")
    assert (found.code, found.line, found.column) == ("P106", 3, 9)


@pytest.mark.parametrize("front", ["- a\n- b", "hello", "42", "[a]", "'x'"])
def test_front_matter_that_is_no_mapping_is_refused(refused, front):
    found = refused(FRONT.format(front))
    assert (found.code, found.line) == ("P107", 2)


@pytest.mark.parametrize(
    ("front", "line", "column", "word"),
    [
        ("engin: x", 2, 1, "'engine'"),
        ("model: a/b\nmodel_url: x", 3, 1, "under model"),
        ("description: x", 2, 1, "under identity"),
        ("avatar: x", 2, 1, "under identity"),
        ("skills: x", 2, 1, "under context"),
        ("prompt: x", 2, 1, "below the front matter"),
        ("avatr: x", 2, 1, "'avatar' under identity"),
        ("model: {model_id: a/b, temprature: 1}", 2, 24, "'temperature'"),
        ("model:\n  model_id: a/b\n  max_tokens: 1", 4, 3, "max_output_tokens"),
        ("model:\n  model_id: a/b\n  api_key: x", 4, 3, "environment variable"),
        ("model:\n  model_id: a/b\n  zzz: x", 4, 3, "options"),
        ("identity:\n  name: A\n  Avatar: x", 4, 3, "'avatar'"),
        ("context:\n  mcpServers: []", 3, 3, "'mcp_servers'"),
        ("context:\n  temperature: 1", 3, 3, "under model"),
        ("context:\n  engine: x", 3, 3, "without indentation"),
        (
            "context:\n  mcp_servers:\n    - name: a\n      command: x\n      arg: [y]",
            6, 7, "'args'",
        ),
        (
            "context:\n  mcp_servers:\n    - {name: b, url: 'http://x', comand: y}",
            4, 34, "'command'" ,
        ),
        ("1: x", 2, 1, "'1'"),
        ("true: x", 2, 1, "'true'"),
    ],
)  # fmt: skip
def test_unknown_key_is_refused_where_it_stands(load, front, line, column, word):
    result = load(FRONT.format(front))
    assert result.definitions == ()
    (found,) = result.diagnostics
    assert (found.code, found.line, found.column) == ("P201", line, column)
    assert word in found.message + found.fix


@pytest.mark.parametrize(
    ("front", "line", "column", "word"),
    [
        ("engine: [a]", 2, 1, "text"),
        ("engine: 5", 2, 9, '"5"'),
        ("engine: ''", 2, 9, "empty"),
        ("name: [a]", 2, 1, "text"),
        ("model: 5", 2, 8, "mapping"),
        ("model: [a/b, c/d]", 2, 1, "mapping"),
        ("model: {model_id: a/b, temperature: hot}", 2, 37, "number"),
        ("model: {model_id: a/b, temperature: true}", 2, 37, "number"),
        ("model: {model_id: a/b, temperature: -1}", 2, 37, "at least 0"),
        ("model: {model_id: a/b, top_p: 2}", 2, 31, "at most 1"),
        ("model:\n  model_id: a/b\n  max_output_tokens: 1.5", 4, 22, "whole number"),
        ("model:\n  model_id: a/b\n  max_output_tokens: 0", 4, 22, "greater than 0"),
        ("options: {a: .inf}", 2, 14, "number"),
        ("options: {a: 1e999}", 2, 14, "number"),
        ("options: {a: " + "9" * 6000 + "}", 2, 14, "number"),
        ("options: []", 2, 1, "mapping"),
        ("identity:\n  name: ' '", 3, 9, "blank"),
        ("identity:\n  name: " + "x" * 90, 3, 9, "80"),
        ("context: text", 2, 10, "mapping"),
        ("context: {skills: 5}", 2, 19, "list"),
        ("context: {history: all}", 2, 20, "shared"),
        ("context:\n  mcp_servers:\n    - {name: a, url: 'ftp://x'}", 4, 22, "https://"),
        ("context:\n  mcp_servers:\n    - {name: a, type: ws, url: 'http://x'}", 4, 23, "http"),
        ("context:\n  mcp_servers:\n    - text", 4, 7, "mapping"),
        ("context:\n  mcp_servers: text", 3, 16, "list"),
        (
            "context:\n  mcp_servers:\n    - name: a\n      command: x\n      args: [-p, 80]",
            6, 18, '"80"',
        ),
        (
            "context:\n  mcp_servers:\n    - {name: a, command: x}\n    - {name: a, command: y}",
            3, 3, "two",
        ),
        ("context:\n  skills: a\n  skills_paths: b", 3, 3, "two names"),
        ("enabled: maybe", 2, 10, "true or false"),
    ],
)  # fmt: skip
def test_wrong_value_is_refused_in_plain_words(load, front, line, column, word):
    result = load(FRONT.format(front))
    assert result.definitions == ()
    (found,) = result.diagnostics
    assert (found.code, found.line, found.column) == ("P202", line, column)
    assert word in found.message + found.fix
    for jargon in ("Input should", "pydantic", "valid dictionary", "str ", "Node"):
        assert jargon not in found.message


@pytest.mark.parametrize(
    ("front", "line", "word"),
    [
        ("model:\n  temperature: 1", 2, "model has no model_id"),
        ("model:\n  model_id:", 2, "model has no model_id"),
        ("model: {}", 2, "model has no model_id"),
        ("context:\n  mcp_servers:\n    - command: x", 4, "has no name"),
        ("context:\n  mcp_servers:\n    - name: x\n      type: http", 4, "has no url"),
        ("context:\n  mcp_servers:\n    - name: x", 4, "neither command nor url"),
    ],
)
def test_missing_key_is_refused_at_its_block(refused, front, line, word):
    found = refused(FRONT.format(front))
    assert (found.code, found.line) == ("P203", line)
    assert word in found.message


def test_all_errors_of_a_file_are_told_in_order(load):
    result = load(FRONT.format("engin: x\nmodel:\n  top_p: 3\nenabled: maybe"))
    assert [(d.code, d.line) for d in result.diagnostics] == [
        ("P201", 2), ("P203", 3), ("P202", 4), ("P202", 5)
    ]  # fmt: skip


def test_thousands_of_errors_are_cut(load):
    lines = "\n".join(f"  key{i}: x" for i in range(5000))
    result = load(FRONT.format(f"identity:\n  name: x\n{lines}"))
    assert result.definitions == ()
    assert len(result.diagnostics) == 50


def test_no_short_name_is_refused(refused):
    found = refused("---\nmodel: a/b\n---\n", "日本.persona.md")
    assert (found.code, found.line) == ("P307", 1)
    assert "name:" in found.fix


def test_folder_with_that_name_is_refused(tmp_path: Path):
    (tmp_path / "a.persona.md").mkdir()
    (found,) = load_markdown(tmp_path / "a.persona.md").diagnostics
    assert found.code == "P101"
    assert "folder" in found.message


def test_missing_file_and_broken_link_are_refused(tmp_path: Path):
    (found,) = load_markdown(tmp_path / "a.persona.md").diagnostics
    assert found.code == "P101"
    (tmp_path / "b.persona.md").symlink_to(tmp_path / "nowhere")
    (found,) = load_markdown(tmp_path / "b.persona.md").diagnostics
    assert found.code == "P101"
    assert "nowhere" in found.message
    (tmp_path / "c.persona.md").symlink_to(tmp_path / "c.persona.md")
    (found,) = load_markdown(tmp_path / "c.persona.md").diagnostics
    assert found.code == "P101"


@pytest.mark.skipif(sys.platform == "win32", reason="no permission bits and pipes")
def test_unreadable_file_and_pipe_are_refused(tmp_path: Path):
    pipe = tmp_path / "pipe.persona.md"
    os.mkfifo(pipe)
    assert load_markdown(pipe).diagnostics[0].code == "P101"
    secret = tmp_path / "secret.persona.md"
    secret.write_text("---\n---\n")
    secret.chmod(0)
    if os.access(secret, os.R_OK):
        pytest.skip("this user may read everything")
    (found,) = load_markdown(secret).diagnostics
    assert (found.code, "permissions" in found.fix) == ("P101", True)


def test_large_file_is_refused(refused):
    found = refused(b"---\n---\n" + b"x" * 1024 * 1024)
    assert found.code == "P108"


def test_file_of_the_largest_size_loads(load):
    text = "---\n---\n"
    (persona,) = load(text + "x" * (1024 * 1024 - len(text))).definitions
    assert len(persona.context.system_prompt) > 1024 * 1023
