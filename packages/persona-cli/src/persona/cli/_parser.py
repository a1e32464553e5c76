"""The commands, their options and their help."""

from __future__ import annotations

from argparse import Action, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from persona.cli._errors import USAGE
from persona.cli._options import PROG, add_command, add_json, add_name, add_place
from persona.cli._parser_write import add_writing

if TYPE_CHECKING:
    from persona.cli._options import Commands

_EXIT = "Exit codes: 0 all is well, 1 findings or a failure, 2 a wrong call, 130 after Ctrl-C."


class _Parser(ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


class _Version(Action):
    """Looks the version up only when it is asked for."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        try:
            shown = version("persona-cli")
        except PackageNotFoundError:  # run from a checkout that is not installed
            shown = "unknown"
        print(f"{PROG} {shown}")
        parser.exit()


def build_parser() -> ArgumentParser:
    """Return the parser of the whole command line."""
    parser: ArgumentParser = _Parser(
        prog=PROG,
        usage=f"{PROG} COMMAND …",
        description="AI personas in JupyterLab chats: write them, check them, ask them.",
        epilog=_EXIT,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    _add_list(commands)
    _add_show(commands)
    _add_check(commands)
    _add_schema(commands)
    add_writing(commands)
    _add_engines(commands)
    _add_trust(commands)
    _add_ask(commands)
    _add_demo(commands)
    return parser


def _add_list(commands: Commands) -> None:
    parser = add_command(commands, "list", "[--all] [--dir DIR] [--root ROOT] [--json]",
                      "show the personas that a folder sees")  # fmt: skip
    parser.add_argument("--all", action="store_true",
                        help="also default personas of packages that cannot run here, and "
                        "why")  # fmt: skip
    add_place(parser)
    add_json(parser)


def _add_show(commands: Commands) -> None:
    parser = add_command(commands, "show", "NAME [--dir DIR] [--root ROOT] [--json]",
                      "show one persona and where each value comes from")  # fmt: skip
    add_name(parser)
    add_place(parser)
    add_json(parser)


def _add_check(commands: Commands) -> None:
    parser = add_command(
        commands, "check", "[PATH …] [--dir DIR] [--root ROOT] [--format FORMAT]",
        "report what is wrong with persona files",
        "\nErrors give exit code 1; warnings alone do not.",
    )  # fmt: skip
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", type=Path,
        help="files or folders, searched deeply (default: what --dir sees)",
    )  # fmt: skip
    add_place(parser)
    parser.add_argument(
        "--format", metavar="FORMAT", choices=("text", "json", "github"), default="text",
        help="text, json, or github for the annotations of GitHub Actions (default: text)",
    )  # fmt: skip
    parser.add_argument("--json", dest="format", action="store_const", const="json",
                        help="the same as --format json")  # fmt: skip


def _add_schema(commands: Commands) -> None:
    parser = add_command(
        commands, "schema", "[--markdown | --toml]",
        "print a JSON Schema of persona files, for editors",
    )  # fmt: skip
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--markdown", dest="kind", action="store_const", const="markdown",
                       default="markdown",
                       help="of the front matter of Markdown files (default)")  # fmt: skip
    kinds.add_argument("--toml", dest="kind", action="store_const", const="toml",
                       help="of personas.toml")  # fmt: skip


def _add_engines(commands: Commands) -> None:
    parser = add_command(commands, "engines", "[--json]", "show the installed engines")
    add_json(parser)


def _add_trust(commands: Commands) -> None:
    parser = add_command(
        commands, "trust", "[PATH] [--project] [--list | --revoke] [options]",
        "let a project's personas run what they want to run",
        "\nShows what would run. Trust counts for that content: after a change it is asked again."
        "\nOn a terminal you are asked; in a pipe naming the command is enough.",
    )  # fmt: skip
    parser.add_argument(
        "path", metavar="PATH", nargs="?",
        help="a persona file, a folder, or the name of a persona (default: what --dir sees)",
    )  # fmt: skip
    parser.add_argument("--project", action="store_true",
                        help="the whole project, also what changes there later")  # fmt: skip
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--list", action="store_true",
                      help="show what is trusted and what waits")  # fmt: skip
    ways.add_argument("--revoke", action="store_true", help="take trust back")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_place(parser)
    add_json(parser)


def _add_ask(commands: Commands) -> None:
    parser = add_command(
        commands, "ask", "NAME TEXT [--chat FILE] [--dir DIR] [--root ROOT] [--json]",
        "ask a persona without a browser or a server",
        "\nThe answer goes to stdout as it arrives, everything else to stderr.",
    )  # fmt: skip
    add_name(parser)
    parser.add_argument("text", metavar="TEXT", nargs="+",
                        help="what to say; - reads it from stdin")  # fmt: skip
    parser.add_argument(
        "--chat", metavar="FILE", type=Path,
        help="keep the conversation in this .chat file (made if it is missing)",
    )  # fmt: skip
    add_place(parser)
    add_json(parser, "print one JSON object at the end instead of the text")


def _add_demo(commands: Commands) -> None:
    parser = add_command(
        commands, "demo", "[DIR] [--no-browser] [--port N] [--prepare-only] [-- LAB_ARGS]",
        "lay out a ready workspace and open JupyterLab on its chat",
        "\nFiles that you changed are never overwritten."
        "\nWhat follows -- goes to JupyterLab as it is.",
    )  # fmt: skip
    parser.add_argument("dir", metavar="DIR", nargs="?", type=Path, default=Path("persona-demo"),
                        help="the workspace's folder (default: ./persona-demo)")  # fmt: skip
    parser.add_argument("--no-browser", action="store_true",
                        help="print the address and open no browser")  # fmt: skip
    parser.add_argument("--port", metavar="N", type=_port,
                        help="the port (default: 8888 or the next free one)")  # fmt: skip
    parser.add_argument("--prepare-only", action="store_true",
                        help="lay the files out and stop")  # fmt: skip


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)
