"""What the chat says when the code of a persona fails: one line, and the traceback folded."""

from __future__ import annotations

import traceback
from pathlib import Path

from persona.core import CodeReference, PersonaError, PersonaRequirementsUnmet, TurnError


def failure(error: BaseException, code: CodeReference, doing: str) -> TurnError:
    """Return what is told.

    Args:
        error: What was raised.
        code: Whose code.
        doing: What was going on, as in "tutor_persona.py could not be ...".
    """
    name = code.file.name
    if isinstance(error, TurnError):
        return error
    if isinstance(error, RuntimeError) and type(error).__name__ == "PersonaRequirementsUnmet":
        return _unmet(code, error)
    if isinstance(error, PersonaError) and not isinstance(error, PersonaRequirementsUnmet):
        return TurnError(str(error), kind="unexpected")
    if isinstance(error, SyntaxError):
        where = f", line {error.lineno}" if error.lineno else ""
        return TurnError(
            f"{name} {doing}: {error.msg}{where}.",
            fix="Correct that line; the persona is read again when the file is saved.",
            details=_trace(error, code),
            kind="import",
        )
    what = " ".join(str(error).split())[:300]
    said = f"{type(error).__name__}: {what}" if what else type(error).__name__
    line = _line(error, code)
    where = f" (line {line})" if line else ""
    return TurnError(
        f"{name} {doing}: {said}{where}.",
        fix=_fix(error, doing),
        details=_trace(error, code),
        kind="unexpected",
    )


def is_of_the_user(error: BaseException, code: CodeReference) -> bool:
    """Whether an error is a Ctrl-C of the user, not raised by the author's own code.

    An author's own would end the server if it got out of its task.
    """
    if not isinstance(error, KeyboardInterrupt):
        return False
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_code.co_filename not in {str(file.file) for file in code.files}


def _unmet(code: CodeReference, error: BaseException) -> TurnError:
    why = " ".join(str(error).split()) or "its requirements are not met"
    return TurnError(
        f"{code.qualname} is not available: {why}",
        fix="Provide what it needs, then send `/refresh-personas`.",
        kind="requirements",
    )


def _fix(error: BaseException, doing: str) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"Install the package that brings `{error.name}` into the server's environment, "
            "or put the module beside the file."
        )
    if isinstance(error, SystemExit | KeyboardInterrupt):
        return "Take out what ends the program, such as sys.exit()."
    return "The details show where in the file; it is read again when it is saved."


def _line(error: BaseException, code: CodeReference) -> int | None:
    files = {str(one.file) for one in code.files}
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if frame.filename in files]
    return own[-1] if own else None


def _trace(error: BaseException, code: CodeReference) -> str:
    """Return the traceback from the first line of the persona's own code on."""
    files = {str(one.file) for one in code.files}
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename not in files:
        trace = trace.tb_next
    shown = trace if trace is not None else error.__traceback__
    lines = traceback.format_exception(type(error), error, shown)
    return "".join(lines).replace(str(Path.home()), "~")
