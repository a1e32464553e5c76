"""Folders full of persona files, and one file full of personas."""

from __future__ import annotations

from pathlib import Path

_FILE = """\
---
engine: litellm
model:
  model_id: ollama/llama3.1
context:
  mcp_servers:
    - name: papers
      type: http
      url: http://127.0.0.1:9/mcp
    - name: files
      type: stdio
      command: files-server
      args: [--root, data]
identity:
  name: Researcher {number}
  description: Finds sources and sums them up, number {number}
options:
  temperature: 0.2
---
You are a careful researcher. You are number {number}.

{prompt}
"""
_PROFILE = """\
# Number {number}
[personas.researcher-{number}]
preferred_models = [
    {{ provider = "anthropic", model = "claude-{number}", temperature = 0.2, top_p = 0.9 }},
    {{ provider = "ollama", model = "llama3.1" }},
]
system_prompt = '''
You are a careful researcher. You are number {number}.
Read before you answer, name your sources, and say what you do not know.
'''
tool_preset = "research"  # the one with the papers
aggregation_strategy = "summarize"
"""
_PROMPT = "Read before you answer, name your sources, and say what you do not know.\n" * 22


def write_definitions(folder: Path, count: int) -> Path:
    """Write ``count`` definitions of about 2 KB into a project and return its personas folder."""
    personas = folder / ".jupyter" / "personas"
    personas.mkdir(parents=True)
    for number in range(count):
        text = _FILE.format(number=number, prompt=_PROMPT)
        (personas / f"researcher-{number}.persona.md").write_text(text, encoding="utf-8")
    return personas


def write_table(folder: Path, count: int) -> Path:
    """Write ``count`` profiles into a project's ``personas.toml`` and return it."""
    file = folder / "personas.toml"
    head = "# Who answers in this project.\n\n"
    text = head + "\n".join(_PROFILE.format(number=number) for number in range(count))
    file.write_text(text, encoding="utf-8")
    return file
