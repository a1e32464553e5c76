"""Reading ``personas.toml``."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona.core import CODES, LoadResult, McpServerHttp, PersonaModel, Scope, Source
from persona.loaders import TOML, load_markdown, load_toml

SEED = """\
[personas.backend]
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
BLOCKS = """\
[personas.researcher]
engine = "opencode-acp"
enabled = false

[personas.researcher.model]
model_id = "anthropic/claude-opus-4-8"
temperature = 0.4

[personas.researcher.identity]
name = "The Researcher"
avatar = "🔬"

[personas.researcher.context]
system_prompt = '''
Cite.
Always.'''
skills = "skills/*"

[[personas.researcher.context.mcp_servers]]
name = "tools"
url = "http://localhost:3001/mcp"

[personas.researcher.options]
depth = 3
since = 2026-11-21
"""


def load(tmp_path: Path, text: str | bytes) -> LoadResult:
    path = tmp_path / "personas.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_toml(path)


def test_flat_profile_loads_exactly(tmp_path: Path):
    result = load(tmp_path, SEED)
    assert result.diagnostics == ()
    (persona,) = result.definitions
    assert persona.name == "backend"
    assert persona.model == PersonaModel(
        model_id="gemini/gemini-3.1-pro-preview", temperature=0.0, top_p=1.0
    )
    assert [m.model_id for m in persona.models] == ["gemini/gemini-3-flash-preview"]
    assert persona.context.system_prompt is not None
    assert persona.context.system_prompt.endswith("Python asyncio.")
    assert persona.tool_preset == "read_only"
    assert persona.bias_profile == "discovery_heavy"
    assert persona.context_preset == "codebase_full"
    assert persona.aggregation_strategy == "summarize"
    assert (persona.provider, persona.temperature, persona.top_p) == ("gemini", 0.0, 1.0)
    assert persona.max_output_tokens is None
    assert persona.preferred_models[1]["model"] == "gemini-3-flash-preview"


def test_blocks_and_flat_profiles_mix_in_one_file(tmp_path: Path):
    result = load(tmp_path, SEED + BLOCKS)
    assert result.diagnostics == ()
    _, persona = result.definitions
    assert persona.engine == "opencode-acp"
    assert persona.enabled is False
    assert persona.model == PersonaModel(model_id="anthropic/claude-opus-4-8", temperature=0.4)
    assert persona.identity.name == "The Researcher"
    assert persona.context.system_prompt == "Cite.\nAlways."
    assert persona.context.skills_paths == ["skills/*"]
    assert persona.context.mcp_servers == [
        McpServerHttp(name="tools", url="http://localhost:3001/mcp")
    ]
    assert persona.options == {"depth": 3, "since": "2026-11-21"}


def test_each_value_has_its_origin(tmp_path: Path):
    backend, researcher = load(tmp_path, "# one\n" + SEED + BLOCKS).definitions
    lines = {path: origin.line for path, origin in backend.origins.items()}
    assert lines["model.model_id"] == 4
    assert lines["models.0.model_id"] == 5
    assert lines["context.system_prompt"] == 7
    assert lines["aggregation_strategy"] == 11
    lines = {path: origin.line for path, origin in researcher.origins.items()}
    assert lines["engine"] == 13
    assert lines["model.temperature"] == 18
    assert lines["context.system_prompt"] == 25
    assert lines["context.mcp_servers.0.url"] == 32
    assert lines["options.depth"] == 35
    assert backend.origins["name"].line == 2
    assert backend.origins["tool_preset"].file == tmp_path / "personas.toml"
    assert backend.origins["tool_preset"].scope is Scope.PROJECT


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("[personas.a\n", 1, 12),
        ("[personas.a]\nsystem_prompt = hello\n", 2, 17),
        ('[personas.a]\nsystem_prompt = "x\n', 2, 19),
        ("[personas.a]\n\n[personas.a]\n", 3, 12),
    ],
)
def test_broken_toml_is_told_with_its_place(tmp_path: Path, text: str, line: int, column: int):
    result = load(tmp_path, text)
    (found,) = result.diagnostics
    assert result.definitions == ()
    assert (found.code, found.line, found.column) == ("P109", line, column)
    assert found.fix


