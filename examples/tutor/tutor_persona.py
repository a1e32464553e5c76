"""A tutor. It makes notebooks by itself, and talks with a model if it has one.

Copy this folder to `.jupyter/personas/tutor/` and write `@Tutor help` in a chat.

What it can do for sure it does in Python, at once and without a model: `new <topic>`, `list`,
`help`. Everything else goes to its model. The functions that do the work stand at the top and
know nothing of chats, so that `test_tutor.py` can test them.
"""

from __future__ import annotations

import ast
import asyncio
import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from persona.core import PersonaModel, escape_markdown
from persona.loaders.python import BasePersona, PersonaDefaults

TEMPLATE = Path(__file__).with_name("lesson.ipynb")

LONGEST_TOPIC = 120
LARGEST_LESSON = 4_000_000
MOST_LESSONS = 50

HELP = """\
I make notebooks to learn with. Write one of these behind my name:

- `new <topic>` makes a notebook on a topic, for example `new linear regression`
- `list` shows the notebooks that I have made here
- `help` shows this

Anything else is a question, and I answer it with my model."""

NO_MODEL = """\
I have no model to talk with yet. Give me one with `/model @Tutor provider/model`, or write it \
in `tutor_persona.py`. My commands work without: `new <topic>`, `list` and `help`."""

_TOPIC_LINE = re.compile(r"^TOPIC *=.*$", re.MULTILINE)


class TutorError(Exception):
    """What goes wrong, in words for whoever asked."""


@dataclass(frozen=True)
class Command:
    """What a message asks for."""

    name: Literal["new", "list", "help", "ask"]
    topic: str = ""


@dataclass(frozen=True)
class Lesson:
    """A notebook that was made."""

    file: Path
    topic: str
    is_new: bool = False


def parse(text: str) -> Command:
    """Return what a message, without its mention, asks for."""
    words = text.split(maxsplit=1)
    if not words:
        return Command("help")
    first, rest = words[0].casefold(), words[1] if len(words) > 1 else ""
    if first == "new":
        return Command("new", unquoted(visible(rest)))
    if not rest and first.rstrip("!?.") in ("help", "list"):
        return Command("help" if first.startswith("help") else "list")
    return Command("ask")


def visible(text: str) -> str:
    """Return a text on one line, without characters that cannot be seen."""
    spaced = "".join(" " if c.isspace() else c for c in text)
    seen = "".join(c for c in spaced if unicodedata.category(c)[0] != "C")
    return " ".join(unicodedata.normalize("NFC", seen).split())


def unquoted(text: str) -> str:
    """Return a text without the quotes around it."""
    marks = ('"', "'", "`")
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in marks
    return text[1:-1].strip() if is_quoted else text


def file_stem(topic: str) -> str:
    """Return a name for a topic's file: letters, digits and dashes, so it is never a path."""
    folded = unicodedata.normalize("NFKC", topic).casefold()
    words = re.sub(r"[\W_]+", "-", folded).strip("-")
    # File systems count bytes.
    short = words.encode()[:80].decode(errors="ignore").strip("-")
    return f"lesson-{short or hashlib.sha256(topic.encode()).hexdigest()[:8]}"


def with_topic(notebook: dict[str, Any], topic: str) -> dict[str, Any]:
    """Return a notebook whose first line `TOPIC = …` names a topic."""
    line = f"TOPIC = {topic!r}"
    cells = list(notebook["cells"])
    for number, cell in enumerate(cells):
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and _TOPIC_LINE.search(source):
            changed = _TOPIC_LINE.sub(lambda _: line, source, count=1)
            cells[number] = {**cell, "source": changed}
            return {**notebook, "cells": cells}
    raise TutorError(f"The template {TEMPLATE.name} has no line `TOPIC = …`.")


def topic_of(file: Path) -> str | None:
    """Return the topic that a notebook names, or None if it is none of ours."""
    try:
        if file.stat().st_size > LARGEST_LESSON:
            return None
        notebook = json.loads(file.read_text(encoding="utf-8"))
        sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    lines = [found[0] for source in sources if (found := _TOPIC_LINE.search(source))]
    if not lines or len(lines[0]) > 10 * LONGEST_TOPIC:
        return None
    try:
        topic = ast.literal_eval(lines[0].partition("=")[2].strip())
    except (ValueError, SyntaxError):
        return None
    return visible(topic) or None if isinstance(topic, str) else None


