"""What several commands have in common: how one is added, and options that look the same."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Commands = _SubParsersAction[ArgumentParser]

PROG = "jupyter persona"


def add_command(
    commands: Commands, name: str, usage: str, summary: str, more: str = ""
) -> ArgumentParser:
    """Add a command with its line in the list, its usage and its description."""
    return commands.add_parser(
        name,
        prog=f"{PROG} {name}",
        usage=f"{PROG} {name} {usage}".rstrip(),
        help=summary,
        description=f"{summary[:1].upper()}{summary[1:]}.{more}",
        formatter_class=RawDescriptionHelpFormatter,
    )


def add_name(parser: ArgumentParser) -> None:
    """Add the name of a persona that exists."""
    parser.add_argument("name", metavar="NAME", help="short name or shown name, any case")


def add_place(parser: ArgumentParser) -> None:
    """Add where the command looks from."""
    parser.add_argument("--dir", metavar="DIR", type=Path, default=Path(),
                        help="folder to look from (default: here)")  # fmt: skip
    parser.add_argument(
        "--root", metavar="ROOT", type=Path,
        help="the server's root folder (default: the nearest folder above with .jupyter)",
    )  # fmt: skip


def add_json(parser: ArgumentParser, text: str = "print JSON") -> None:
    """Add the switch to output for programs."""
    parser.add_argument("--json", action="store_true", help=text)
