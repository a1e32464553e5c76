"""Files of other tools: one finding that names the tool."""

import pytest

CLAUDE = """\
name: code-reviewer
description: Reviews code
tools: Read, Grep, Glob
model: sonnet
permissionMode: plan
color: blue
"""
CASES = [
    (CLAUDE, "Claude Code"),
    ("name: a\ndescription: b\ntools: Read\nmodel: inherit", "Claude Code"),
    ("name: a\ndescription: b\nhooks: {}\nmaxTurns: 3\nmcpServers: [x]", "Claude Code"),
    (
        "description: Plans\ntools: [search, fetch]\ntarget: vscode\n"
        "handoffs:\n  - label: Go\n    agent: b\n    prompt: c",
        "VS Code",
    ),
    ("name: P\ndescription: d\nargument-hint: x\nmodel: [GPT-5.2 (copilot)]", "VS Code"),
    ("description: d\nmode: subagent\npermission:\n  edit: deny\n  bash: ask", "OpenCode"),
    (
        "description: d\nmode: primary\nmodel: anthropic/claude\ntemperature: 0.1\n"
        "tools:\n  write: false",
        "OpenCode",
    ),
    ("name: pdf\ndescription: Reads PDFs\nallowed-tools: Read Bash", "Agent Skill"),
    ("name: pdf\ndescription: d\nlicense: MIT\nmetadata: {version: '1'}", "Agent Skill"),
    ("name: a\ndescription: b\nkind: local\nmax_turns: 5\ntimeout_mins: 3", "Gemini"),
    ("slug: a\nname: A\nroleDefinition: You are\ngroups: [read]", "Roo Code"),
    ("title: a\ndescription: b\ninstructions: c\nextensions: []", "Goose"),
    ("description: a\nglobs: '*.py'\nalwaysApply: false", "Cursor"),
    ("id: p\nname: P\nuses: null", "another tool"),
    ("character: Bob\nvariables: truth\nmax_step: 3", "another tool"),
    ("name: a\nrole: R\ntone: warm\ngoals: [x]\nbackstory: long", "another tool"),
]


@pytest.mark.parametrize(("front", "tool"), CASES)
def test_file_of_another_tool_gives_one_finding(refused, front, tool):
    found = refused(f"---\n{front}\n---\nYou are.\n")
    assert found.code == "P204"
    assert tool in found.message
    assert found.line >= 2


def test_finding_names_the_foreign_keys_and_the_first_of_them(refused):
    found = refused(f"---\n{CLAUDE}---\n")
    assert (found.line, found.column) == (3, 1)
    for key in ("description", "tools", "permissionMode", "color"):
        assert key in found.message
    assert "name," not in found.message
    assert "mcp_servers" in found.fix


@pytest.mark.parametrize(
    "front",
    [
        "engine: litellm\ntools: Read\ncolor: blue\npermissionMode: plan",
        "identity: Sage\ntools: Read\ncolor: blue",
        "model: {model_id: a/b}\ndescription: x\ntools: y",
    ],
)
def test_own_file_with_foreign_keys_is_told_key_by_key(load, front):
    result = load(f"---\n{front}\n---\n")
    assert {d.code for d in result.diagnostics} == {"P201"}
    assert len(result.diagnostics) >= 2


@pytest.mark.parametrize(
    "front", ["name: a\ndescription: b", "description: b", "model: a/b\ntemperature: 1\navatar: x"]
)
def test_misplaced_keys_alone_are_not_taken_for_another_tool(load, front):
    result = load(f"---\n{front}\n---\n")
    assert {d.code for d in result.diagnostics} == {"P201"}
    assert all("under" in d.fix for d in result.diagnostics)
