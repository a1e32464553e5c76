"""Folders full of persona files."""

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
_PROMPT = "Read before you answer, name your sources, and say what you do not know.\n" * 16


def write_definitions(folder: Path, count: int) -> Path:
    """Write ``count`` definitions of about 1.5 KB into a project and return its personas folder."""
    personas = folder / ".jupyter" / "personas"
    personas.mkdir(parents=True)
    for number in range(count):
        text = _FILE.format(number=number, prompt=_PROMPT)
        (personas / f"researcher-{number}.persona.md").write_text(text, encoding="utf-8")
    return personas
