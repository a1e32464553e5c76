"""The errors of persona, one tree.

::

    PersonaError
    ├── DefinitionError        a persona file or a value in it cannot be used
    │   └── DefinitionChanged  somebody else changed what was to be saved
    ├── EngineError
    │   ├── EngineNotFound     no installed package offers that engine id
    │   ├── EngineBroken       the package that offers it cannot be imported
    │   └── EngineContractError an engine class breaks the engine contract
    ├── PersonaRequirementsUnmet what a persona in Python needs is not there
    ├── TurnError              a turn could not be finished; told in the chat
    └── ChatGone               the chat message to update no longer exists

Every message says what happened, where, and what to do. Data that a program
needs stands in attributes.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from persona.core._secrets import without_secrets

if TYPE_CHECKING:
    from persona.core._diagnostics import Diagnostic


class PersonaError(Exception):
    """Base of all errors raised by persona packages."""


class DefinitionError(PersonaError):
    """A definition cannot be used.

    Attributes:
        diagnostics: What is wrong, file by file.
    """

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)


class DefinitionChanged(DefinitionError):
    """What was to be saved was changed by somebody else since it was read.

    Attributes:
        file: The file.
        name: The entry in it.
    """

    def __init__(self, message: str, *, file: Path, name: str) -> None:
        super().__init__(message)
        self.file = file
        self.name = name


class EngineError(PersonaError):
    """Something is wrong with an engine, not with a turn.

    Attributes:
        engine_id: The id that was asked for.
        fix: What the user can do, one sentence.
    """

    def __init__(self, message: str, *, engine_id: str, fix: str) -> None:
        super().__init__(f"{message} {fix}".strip())
        self.summary = message
        self.engine_id = engine_id
        self.fix = fix


class EngineNotFound(EngineError):
    """No installed package offers that engine id."""


class EngineBroken(EngineError):
    """The entry point exists but cannot be used.

    Attributes:
        distribution: Name of the package that offers it.
    """

    def __init__(self, message: str, *, engine_id: str, fix: str, distribution: str) -> None:
        super().__init__(message, engine_id=engine_id, fix=fix)
        self.distribution = distribution


class EngineContractError(EngineError):
    """An engine class breaks the contract of `PersonaEngine`."""


class TurnError(PersonaError):
    """A turn could not be finished. Engines raise it, the chat shows it.

    Attributes:
        summary: One line of what happened, without secrets.
        fix: One line of what to do about it, or an empty string.
        details: Longer text that the chat folds away, or an empty string.
        kind: A stable word for programs, for example ``"auth"`` or ``"rate-limit"``.
    """

    def __init__(self, summary: str, *, fix: str = "", details: str = "", kind: str = "") -> None:
        super().__init__(f"{summary} {fix}".strip())
        self.summary = summary
        self.fix = fix
        self.details = details
        self.kind = kind


class PersonaRequirementsUnmet(PersonaError, RuntimeError):
    """What a persona needs is not there. Persona files raise it at import or in ``__init__``.

    The chat then says that the persona is not available, and why.
    """


class ChatGone(PersonaError):
    """The message to update is no longer in the chat."""


def as_turn_error(error: BaseException) -> TurnError:
    """Return what the chat says about an error that ended a turn."""
    if isinstance(error, TurnError):
        return error
    if isinstance(error, EngineError):
        return TurnError(error.summary, fix=error.fix)
    if isinstance(error, PersonaError):
        return TurnError(str(error))
    return TurnError(
        f"Something went wrong: {type(error).__name__}.",
        fix="Ask again; if it stays, the details help whoever maintains the engine.",
        details=without_secrets("".join(traceback.format_exception(error))),
        kind="unexpected",
    )
