"""Run one command and turn what goes wrong into one line and an exit code."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from persona.cli._errors import FAILURE, INTERRUPTED, USAGE, CliError
from persona.cli._parser import build_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``jupyter persona`` and return its exit code. Never raises, never exits.

    Called by the console script ``jupyter-persona``.

    Args:
        argv: The arguments after ``jupyter persona``; by default those of the process.

    Returns:
        0 if all is well, 1 for findings or a failure, 2 for a wrong call, 130 after Ctrl-C.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    words, extra = _split(words)
    parser = build_parser()
    try:
        args = parser.parse_args(words)
    except SystemExit as exc:  # argparse exits by itself after --help and wrong calls
        return exc.code if isinstance(exc.code, int) else FAILURE
    if args.command is None:
        parser.print_help()
        return USAGE
    args.extra = extra
    try:
        code = _run(args)
        sys.stdout.flush()
    except CliError as exc:
        return _complain(str(exc), exc.code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return FAILURE
    except OSError as exc:
        where = f"{exc.filename}: " if exc.filename else ""
        return _complain(f"{where}{exc.strerror or exc}", FAILURE)
    except Exception as exc:  # boundary: the command line; what plugins raise is one line too
        return _complain(_told(exc), FAILURE)
    return code


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Take off what stands after ``--`` of ``demo``: it is for JupyterLab."""
    if words[:1] == ["demo"] and "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1 :]
    return words, []


def _run(args: Namespace) -> int:
    # Each command is imported when it is used, so that `list` does not pay for `ask`.
    match args.command:
        case "list":
            from persona.cli._list import run
        case "show":
            from persona.cli._show import run
        case "check":
            from persona.cli._check import run
        case "schema":
            from persona.cli._schema import run
        case "engines":
            from persona.cli._engines import run
        case "new":
            from persona.cli._new import run_new as run
        case "copy":
            from persona.cli._new import run_copy as run
        case "edit":
            from persona.cli._edit import run
        case "delete":
            from persona.cli._delete import run
        case "enable":
            from persona.cli._enable import run_enable as run
        case "disable":
            from persona.cli._enable import run_disable as run
        case "trust":
            from persona.cli._trust import run
        case "ask":
            from persona.cli._ask import run
        case _:
            from persona.cli._demo import run
    return run(args)


def _told(exc: Exception) -> str:
    from persona.core import PersonaError

    return str(exc) if isinstance(exc, PersonaError) else f"{type(exc).__name__}: {exc}"


def _complain(message: str, code: int) -> int:
    print(f"jupyter persona: {' '.join(message.split())}", file=sys.stderr)
    return code


def _forget_stdout() -> None:
    """Keep Python from complaining at exit that nobody reads the output any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
