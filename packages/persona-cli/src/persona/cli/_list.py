"""``jupyter persona list``: the personas that a folder sees."""

from __future__ import annotations

import sys
from argparse import Namespace

from persona.cli._errors import OK
from persona.cli._json import print_json
from persona.cli._place import Place, find_place, shown_path
from persona.cli._state import State, state_of_absent, state_of_persona
from persona.cli._table import print_table
from persona.cli._terminal import harmless
from persona.cli._trust import untrusted_of
from persona.core import BrokenFile, PersonaDefinition, mention_name, title_of

_HEADER = ("NAME", "SLUG", "ENGINE", "MODEL", "SCOPE", "FILE", "STATE")


def run(args: Namespace) -> int:
    """Print the personas and the files that cannot be used."""
    place = find_place(args.dir, args.root)
    view = place.view()
    registry = place.catalog.registry
    waiting = untrusted_of(place, view)
    rows = [
        row_of(d, state_of_persona(d, registry, waiting.get(d.name)))
        for d in view.personas.values()
    ]
    if args.all:
        rows += [row_of(a.definition, state_of_absent(a, registry)) for a in view.absent.values()]
    rows += [_row_of_broken(broken) for broken in view.broken]
    rows.sort(key=lambda row: str(row["name"]).casefold())
    if args.json:
        print_json(
            {
                "dir": str(place.folder),
                "root": str(place.root),
                "personas": rows,
                "diagnostics": [d.as_dict() for d in view.diagnostics],
            }
        )
        return OK
    if not rows:
        _print_hint(place)
        return OK
    print_table(_HEADER, [_cells(row, place) for row in rows])
    details = [row for row in rows if row["detail"]]
    if details:
        print()
    for row in details:
        print(harmless(f"{row['name']}: {row['detail']}"))
    if any(d.severity == "error" for d in view.diagnostics):
        print("Some files have errors; see them with: jupyter persona check", file=sys.stderr)
    return OK


def row_of(definition: PersonaDefinition, state: State) -> dict[str, object]:
    """Return what programs read about a persona in a list."""
    source = definition.source
    return {
        "id": definition.id,
        "slug": definition.name,
        "name": definition.identity.name,
        "mention_name": mention_name(definition.identity.name),
        "description": definition.identity.description,
        "engine": definition.engine,
        "model": definition.model.model_id if definition.model else None,
        "scope": source.scope.value if source else None,
        "file": str(source.file) if source else None,
        "package": source.package.distribution if source and source.package else None,
        "state": state.word,
        "detail": state.detail,
    }


def _row_of_broken(broken: BrokenFile) -> dict[str, object]:
    name = title_of(broken.slug)
    file = broken.source.file
    errors = broken.errors
    return {
        "id": None,
        "slug": broken.slug,
        "name": name,
        "mention_name": mention_name(name),
        "description": None,
        "engine": None,
        "model": None,
        "scope": broken.source.scope.value,
        "file": str(file),
        "package": broken.source.package.distribution if broken.source.package else None,
        "state": "broken",
        "detail": f"line {errors[0].line}: {errors[0].message}" if errors else None,
    }


def _cells(row: dict[str, object], place: Place) -> list[str]:
    from pathlib import Path

    shown = dict(row)
    if row["package"] is not None:
        shown["file"] = row["package"]
    elif row["file"] is not None:
        shown["file"] = shown_path(Path(str(row["file"])), place.folder)
    keys = ("name", "slug", "engine", "model", "scope", "file", "state")
    return ["–" if shown[key] is None else harmless(str(shown[key])) for key in keys]


def _print_hint(place: Place) -> None:
    folder = shown_path(place.root / ".jupyter" / "personas")
    print(f"There is no persona here. Make {folder}/NAME.persona.md with: jupyter persona new NAME")
    print("Or see some at work with: jupyter persona demo")