@pytest.mark.parametrize(
    ("body", "code", "line", "word"),
    [
        ("tool_prest = 'x'", "P201", 5, "'tool_preset'"),
        ("sytem_prompt = 'x'", "P201", 5, "'system_prompt'"),
        ("temperature = 1", "P201", 5, "table model"),
        ("name = 'x'", "P201", 5, "identity.name"),
        ("aggregation_strategy = 'all'", "P202", 5, "'skeleton'"),
        ("preferred_models = 'x'", "P202", 5, "list"),
        ("preferred_models = [{ model = 'x' }]", "P203", 5, "provider"),
        ("preferred_models = [\n{ provider = 'a', model = 'x', tmp = 1 }]", "P201", 6, "tmp"),
        ("preferred_models = [{ provider = 'a', model = 'x', top_p = 2 }]", "P202", 5, "top_p"),
        ("preferred_models = [{ provider = 'a', model = 1 }]", "P202", 5, "text"),
        ("preferred_models = []\nmodel = 'a/b'", "P202", 5, "two ways"),
        ("system_prompt = 'a'\ncontext.system_prompt = 'b'", "P202", 5, "twice"),
        ("models = ['a/b']", "P202", 5, "first choice"),
        ("[personas.bad.model]\ntemperature = 1", "P203", 5, "model_id"),
        ("[personas.bad.model]\nmodel_id = 'a/b'\ntemperature = true", "P202", 7, "number"),
        ("[personas.bad.options]\nx = nan", "P202", 6, "nan"),
        ('[personas.bad.options]\nx = "\\u0000"', "P202", 6, "NUL"),
    ],
)
def test_bad_table_is_told_and_hides_no_good_one(
    tmp_path: Path, body: str, code: str, line: int, word: str
):
    text = f"[personas.good]\nsystem_prompt = 'x'\n\n[personas.bad]\n{body}\n[personas.last]\n"
    result = load(tmp_path, text)
    assert [d.name for d in result.definitions] == ["good", "last"]
    (found,) = result.diagnostics
    assert (found.code, found.line, found.severity) == (code, line, "error")
    assert word in f"{found.message} {found.fix}"


def test_persona_that_is_no_table_is_told(tmp_path: Path):
    result = load(tmp_path, "[personas]\na = 1\nb = { system_prompt = 'x' }\n")
    assert [d.name for d in result.definitions] == ["b"]
    assert [(d.code, d.line) for d in result.diagnostics] == [("P202", 2)]


def test_name_that_is_no_short_name_is_shown_and_shortened(tmp_path: Path):
    result = load(tmp_path, '[personas."Code Reviewer"]\n[personas.CODE-Reviewer]\n')
    (persona,) = result.definitions
    assert (persona.name, persona.key) == ("code-reviewer", "Code Reviewer")
    assert persona.identity.name == "Code Reviewer"
    assert [(d.code, d.line) for d in result.diagnostics] == [
        ("P307", 1), ("P303", 2), ("P307", 2)
    ]  # fmt: skip


def test_unknown_table_is_told_as_a_warning(tmp_path: Path):
    result = load(tmp_path, "[persona.x]\n")
    (found,) = result.diagnostics
    assert (found.code, found.severity) == ("P201", "warning")
    assert "'personas'" in found.fix


@pytest.mark.parametrize("kind", ["tool_presets", "bias_profiles", "context_presets"])
def test_bad_preset_is_told_with_its_place(tmp_path: Path, kind: str):
    result = load(
        tmp_path, f"[{kind}.a]\ndescription = 'x'\nmine = 1\n[{kind}.b]\ndescription = 1\n"
    )
    (found,) = result.diagnostics
    assert (found.code, found.line) == ("P202", 5)