def make_lesson(topic: str, folder: Path) -> Lesson:
    """Make the notebook of a topic, or return the one that is there. Overwrites nothing.

    Raises:
        TutorError: It cannot be made.
    """
    if not topic:
        raise TutorError("Which topic? Write it behind `new`, for example `new linear regression`.")
    if len(topic) > LONGEST_TOPIC:
        raise TutorError(f"That is long for a topic: at most {LONGEST_TOPIC} characters, please.")
    try:
        template = json.loads(TEMPLATE.read_text(encoding="utf-8"))
        text = json.dumps(with_topic(template, topic), indent=1, ensure_ascii=False) + "\n"
        for number in count(1):
            stem = file_stem(topic) + (f"-{number}" if number > 1 else "")
            file = folder / f"{stem}.ipynb"
            try:
                with file.open("x", encoding="utf-8", newline="\n") as new:
                    new.write(text)
            except FileExistsError:
                if topic_of(file) == topic or number == MOST_LESSONS:
                    return Lesson(file, topic)
            else:
                return Lesson(file, topic, is_new=True)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        why = getattr(exc, "strerror", None) or exc
        raise TutorError(f"I could not make the notebook: {why}") from exc
    raise AssertionError("count() does not end")


def find_lessons(folder: Path) -> tuple[list[Lesson], int]:
    """Return the notebooks that were made in a folder, by name, and how many more there are.

    Raises:
        TutorError: The folder cannot be read.
    """
    try:
        files = sorted(file for file in folder.glob("lesson-*.ipynb") if file.is_file())
    except OSError as exc:
        raise TutorError(f"I could not look into this folder: {exc.strerror}") from exc
    shown = [Lesson(file, topic_of(file) or file.stem) for file in files[:MOST_LESSONS]]
    return shown, len(files) - len(shown)


def link(file: Path, root: Path, base_url: str) -> str:
    """Return a Markdown link that opens a file in JupyterLab."""
    path = quote(file.relative_to(root).as_posix())
    return f"[{escape_markdown(file.name)}]({base_url.rstrip('/')}/lab/tree/{path})"


class TutorPersona(BasePersona):
    """Does its commands itself and asks its model for the rest."""

    defaults = PersonaDefaults(
        name="Tutor",
        description="Makes notebooks to learn with: new <topic>, list, help",
        avatar_path="tutor.svg",
        system_prompt=(
            "You are a patient tutor. Explain one idea at a time, give a small example, and "
            "end with one question that checks whether it was understood. Do not solve "
            "exercises; give hints. Say that `new <topic>` makes a notebook where one helps."
        ),
    )
    model: str | PersonaModel | None = None  # for example "openai/gpt-4.1-mini"

    async def process_message(self, message: Any) -> None:
        """Do what the message asks for."""
        command = parse(self.text_of(message))
        if command.name == "ask" and self.model_id:
            await self.ask_model(message)
            return
        folder = Path(self.get_chat_dir())
        try:
            # Files are read and written in a thread: the chats of others go on.
            self.send_message(await asyncio.to_thread(self.answer, command, folder))
        except TutorError as exc:
            self.send_message(str(exc))

    def answer(self, command: Command, folder: Path) -> str:
        """Return the answer to a command."""
        match command.name:
            case "new":
                lesson = make_lesson(command.topic, folder)
                topic, where = escape_markdown(lesson.topic), self.link_to(lesson)
                if lesson.is_new:
                    return f"I have made {where} on **{topic}**. Open it and run the cells in turn."
                return f"{where} is there already. I have left it as it is."
            case "list":
                lessons, more = find_lessons(folder)
                shown = [f"- {self.link_to(one)}: {escape_markdown(one.topic)}" for one in lessons]
                if more:
                    shown.append(f"- and {more} more")
                return "\n".join(shown) or "There are none here yet. `new <topic>` makes one."
            case "help":
                return HELP
            case _:
                return NO_MODEL

    def link_to(self, lesson: Lesson) -> str:
        """Return a link to a notebook."""
        return link(lesson.file, Path(self.parent.root_dir), self.parent.base_url)
