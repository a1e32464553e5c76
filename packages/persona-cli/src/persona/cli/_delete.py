"""``jupyter persona delete``: take a definition out, and say what is seen instead."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from persona.cli._done import finish
from persona.cli._entry import Entry, all_entries, find_entries, find_seen, require_own
from persona.cli._errors import FAILURE, USAGE, CliError
from persona.cli._place import Place, find_place
from persona.core import own_folder


def run(args: Namespace) -> int:
    """Delete the definition."""
    from persona.loaders import open_entry

    place = find_place(args.dir, args.root)
    entry = find_entries(place, args.name, args.scope)[0]
    require_own(entry, args.scope, place)
    writer = open_entry(entry.source, entry.key)
    if not args.yes and not _confirm(args, place, entry):
        print("Nothing was deleted.", file=sys.stderr)
        return FAILURE
    heirs = _heirs(place, entry.slug)
    writer.delete()
    more = []
    left = _left(entry.source.file)
    if left:
        more.append(f"Kept in {entry.source.file.parent}: {', '.join(left)}")
    seen = find_seen(place, entry.slug)
    if seen is not None:
        state = "" if seen.enabled else ", which is disabled"
        more.append(f"Now {entry.slug!r} is that of {seen.where(place)}{state}.")
    broken = {file.slug for file in place.view().broken}
    more += [f"{heir!r} builds on it and is broken now." for heir in heirs if heir in broken]
    text = "Deleted" if writer.format == "md" else f"Deleted {entry.key!r} from"
    return finish(
        args, place, "deleted", entry.slug, entry.source, text=text, more=more,
        data={"kept": left},
    )  # fmt: skip


def _confirm(args: Namespace, place: Place, entry: Entry) -> bool:
    if args.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CliError(f"Nobody can be asked here. Write --yes to delete {entry.slug!r}.", USAGE)
    for heir in _heirs(place, entry.slug):
        print(f"{heir!r} builds on it.")
    what = entry.source.file if not entry.key or entry.source.file.suffix != ".toml" else (
        f"{entry.key!r} in {entry.source.file}"
    )  # fmt: skip
    try:
        answer = input(f"Delete {what}? [y/N] ")
    except EOFError:
        return False
    return answer.strip().lower() in ("y", "yes")


def _heirs(place: Place, slug: str) -> list[str]:
    """Return the personas that build on one."""
    return [
        entry.slug
        for entry in all_entries(place)
        if entry.definition is not None
        and entry.slug != slug
        and slug in [base.rpartition(":")[2] for base in entry.definition.extends]
    ]


def _left(file: Path) -> list[str]:
    """Return what else is in the persona's own folder."""
    if not own_folder(file) or not file.parent.is_dir():
        return []
    return sorted(path.name for path in file.parent.iterdir())
