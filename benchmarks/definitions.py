"""A thousand personas: one file each, and all in one."""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import tomlkit
import yaml

from benchmarks.files import write_definitions, write_table
from benchmarks.measure import Measure, cost_of
from persona.core import Catalog, PersonaDefinition, Scope, Source
from persona.loaders import MARKDOWN, TOML, TomlPersonaStore

COUNT = 1_000
COLD = 1.5
WARM = 3.0
ONE_CHANGED = 4.0
TABLE = 1.5
SAVING = 1.0

_DESCRIPTION = re.compile(r"(  description: )(.*)")


def measure(*, full: bool) -> Iterator[Measure]:
    """Yield what reading, looking again, and saving cost."""
    rounds = 15 if full else 7
    with tempfile.TemporaryDirectory() as name:
        yield from _files(Path(name).resolve(), rounds)
    with tempfile.TemporaryDirectory() as name:
        yield from _escaped(Path(name).resolve(), rounds)
    with tempfile.TemporaryDirectory() as name:
        yield from _table(Path(name).resolve(), rounds)


def _files(folder: Path, rounds: int) -> Iterator[Measure]:
    paths = _paths(write_definitions(folder, COUNT))
    fronts = [_front(_text(path)) for path in paths]
    cold, parsing, reading = _best(
        rounds,
        lambda: _view(Catalog(locations=(), loaders=(MARKDOWN, TOML)), folder),
        lambda: [_parse(front) for front in fronts],
        lambda: [_parse(_front(_text(path))) for path in paths],
    )
    size = sum(os.stat(path).st_size for path in paths) / COUNT  # noqa: PTH116
    yield Measure(
        "definitions",
        f"cold load of {COUNT:,} Markdown files against the bare parse of their front matter",
        cold / parsing,
        "x",
        COLD,
        detail={"ms": cold * 1e3, "bare parse, ms": parsing * 1e3, "bytes a file": size},
    )
    yield Measure(
        "definitions",
        "the same against opening the files and the bare parse",
        cold / reading,
        "x",
        detail={"opening and bare parse, ms": reading * 1e3},
    )
    catalog = Catalog(locations=(), loaders=(MARKDOWN, TOML))
    before = catalog.view(folder)
    warm, stats = _best(
        4 * rounds,
        lambda: catalog.view(folder),
        lambda: [os.stat(path) for path in paths],  # noqa: PTH116
    )
    if catalog.view(folder) is not before or catalog.reads != COUNT:
        raise RuntimeError(f"Unchanged files were read again: {catalog.reads} reads.")
    yield Measure(
        "definitions",
        f"warm load against a stat of {COUNT:,} files",
        warm / stats,
        "x",
        WARM,
        detail={"ms": warm * 1e3, "stat, ms": stats * 1e3},
    )
    changes = iter(range(1_000_000))

    def change() -> None:
        with Path(paths[COUNT // 2]).open("a", encoding="utf-8") as file:
            file.write(f"{next(changes)}\n")
        catalog.view(folder)

    (changed,) = _best(rounds, change)
    yield Measure(
        "definitions",
        f"files that are read again when one of {COUNT:,} changed",
        (catalog.reads - COUNT) / next(changes),
        "",
        1,
    )
    yield Measure(
        "definitions",
        "load with one changed file against a warm load",
        changed / warm,
        "x",
        ONE_CHANGED,
        detail={"ms": changed * 1e3},
    )


def _escaped(folder: Path, rounds: int) -> Iterator[Measure]:
    """Measure front matter that is too rich to be read line by line."""
    personas = write_definitions(folder, COUNT)
    for file in personas.iterdir():
        text = file.read_text(encoding="utf-8")
        file.write_text(_DESCRIPTION.sub(r'\1"\\u2192 \2"', text), encoding="utf-8")
    fronts = [_front(_text(path)) for path in _paths(personas)]
    cold, parsing = _best(
        rounds,
        lambda: _view(Catalog(locations=(), loaders=(MARKDOWN, TOML)), folder),
        lambda: [_parse(front) for front in fronts],
    )
    yield Measure(
        "definitions",
        "cold load against the bare parse, of front matter that cannot be read line by line",
        cold / parsing,
        "x",
        detail={"ms": cold * 1e3, "bare parse, ms": parsing * 1e3},
    )


def _table(folder: Path, rounds: int) -> Iterator[Measure]:
    file = write_table(folder, COUNT)
    source = Source(file, Scope.PROJECT, folder)
    found = TOML.load(source)
    if len(found.definitions) != COUNT or found.diagnostics:
        raise RuntimeError(f"{file} is not read: {found.diagnostics[:3]}")
    entries = [definition.model_dump(exclude_unset=True) for definition in found.definitions]
    cold, bare, validation = _best(
        rounds,
        lambda: TOML.load(source),
        lambda: _toml(file),
        lambda: [PersonaDefinition.model_validate(entry) for entry in entries],
    )
    yield Measure(
        "definitions",
        f"load of {COUNT:,} entries of personas.toml against tomllib.load and validation",
        cold / (bare + validation),
        "x",
        TABLE,
        detail={"ms": cold * 1e3, "tomllib, ms": bare * 1e3, "validation, ms": validation * 1e3},
    )
    store = TomlPersonaStore(folder)
    persona = store.load_all()[f"researcher-{COUNT // 2}"]
    before = file.read_bytes()
    numbers = iter(range(1_000_000))

    def save() -> None:
        persona.tool_preset = f"preset-{next(numbers)}"
        store.save_persona(persona)

    save()
    yield Measure(
        "definitions",
        f"lines that change when a value of one of {COUNT:,} entries is saved",
        _changed_lines(before, file.read_bytes()),
        "",
        1,
    )
    text = before.decode()
    saving, editing = _best(
        5 if rounds > 7 else 3, save, lambda: tomlkit.dumps(tomlkit.parse(text))
    )
    yield Measure(
        "definitions",
        f"saving one of {COUNT:,} entries against parsing and writing the file with tomlkit",
        saving / editing,
        "x",
        SAVING,
        detail={"ms": saving * 1e3, "tomlkit, ms": editing * 1e3},
    )


def _best(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Return the least CPU seconds of each, taken in turns: others only ever add to it."""
    seconds = [[cost_of(work).cpu for work in works] for _ in range(rounds)]
    return [min(column) for column in zip(*seconds, strict=True)]


def _view(catalog: Catalog, folder: Path) -> None:
    if len(catalog.view(folder).personas) != COUNT:
        raise RuntimeError(f"Not all personas of {folder} are read.")


def _paths(personas: Path) -> list[str]:
    return sorted(str(path) for path in personas.iterdir())


def _text(path: str) -> str:
    # Bare: not by way of a `Path`.
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        return file.read()


def _front(text: str) -> str:
    return text.split("---\n", 2)[1]


def _parse(front: str) -> Any:
    """Parse with the fastest safe loader that is at hand."""
    return yaml.load(front, Loader=yaml.CSafeLoader)


def _toml(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        return tomllib.load(stream)


def _changed_lines(before: bytes, after: bytes) -> int:
    one, other = before.splitlines(keepends=True), after.splitlines(keepends=True)
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return sum(
        max(to - start, to2 - start2)
        for tag, start, to, start2, to2 in matcher.get_opcodes()
        if tag != "equal"
    )
