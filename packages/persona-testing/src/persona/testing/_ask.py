"""What a scripted engine asks permission for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from persona.core import Diff, FilePosition, PermissionOption, PermissionRequest

if TYPE_CHECKING:
    from persona.testing._engine import Step

OPTIONS = (
    PermissionOption("once", "Allow once", "allow_once"),
    PermissionOption("always", "Always allow", "allow_always"),
    PermissionOption("reject", "Reject", "reject_once"),
)
"""The answers that most agents offer."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A step of a scripted turn that asks for permission and goes on as it was answered.

    Example:
        ```python
        engine.script("Let me see. ", Ask("run ls", allowed=("a.txt",), refused=("Then not.",)))
        ```

    Attributes:
        title: What it wants to do.
        command: The command line that would run.
        diffs: The changes of files that would be made.
        locations: Where it would work.
        options: The answers that may be given.
        allowed: The steps that follow when it may.
        refused: The steps that follow when it may not, or when nobody answers.
    """

    title: str
    command: str | None = None
    diffs: tuple[Diff, ...] = ()
    locations: tuple[FilePosition, ...] = ()
    options: tuple[PermissionOption, ...] = OPTIONS
    allowed: tuple[Step, ...] = ()
    refused: tuple[Step, ...] = ()

    def request(self) -> PermissionRequest:
        """Return a new request."""
        return PermissionRequest(
            uuid.uuid4().hex,
            self.title,
            self.options,
            command=self.command,
            diffs=self.diffs,
            locations=self.locations,
        )


class AskOptions(BaseModel):
    """The option ``ask`` of `ScriptedEngine`: what its turns ask permission for."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(description="What it wants to do.")
    on: str = Field(default="", description="Only messages that hold this text make it ask.")
    command: str | None = Field(default=None, description="The command line that would run.")
    path: str | None = Field(default=None, description="The file that would be written.")
    old: str | None = Field(default=None, description="The file's text before.")
    new: str = Field(default="", description="The file's text after.")
    refused: str = Field(default="Then not.", description="What it says when it may not.")

    def step(self, reply: str) -> Ask:
        """Return the step that asks, and says ``reply`` when it may."""
        return Ask(
            self.title,
            command=self.command,
            diffs=() if self.path is None else (Diff(self.path, self.old, self.new),),
            allowed=(reply,),
            refused=(self.refused,),
        )
