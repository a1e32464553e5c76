"""Files that are right."""

from pathlib import Path

import pytest

from persona.core import McpServerHttp, McpServerStdio, Scope
from persona.loaders import MARKDOWN, load_markdown

RESEARCHER = """\
---
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

You are a research assistant specialized in scientific literature review.
Always cite your sources.
"""
ANALYST = """\
---
engine: opencode-acp
model:
  model_id: ollama/llama-3.1
  model_url: http://localhost:11434
identity:
  name: SensitiveDataAnalyst
  avatar: sensitive-data.svg
context:
  skills:
    - .jupyter/sensitive-data-skills/*
  mcp_servers:
    - name: Sensitive data tools
      type: stdio
      command: python
      args: ["-m", "sensitive_data_mcp"]
options:
  temperature: 0.2
---
You are a data analyst.
"""


@pytest.mark.parametrize("indented", [True, False])
def test_example_of_the_proposal_loads_researcher(load, indented):
    text = RESEARCHER if indented else _without_indentation(RESEARCHER)
    (persona,) = load(text, "researcher.persona.md").definitions
    assert persona.name == "researcher"
    assert persona.engine == "opencode-acp"
    assert persona.model.model_id == "anthropic/claude-opus-4-8"
    assert persona.identity.name == "Researcher"
    assert persona.identity.avatar == "researcher.svg"
    assert persona.context.skills_paths == [".jupyter/skills/*"]
    assert persona.context.mcp_servers == [
        McpServerHttp(name="Research tools", url="http://localhost:3001/mcp")
    ]
    assert persona.options == {"temperature": 0.8}
    assert persona.context.system_prompt == (
        "You are a research assistant specialized in scientific literature review.\n"
        "Always cite your sources."
    )


@pytest.mark.parametrize("indented", [True, False])
def test_example_of_the_proposal_loads_analyst(load, indented):
    text = ANALYST if indented else _without_indentation(ANALYST)
    result = load(text, "analyst.persona.md")
    (persona,) = result.definitions
    assert persona.model.model_url == "http://localhost:11434"
    assert persona.context.mcp_servers == [
        McpServerStdio(
            name="Sensitive data tools", command="python", args=["-m", "sensitive_data_mcp"]
        )
    ]
    assert persona.options == {"temperature": 0.2}
    expected = [] if indented else [("P201", "warning", 4)]
    assert [(d.code, d.severity, d.line) for d in result.diagnostics] == expected


def _without_indentation(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


def test_lost_indentation_is_not_guessed_when_a_key_fits_nowhere(load):
    result = load("---\nmodel:\nmodel_id: a/b\ncolour: red\n---\n")
    assert result.definitions == ()
    assert {d.code for d in result.diagnostics} == {"P201"}


def test_shorthands_mean_the_blocks(defined):
    persona = defined("model: ollama/llama3.1\nidentity: Data Sage")
    assert persona.model.model_id == "ollama/llama3.1"
    assert persona.identity.name == "Data Sage"
    assert persona.engine == "litellm"
    assert persona.origins["model.model_id"].line == 2
    assert persona.origins["identity.name"].line == 3


@pytest.mark.parametrize(
    ("filename", "front", "slug", "shown"),
    [
        ("Data Sage.persona.md", "", "data-sage", "Data Sage"),
        ("data-sage.PERSONA.MD", "", "data-sage", "Data Sage"),
        ("file.persona.md", "name: other", "other", "Other"),
        ("v1.2-bot.persona.md", "", "v1.2-bot", "V1 2 Bot"),
        ("file.persona.md", "identity: {avatar: x.png}", "file", "File"),
        ("file.persona.md", "identity:", "file", "File"),
        ("日本.persona.md", "name: nippon\nidentity: 日本", "nippon", "日本"),
    ],
)
def test_names_come_from_key_or_file(defined, filename, front, slug, shown):
    persona = defined(front, name=filename)
    assert (persona.name, persona.identity.name) == (slug, shown)


def test_name_that_is_no_short_name_is_shown_and_warned_of(load):
    result = load("---\nname: Data Sage\n---\n", "expert.persona.md")
    (persona,) = result.definitions
    assert (persona.name, persona.identity.name) == ("expert", "Data Sage")
    (warning,) = result.diagnostics
    assert (warning.code, warning.severity, warning.line) == ("P307", "warning", 2)
    assert "data-sage" in warning.fix


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff---\nmodel: a/b\n---\nHello",
        "---\r\nmodel: a/b\r\n---\r\nHello\r\n",
        "---\rmodel: a/b\r---\rHello",
        "--- \t\nmodel: a/b\n---  \n\n\nHello\n\n",
        "\n\n---\nmodel: a/b\n---\nHello",
        "---\nmodel: a/b\n...\nHello",
        "---\nmodel: a/b # a comment\n# another\n---\nHello",
        "---\nmodel: 'a/b'\nengine:\noptions:\ncontext: ~\n---\nHello",
    ],
)
def test_variants_of_the_frame_load(load, text):
    result = load(text)
    assert result.diagnostics == ()
    assert result.definitions[0].model.model_id == "a/b"
    assert result.definitions[0].context.system_prompt == "Hello"
    assert result.definitions[0].engine == "litellm"


@pytest.mark.parametrize("text", ["---\n---\n", "---\n---", "---\n\n---\n\n", "---\n# c\n---\n"])
def test_empty_front_matter_and_body_give_a_persona_of_defaults(load, text):
    result = load(text)
    assert result.diagnostics == ()
    (persona,) = result.definitions
    assert persona.name == "sage"
    assert persona.model is None
    assert persona.context.system_prompt is None


