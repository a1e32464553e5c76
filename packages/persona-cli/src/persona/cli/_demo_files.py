"""Lay out the demo's workspace. What a user changed is never touched."""

from __future__ import annotations

import base64
import json
import re
import sys
import time
import uuid
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from persona.cli._demo_model import FoundModel

CANNED_MODEL = "custom_openai/canned-reply"
"""Model string of personas without a model; LiteLLM's mock never calls it."""

CHAT = "welcome.chat"
MARKDOWN = ("guide", "data-sage", "scout")
TUTOR = "personas/tutor/tutor_persona.py"
"""The example `tutor`, which is written in Python."""

PERSONAS = (*MARKDOWN, "tutor")

_COPIED = {
    "README.md": "README.md",
    "measurements.csv": "measurements.csv",
    "skills/describe-a-table/SKILL.md": ".jupyter/skills/describe-a-table/SKILL.md",
    "tools/workspace.py": ".jupyter/tools/workspace.py",
    **{
        f"personas/{name}": f".jupyter/personas/{name}"
        for name in (*(f"{name}.svg" for name in MARKDOWN), "tutor/lesson.ipynb", "tutor/tutor.svg")
    },
}
_REAL = r"model:\n  model_id: [^\n]+\n(?:  model_url: [^\n]+\n)?"
_NO_MODEL = '    model: str | PersonaModel | None = None  # for example "openai/gpt-4.1-mini"\n'
_REAL_IN_PYTHON = r"    model = PersonaModel\([^\n]*\)\n"

WELCOME = """\
**Welcome.** Four personas live in this folder. Type one of these lines below and press Enter:

- `@Guide what can I do here?`
- `@Data-Sage describe measurements.csv` (attach the file with the paper clip)
- `@Scout which files are here?`
- `@Tutor new linear regression` (makes a notebook, by itself)
- `/engine @Guide recall` moves Guide to an engine that only looks things up in this chat. Ask
  `@Guide what did I ask first?`: it still knows. `/engine @Guide litellm` moves it back.

Without a language model the other replies are canned and say so, with the way to get real ones."""


@dataclass(slots=True)
class Layout:
    """What was done, as paths relative to the workspace.

    Attributes:
        made: New files.
        updated: Files of an earlier demo that nobody changed and that a model was found for.
        kept: Files that somebody changed.
    """

    made: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def lay_out(folder: Path, model: FoundModel | None) -> Layout:
    """Make what is missing of the workspace in ``folder``.

    Raises:
        OSError: A file cannot be written, or a folder is in the way.
    """
    layout = Layout()
    source = files("persona.cli") / "workspace"
    for origin, target in _COPIED.items():
        _keep_or_make(folder, target, _read(source / origin), layout)
    for name in MARKDOWN:
        template = _read(source / f"personas/{name}.persona.md")
        canned = _canned(_read(source / f"personas/{name}.canned.md"))
        block = _Block(canned if model is None else _real(model), canned, _REAL)
        _lay_out_persona(folder, f".jupyter/personas/{name}.persona.md", template, block, layout)
    template = _read(source / TUTOR).replace(_NO_MODEL, "{{model}}")
    line = _NO_MODEL if model is None else _real_in_python(model)
    block = _Block(line, _NO_MODEL, _REAL_IN_PYTHON)
    _lay_out_persona(folder, f".jupyter/{TUTOR}", template, block, layout)
    chat = folder / CHAT
    if not chat.exists():
        _write(chat, json.dumps(_welcome_chat(), indent=2))
        layout.made.append(CHAT)
    return layout


def _keep_or_make(folder: Path, target: str, text: str, layout: Layout) -> None:
    path = folder / target
    if not path.exists():
        _write(path, text)
        layout.made.append(target)
    elif _text_of(path) != text:
        layout.kept.append(target)


@dataclass(frozen=True, slots=True)
class _Block:
    """What a file says of its model: now, without a model, and how a real one looks."""

    text: str
    without: str
    real: str


def _lay_out_persona(
    folder: Path, target: str, template: str, block: _Block, layout: Layout
) -> None:
    path = folder / target
    if not path.exists():
        _write(path, _fill(template, folder, block.text))
        layout.made.append(target)
        return
    current = _text_of(path)
    ours = _pattern(template, block).fullmatch(current)
    if ours is None:
        layout.kept.append(target)
        return
    # A model that stands there already may be the user's choice.
    chosen = block.text if ours["model"] == block.without else ours["model"]
    wanted = _fill(template, folder, chosen)
    if wanted != current:
        _write(path, wanted)
        layout.updated.append(target)


def _fill(template: str, folder: Path, block: str) -> str:
    script = folder.resolve() / ".jupyter" / "tools" / "workspace.py"
    return (
        template.replace("{{model}}", block)
        .replace("{{python}}", json.dumps(sys.executable))  # JSON strings are YAML strings
        .replace("{{script}}", json.dumps(str(script)))
    )


def _pattern(template: str, block: _Block) -> re.Pattern[str]:
    """Return what the demo itself may have written, with any model and any folder."""
    text = re.escape(template)
    model = f"(?P<model>{re.escape(block.without)}|{block.real})"
    text = text.replace(re.escape("{{model}}"), model)
    for path in ("{{python}}", "{{script}}"):
        text = text.replace(re.escape(path), r'"[^\n]*"')
    return re.compile(text)


def _canned(reply: str) -> str:
    indented = "".join(f"    {line}".rstrip() + "\n" for line in reply.splitlines())
    return (
        "# No model answers yet: LiteLLM's own mock says the text below. For a real one, write\n"
        "# its name after model_id and delete the part `options`.\n"
        f"model:\n  model_id: {CANNED_MODEL}\noptions:\n  mock_response: |\n{indented}"
    )


def _real(model: FoundModel) -> str:
    url = f"  model_url: {json.dumps(model.model_url)}\n" if model.model_url else ""
    return f"model:\n  model_id: {json.dumps(model.model_id)}\n{url}"


def _real_in_python(model: FoundModel) -> str:
    url = f", model_url={json.dumps(model.model_url)}" if model.model_url else ""
    return f"    model = PersonaModel(model_id={json.dumps(model.model_id)}{url})\n"


def _welcome_chat() -> dict[str, object]:
    icon = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        '<circle cx="50" cy="50" r="50" fill="#475569"/>'
        '<circle cx="36" cy="52" r="11" fill="#5eead4"/><circle cx="64" cy="52" r="11"'
        ' fill="#a5b4fc"/><circle cx="50" cy="34" r="11" fill="#fcd34d"/></svg>'
    )
    user = {
        "username": "personas::system",
        "name": "Personas",
        "display_name": "Personas",
        "initials": "P",
        "color": None,
        "avatar_url": f"data:image/svg+xml;base64,{base64.b64encode(icon.encode()).decode()}",
        "bot": True,
    }
    message = {
        "id": str(uuid.uuid4()),
        "body": WELCOME,
        "time": time.time(),
        "sender": "personas::system",
        "type": "msg",
        "raw_time": False,
        "mentions": [],
        "metadata": {"persona": {"kind": "notice", "state": "complete"}},
    }
    return {
        "messages": [message],
        "users": {"personas::system": user},
        "attachments": {},
        "metadata": {"id": uuid.uuid4().hex},
    }


def _read(file: Traversable) -> str:
    return file.read_text(encoding="utf-8").replace("\r\n", "\n")


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
