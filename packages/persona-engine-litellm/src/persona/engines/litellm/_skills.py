"""Agent Skills: a catalogue in the prompt, the text on demand."""

from __future__ import annotations

import asyncio
import glob
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from persona.engines.litellm._tools import Result, Tool

_FILE = "SKILL.md"
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_SKIPPED = frozenset({".ipynb_checkpoints", "__pycache__", ".git", "node_modules"})
_MOST_FILES = 100
_LONGEST = 200_000

_PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "Name of the skill."},
        "file": {
            "type": "string",
            "description": "A file of the skill, relative to its folder. Omit it for the "
            "skill's instructions.",
        },
    },
    "required": ["name"],
}


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill that was found: what the catalogue says, and its folder, links resolved."""

    name: str
    description: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Skills:
    """The skills of one turn.

    Attributes:
        found: By name.
        problems: For the user, one line for each skill that cannot be used.
    """

    found: dict[str, Skill]
    problems: tuple[str, ...] = ()

    def catalogue(self) -> str:
        """Return what the system prompt says about the skills, empty if there are none."""
        if not self.found:
            return ""
        lines = [f"- {skill.name}: {skill.description}" for skill in self.found.values()]
        return (
            "You have skills: instructions for certain kinds of work. When a request fits one, "
            "read it with the tool read_skill before you answer, and follow it.\n"
            + "\n".join(lines)
        )

    def tools(self) -> list[Tool]:
        """Return the tool that reads the skills, none if there are no skills."""
        if not self.found:
            return []
        return [
            Tool(
                name="read_skill",
                title="read_skill",
                description="Read the instructions of one of your skills, or a file of it.",
                parameters=_PARAMETERS,
                run=self._run,
            )
        ]

    async def _run(self, arguments: dict[str, Any]) -> Result:
        skill = self.found.get(str(arguments.get("name")))
        if skill is None:
            known = ", ".join(self.found)
            return Result(f"There is no such skill. The skills are: {known}.", failed=True)
        file = arguments.get("file")
        try:
            return Result(await asyncio.to_thread(_read, skill, str(file) if file else None))
        except (OSError, ValueError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else exc
            return Result(f"{file or _FILE} cannot be read: {reason}", failed=True)


def find_skills(patterns: Sequence[str]) -> Skills:
    """Return the skills under absolute paths or patterns. Blocking.

    A match may be a skill's folder, its SKILL.md, or a folder of skills. The first of
    two with one name wins.
    """
    found: dict[str, Skill] = {}
    problems: list[str] = []
    for file in _skill_files(patterns):
        try:
            skill = _load(file)
        except (OSError, ValueError) as exc:
            problems.append(f"The skill {file.parent.name} cannot be used: {exc}")
            continue
        if skill is None:
            continue
        first = found.setdefault(skill.name, skill)
        if first.folder != skill.folder:
            problems.append(f"Two skills are named {skill.name}; {first.folder.name} is used.")
    return Skills(found, tuple(problems))


def _skill_files(patterns: Iterable[str]) -> list[Path]:
    files: dict[Path, None] = {}
    for pattern in patterns:
        for match in sorted(glob.glob(pattern, recursive=True, include_hidden=True)):  # noqa: PTH207
            path = Path(match)
            if _SKIPPED & set(path.parts):
                continue
            if path.name == _FILE:
                files[path] = None
            elif (path / _FILE).is_file():
                files[path / _FILE] = None
            elif path.is_dir():
                files.update(dict.fromkeys(sorted(path.glob(f"*/{_FILE}"))))
    return list(files)


def _load(file: Path) -> Skill | None:
    """Return the skill, or None if it says that models shall not call it.

    Raises:
        ValueError: Its front matter is not that of a skill.
        OSError: It cannot be read.
    """
    folder = file.parent.resolve()
    front = _FRONT.match(_text(_inside(folder, _FILE)))
    if front is None:
        raise ValueError(f"{_FILE} has no front matter between two lines of ---.")
    try:
        data = yaml.safe_load(front.group(1))
    except yaml.YAMLError as exc:
        reason = getattr(exc, "problem", None) or "syntax error"
        raise ValueError(f"the front matter of {_FILE} is not YAML: {reason}.") from exc
    if not isinstance(data, dict):
        raise ValueError(f"the front matter of {_FILE} has no name and description.")
    name, description = data.get("name"), data.get("description")
    if not isinstance(name, str) or len(name) > 64 or not _NAME.fullmatch(name):
        raise ValueError("its name must be lower-case letters, digits and single dashes.")
    if not isinstance(description, str) or not description.strip():
        raise ValueError("it has no description.")
    if data.get("disable-model-invocation") is True:
        return None
    return Skill(name, " ".join(description.split())[:1024], folder)


def _read(skill: Skill, file: str | None) -> str:
    if file is not None:
        return _text(_inside(skill.folder, file))
    text = _FRONT.sub("", _text(_inside(skill.folder, _FILE)), count=1).strip()
    others = _other_files(skill.folder)
    if others:
        text += "\n\nFiles of this skill, to be read with read_skill(name, file):\n"
        text += "\n".join(f"- {name}" for name in others)
    return text


def _other_files(folder: Path) -> list[str]:
    names = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name != _FILE
        and not _SKIPPED & set(path.relative_to(folder).parts)
    ]
    return names[:_MOST_FILES]


def _inside(folder: Path, file: str) -> Path:
    path = (folder / file).resolve()
    if not path.is_relative_to(folder):
        raise ValueError(f"{file} is outside of the skill's folder.")
    return path


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise ValueError(f"{path.name} is not UTF-8 text.") from exc
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "\n… (the rest is left out)"
