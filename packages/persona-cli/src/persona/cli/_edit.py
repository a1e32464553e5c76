"""``jupyter persona edit``: change a definition, in an editor or value by value."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path

from persona.cli._done import finish
from persona.cli._editor import find_editor, open_editor
from persona.cli._entry import Entry, first_of_substance, require_own
from persona.cli._errors import CliError
from persona.cli._guard import Guard
from persona.cli._place import Place, find_place
from persona.cli._set import parse_settings
from persona.cli._trust import trust_as_written, untrusted_of


def run(args: Namespace) -> int:
    """Change the definition."""
    values = parse_settings(args.set)
    place = find_place(args.dir, args.root)
    entry = first_of_substance(place, args.name, args.scope)
    require_own(entry, args.scope, place)
    if args.set or args.unset:
        return _set(args, place, entry, values)
    return _edit(args, place, entry)


def _set(args: Namespace, place: Place, entry: Entry, values: dict[str, object]) -> int:
    from persona.loaders import open_entry

    writer = open_entry(entry.source, entry.key)
    check = Guard(place, entry.slug).check(entry.source)
    waited = entry.slug in untrusted_of(place, place.view())
    changed = writer.change(values, args.unset, check=check)
    if not waited:
        trust_as_written(place, entry.slug)
    text = "Changed" if changed else "Nothing to change in"
    return finish(args, place, "changed", entry.slug, entry.source, text=text, changed=changed)


def _edit(args: Namespace, place: Place, entry: Entry) -> int:
    file = entry.source.file
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    editor = find_editor(os.environ, terminal=terminal)
    if editor is None:
        if not args.json:
            print(file)
        raise CliError(
            f"There is no editor to open {file} with. Set EDITOR, or use --set key=value."
        )
    before = _content(file)
    waited = entry.slug in untrusted_of(place, place.view())
    open_editor(editor, file, entry.line, quiet=args.json)
    changed = _content(file) != before
    if changed and not waited:
        trust_as_written(place, entry.slug)
    text = "Changed" if changed else "Not changed:"
    return finish(
        args, place, "edited", entry.slug, entry.source, text=text, changed=changed, strict=True
    )


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:  # moved or deleted in the editor
        return None