def test_body_keeps_rules_and_lines_of_dashes(load):
    (persona,) = load("---\nmodel: a/b\n---\nOne\n\n---\n\nTwo: {x}\n").definitions
    assert persona.context.system_prompt == "One\n\n---\n\nTwo: {x}"


def test_prompt_in_the_front_matter_is_used_without_a_body(defined):
    persona = defined("context:\n  system_prompt: |-\n    One\n    Two")
    assert persona.context.system_prompt == "One\nTwo"
    assert persona.origins["context.system_prompt"].line == 3


def test_prompt_given_twice_warns_and_the_body_wins(load):
    result = load("---\ncontext:\n  system_prompt: One\n---\nTwo\n")
    (persona,) = result.definitions
    assert persona.context.system_prompt == "Two"
    (warning,) = result.diagnostics
    assert (warning.code, warning.severity) == ("P202", "warning")
    assert (warning.line, warning.column) == (3, 3)
    assert "below" in warning.message


def test_words_that_look_like_other_things_stay_text(defined):
    persona = defined(
        "identity:\n  name: No\n  description: 2026-11-21\noptions: {on: yes, t: 1:30}"
    )
    assert persona.identity.name == "No"
    assert persona.identity.description == "2026-11-21"
    assert persona.options == {"on": "yes", "t": "1:30"}


@pytest.mark.parametrize(("word", "enabled"), [("no", False), ("off", False), ("yes", True)])
def test_enabled_takes_the_usual_words(defined, word, enabled):
    assert defined(f"enabled: {word}").enabled is enabled


def test_numbers_and_constants_have_their_types(defined):
    persona = defined(
        "options: {a: 1, b: -0.5, c: 1e3, d: true, e: ~, f: 0x10, g: '1', h: !!str 2}"
    )
    assert persona.options == {
        "a": 1, "b": -0.5, "c": 1000.0, "d": True, "e": None, "f": 16, "g": "1", "h": "2"
    }  # fmt: skip


def test_anchors_aliases_and_merge_keys_work_in_measure(defined):
    persona = defined("options:\n  a: &a {x: 1, y: 2}\n  b: *a\n  c:\n    <<: *a\n    y: 3")
    assert persona.options["b"] == {"x": 1, "y": 2}
    assert persona.options["c"] == {"x": 1, "y": 3}
    assert persona.origins["options.c.x"].line == 3
    assert persona.origins["options.c.y"].line == 7


def test_skills_may_be_one_text_or_a_list(defined):
    for written in ("skills: a/*", "skills: [a/*]", "skills_paths: a/*", "skills_paths:\n  - a/*"):
        assert defined(f"context:\n  {written}").context.skills_paths == ["a/*"]


def test_servers_may_be_named_and_pairs_listed(defined):
    persona = defined(
        "context:\n"
        "  mcp_servers:\n"
        "    files:\n"
        "      command: run\n"
        "      env: [{name: A, value: b}]\n"
        "      args:\n"
        "    web: {type: streamable-http, url: 'https://x/mcp', headers: {N: 5}}\n"
    )
    files, web = persona.context.mcp_servers
    assert files == McpServerStdio(name="files", command="run", env={"A": "b"})
    assert web == McpServerHttp(name="web", url="https://x/mcp", headers={"N": "5"})
    lines = {key: origin.line for key, origin in persona.origins.items()}
    assert lines["context.mcp_servers.0.name"] == 4
    assert lines["context.mcp_servers.0.env.A"] == 6
    assert lines["context.mcp_servers.1.url"] == 8


def test_every_value_has_its_origin(load, tmp_path):
    (persona,) = load("\n" + RESEARCHER).definitions
    lines = {key: origin.line for key, origin in persona.origins.items()}
    assert lines == {
        "engine": 3,
        "model": 4,
        "model.model_id": 5,
        "identity": 6,
        "identity.name": 7,
        "identity.avatar": 8,
        "context": 9,
        "context.skills_paths": 10,
        "context.skills_paths.0": 11,
        "context.mcp_servers": 12,
        "context.mcp_servers.0": 13,
        "context.mcp_servers.0.name": 13,
        "context.mcp_servers.0.type": 14,
        "context.mcp_servers.0.url": 15,
        "options": 16,
        "options.temperature": 17,
        "context.system_prompt": 20,
        "name": 3,
    }
    origin = persona.origins["model"]
    assert (origin.file, origin.scope) == (tmp_path / "sage.persona.md", Scope.PROJECT)
    assert persona.source.file == origin.file


def test_equal_files_give_equal_definitions(load):
    assert load(ANALYST).definitions == load(ANALYST).definitions
    assert load(ANALYST).definitions != load(RESEARCHER).definitions


def test_root_is_the_project_for_files_of_a_project(tmp_path: Path):
    folder = tmp_path / ".jupyter" / "personas"
    folder.mkdir(parents=True)
    (folder / "a.persona.md").write_text("---\n---\n")
    (persona,) = load_markdown(folder / "a.persona.md").definitions
    assert persona.source.root == tmp_path
    (persona,) = load_markdown(str(folder / "a.persona.md"), Scope.USER, folder).definitions
    assert (persona.source.root, persona.source.scope) == (folder, Scope.USER)


@pytest.mark.parametrize(
    ("filename", "claimed"),
    [
        ("a.persona.md", True),
        ("A B.Persona.MD", True),
        ("_a.persona.md", False),
        (".a.persona.md", False),
        (".persona.md", False),
        ("persona.md", True),
        ("my-persona.md", False),
        ("a.md", False),
        ("a.persona.md~", False),
        ("a.persona.mdx", False),
    ],
)
def test_claims_only_persona_files(filename, claimed):
    assert MARKDOWN.claims(filename) is claimed