def test_file_without_personas_is_fine(tmp_path: Path):
    assert load(tmp_path, "") == LoadResult()
    assert load(tmp_path, b"\xef\xbb\xbf# nothing\r\n") == LoadResult()


def test_loader_claims_its_file_only():
    assert TOML.claims("personas.toml")
    assert not TOML.claims("pyproject.toml")
    assert not TOML.claims(".personas.toml.tmp")


def test_persona_that_builds_on_another_may_leave_out_model_and_name(tmp_path: Path):
    text = "[personas.a]\nextends = 'user:b'\n[personas.a.model]\ntemperature = 0.5\n"
    result = load(tmp_path, text + "[personas.c]\nidentity.description = 'x'\n")
    assert result.diagnostics == ()
    first, second = result.definitions
    assert first.extends == ["user:b"]
    assert first.model is not None
    assert first.model.temperature == 0.5
    assert "identity" not in first.origins
    assert "identity.name" not in first.origins
    assert first.origins["extends"].line == 2
    assert "identity.name" not in second.origins
    assert second.origins["identity.description"].line == 6


def test_name_that_is_written_has_an_origin(tmp_path: Path):
    (persona,) = load(tmp_path, "[personas.a]\nidentity = 'Sage'\n").definitions
    assert persona.origins["identity.name"].line == 2


def test_markdown_takes_the_same_keys(tmp_path: Path):
    path = tmp_path / "sage.persona.md"
    path.write_text(
        "---\nmodel: a/b\nmodels:\n  - c/d\n  - model_id: e/f\n    temperature: 0.5\n"
        "tool_preset: read_only\naggregation_strategy: full\n---\nHi\n"
    )
    result = load_markdown(path)
    assert result.diagnostics == ()
    (persona,) = result.definitions
    assert [m.model_id for m in persona.models] == ["c/d", "e/f"]
    assert (persona.tool_preset, persona.aggregation_strategy) == ("read_only", "full")
    assert persona.origins["models.1.temperature"].line == 6


PIECES = [
    "[personas.a]\n", "[personas.b.model]\n", "[[personas.a.models]]\n", "[personas]\n", "x.y = ",
    "model_id = ", "preferred_models = ", "system_prompt = ", "models = ", "options = ", "'a/b'\n",
    '"""\nx\\"""""\n', "'''y''''\n", "1\n", "nan\n", "1e999\n", "2026-11-21 10:00:00\n", "true\n",
    "[{provider='p', model='m'}]\n", "[[1], {a = 'b # ]'}, # c\n]\n", "{ a.b = 1, 'c d' = [] }\n",
    "identity = ", "context = ", "mcp_servers = ", "# note\n", "\n", "=", "[", "]", '"', "\r\n",
    "[tool_presets.x]\n", "\0", "allow = ", "'q k'.z = ", "personas = ", "é🦉", "9" * 5000 + "\n",
]  # fmt: skip


@settings(
    max_examples=1000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=14))
def test_file_of_toml_pieces_never_raises(tmp_path: Path, pieces: list[str]):
    path = tmp_path / "fuzz.toml"
    path.write_text("".join(pieces), encoding="utf-8", newline="")
    result = TOML.load(Source(path, Scope.USER, tmp_path))
    lines = "".join(pieces).count("\n") + 1
    for found in result.diagnostics:
        assert found.code in CODES
        assert 1 <= found.line <= lines
        assert found.column >= 1
        assert found.message
        assert found.fix
    for definition in result.definitions:
        assert all(1 <= origin.line <= lines for origin in definition.origins.values())


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "[" * 90 + "]" * 90])
def test_deep_file_is_no_danger(tmp_path: Path, text: str):
    result = load(tmp_path, f"[personas.a.options]\n{text}\n")
    assert result.definitions == ()
    assert result.diagnostics[0].code in ("P109", "P202")
