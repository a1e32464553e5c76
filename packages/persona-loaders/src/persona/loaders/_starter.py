"""The text of a new persona, for somebody who has never written one."""

from __future__ import annotations

import json
import re

from persona.core import mention_name

_ENGINE = "litellm"
"""What answers if nothing else was named."""

_MODEL_ID = "ollama/llama3.1"
"""What stands there until the user writes their own."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _./-]*[A-Za-z0-9]|[A-Za-z]")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}

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


def starter_choice(engine: str | None, model: str | None) -> tuple[str, str | None]:
    """Return engine and model of a new persona; without a model, the engine's own is used.

    Args:
        engine: What was chosen, if anything.
        model: What was chosen, if anything.
    """
    engine = engine or _ENGINE
    return engine, model or (_MODEL_ID if engine == _ENGINE else None)


def starter_prompt(name: str) -> str:
    """Return the prompt that a new persona has if none was given.

    Args:
        name: Its name as it is shown.
    """
    return (
        f"You are {name}, a helpful assistant in JupyterLab.\n\n"
        "Answer briefly. Ask if something is not clear. Say so if you do not know."
    )


def markdown_starter(
    name: str, engine: str | None = None, model: str | None = None, prompt: str | None = None
) -> bytes:
    """Return the content of a new Markdown file, with comments that explain it.

    Args:
        name: Its name as it is shown.
        engine: What answers; see `starter_choice`.
        model: The model; see `starter_choice`.
        prompt: How it behaves; by default `starter_prompt`.
    """
    engine, model = starter_choice(engine, model)
    block = _NO_MODEL if model is None else _MODEL.format(model=_scalar(model))
    return _MARKDOWN.format(
        mention=f"@{mention_name(name)}",
        name=_scalar(name),
        engine=_scalar(engine),
        model=block,
        prompt=starter_prompt(name) if prompt is None else prompt,
    ).encode()


def _scalar(text: str) -> str:
    """Return a text as a YAML value on one line."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and not text.endswith("."):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())
