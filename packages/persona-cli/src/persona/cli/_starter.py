"""The text of a new persona, for somebody who has never written one."""

from __future__ import annotations

import json
import re

from persona.cli._target import Name
from persona.core import mention_name

MODEL = "ollama/llama3.1"
"""What stands there until the user writes their own."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _./-]*[A-Za-z0-9]|[A-Za-z]")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}
_DEFAULT_ENGINE = "litellm"

_MARKDOWN = """\
---
# A persona: somebody to talk to in a JupyterLab chat. Lines with # are comments.
# Below the second line --- stands the prompt. `jupyter persona check` says what is wrong.

# How it appears: in the chat, write {mention}.
identity:
  name: {name}
  # description: One line for menus.
  # avatar: picture.svg       # an image beside this file, or an emoji

# What answers. `jupyter persona engines` shows the engines that are installed.
engine: {engine}

# The language model, as provider/model.
{model}
# What it knows and may use.
# context:
#   skills:                   # folders of Agent Skills, beside this file or in the project
#     - skills/*
#   mcp_servers:              # tools
#     - name: files
#       command: files-mcp

# To build on another persona, write its short name:
# extends: other-persona
---
{prompt}
"""
_MODEL = """\
model:
  model_id: {model}
  # temperature: 0.2          # 0 is the most predictable
"""
_NO_MODEL = """\
# model:
#   model_id: provider/model  # without it, the engine's own is used
#   temperature: 0.2          # 0 is the most predictable
"""
_TOML_HEAD = """\
# A persona: somebody to talk to in a JupyterLab chat; there, write {mention}.
# system_prompt says how it behaves, model is provider/model, and engine is what answers
# (`jupyter persona engines` shows those that are installed). More keys, if you like:
# description and avatar under identity, temperature under model, skills and mcp_servers
# under context, extends. `jupyter persona check` says what is wrong.
"""


def starter_prompt(name: Name) -> str:
    """Return the prompt that a new persona has if none was given."""
    return (
        f"You are {name.shown}, a helpful assistant in JupyterLab.\n\n"
        "Answer briefly. Ask if something is not clear. Say so if you do not know."
    )


def markdown_starter(name: Name, engine: str | None, model: str | None, prompt: str) -> bytes:
    """Return the content of a new Markdown file."""
    engine = engine or _DEFAULT_ENGINE
    model = model or (MODEL if engine == _DEFAULT_ENGINE else None)
    block = _NO_MODEL if model is None else _MODEL.format(model=_scalar(model))
    return _MARKDOWN.format(
        mention=f"@{mention_name(name.shown)}",
        name=_scalar(name.shown),
        engine=_scalar(engine),
        model=block,
        prompt=prompt,
    ).encode()


def toml_starter(
    name: Name, engine: str | None, model: str | None, prompt: str
) -> tuple[str, dict[str, object]]:
    """Return the comment lines and the values of a new table."""
    engine = engine or _DEFAULT_ENGINE
    model = model or (MODEL if engine == _DEFAULT_ENGINE else None)
    values: dict[str, object] = {"engine": engine}
    if model is not None:
        values["model"] = model
    values["system_prompt"] = prompt
    values["identity"] = {"name": name.shown}
    return _TOML_HEAD.format(mention=f"@{mention_name(name.shown)}"), values


def hidden_stub(slug: str, scope: str) -> str:
    """Return the comment of a file that only hides a farther persona."""
    return (
        f"# Hides the persona {slug!r} of {scope} scope.\n"
        f"# `jupyter persona enable {slug}` removes this file again.\n"
    )


def _scalar(text: str) -> str:
    """Return a text as a YAML value on one line."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and not text.endswith("."):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())
