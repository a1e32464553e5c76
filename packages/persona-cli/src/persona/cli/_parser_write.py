"""The commands that write definitions, their options and their help."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING

from persona.cli._options import add_command, add_json, add_name, add_place

if TYPE_CHECKING:
    from persona.cli._options import Commands

_OWN = ("user", "project")
_ALL = (*_OWN, "environment")


def add_writing(commands: Commands) -> None:
    """Add the commands that make, change and delete definitions."""
    _add_new(commands)
    _add_edit(commands)
    _add_copy(commands)
    _add_delete(commands)
    _add_enable(commands)


def _add_new(commands: Commands) -> None:
    parser = add_command(
        commands, "new", "NAME [options]",
        "make a new persona",
        "\nWithout --from, the file has comments that tell what can be written there.",
    )  # fmt: skip
    parser.add_argument("name", metavar="NAME",
                        help="short name, or a name to show: 'Data Sage' is data-sage")  # fmt: skip
    _add_scope(parser, _OWN, "for you in all projects, or for this one (default: project)")
    _add_format(parser, "a Markdown file or personas.toml (default: md; that of --from)")
    parser.add_argument("--from", metavar="NAME", dest="origin",
                        help="start with a copy of this persona, of any scope")  # fmt: skip
    _add_shown(parser)
    parser.add_argument("--engine", metavar="ID", help="what answers (default: litellm)")
    parser.add_argument("--model", metavar="MODEL", help="the language model, as provider/model")
    parser.add_argument("--prompt", metavar="TEXT", help="how it should behave")
    add_place(parser)
    add_json(parser)


def _add_edit(commands: Commands) -> None:
    parser = add_command(
        commands, "edit", "NAME [--set KEY=VALUE …] [--unset KEY …] [options]",
        "change a persona, in your editor or value by value",
        "\nThe editor is VISUAL, EDITOR or what the system has; then the file is checked."
        "\nWith --set and --unset no editor opens, and nothing that breaks it is written.",
    )  # fmt: skip
    add_name(parser)
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[],
                        help="write a value, for example model.temperature=0.2")  # fmt: skip
    parser.add_argument("--unset", metavar="KEY", action="append", default=[],
                        help="take a value out")  # fmt: skip
    _add_scope(parser, _ALL, "only the definition of that scope (default: the one in use)")
    add_place(parser)
    add_json(parser)


def _add_copy(commands: Commands) -> None:
    parser = add_command(
        commands, "copy", "NAME NEW [options]",
        "copy a persona",
        "\nIts picture and skills are found from the new place too.",
    )  # fmt: skip
    add_name(parser)
    parser.add_argument("new", metavar="NEW",
                        help="name of the copy; the same one needs another scope")  # fmt: skip
    _add_scope(parser, _OWN, "where the copy goes (default: beside the original)")
    _add_format(parser, "a Markdown file or personas.toml (default: as the original)")
    _add_shown(parser)
    add_place(parser)
    add_json(parser)


def _add_delete(commands: Commands) -> None:
    parser = add_command(
        commands, "delete", "NAME [--yes] [options]",
        "delete a persona",
        "\nOnly its definition: pictures, skills and other files stay.",
    )  # fmt: skip
    add_name(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask; needed in a pipe")
    _add_scope(parser, _ALL, "only the definition of that scope (default: the one in use)")
    add_place(parser)
    add_json(parser)


def _add_enable(commands: Commands) -> None:
    for name, summary, more in (
        ("enable", "show a disabled persona again",
         "\nIt undoes disable, also by removing the file that disable made."),
        ("disable", "hide a persona without deleting it",
         "\nIf its file is not yours, a small file in your own scope hides it."),
    ):  # fmt: skip
        parser = add_command(commands, name, "NAME [options]", summary, more)
        add_name(parser)
        _add_scope(parser, _OWN, "for you in all projects, or for this one")
        add_place(parser)
        add_json(parser)


def _add_scope(parser: ArgumentParser, scopes: tuple[str, ...], text: str) -> None:
    shown = f"{', '.join(scopes[:-1])} or {scopes[-1]}"
    parser.add_argument("--scope", metavar="SCOPE", choices=scopes, help=f"{shown}: {text}")


def _add_format(parser: ArgumentParser, text: str) -> None:
    parser.add_argument("--format", metavar="FORMAT", choices=("md", "toml"),
                        help=f"md or toml: {text}")  # fmt: skip


def _add_shown(parser: ArgumentParser) -> None:
    parser.add_argument("--name", metavar="TEXT", dest="shown", help="the name in the chat")
