"""What an engine has told besides its answers: open questions, commands, mode, settings."""

from __future__ import annotations

from dataclasses import dataclass, replace

from persona.core._errors import TurnError
from persona.core._events import (
    AgentCommand,
    AvailableCommands,
    ConfigChange,
    ConfigValue,
    ModeChange,
)
from persona.core._permissions import PermissionDecision, PermissionRequest

StateEvent = AvailableCommands | ModeChange | ConfigChange
"""What an engine tells of how its session stands."""


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What is known of an agent's session, as it was last told.

    Attributes:
        commands: The commands that the agent understands.
        mode: The mode that it is in, or None if it has not said so.
        config: Its settings.
    """

    commands: tuple[AgentCommand, ...] = ()
    mode: ModeChange | None = None
    config: tuple[ConfigValue, ...] = ()


class Session:
    """Kept by a persona, filled by the writers of its turns.

    Attributes:
        info: What is known of the agent's session.
    """

    def __init__(self) -> None:
        self.info = SessionInfo()
        self._shown: ModeChange | None = None
        self._open: dict[str, tuple[PermissionRequest, str]] = {}

    @property
    def open(self) -> tuple[PermissionRequest, ...]:
        """The requests that nobody has decided, oldest first."""
        return tuple(request for request, _ in self._open.values())

    def find(self, key: str) -> PermissionRequest | None:
        """Return the open request with that id or in the message with that id."""
        if key in self._open:
            return self._open[key][0]
        return next((request for request, where in self._open.values() if where == key), None)

    def ask(self, request: PermissionRequest) -> None:
        """Take note of an open request.

        Raises:
            TurnError: Another one of that id is open.
        """
        if request.id in self._open:
            raise TurnError(
                f"The engine asks for permission with the id {request.id!r} twice.",
                fix="Each open PermissionRequest needs an id of its own.",
                kind="contract",
            )
        self._open[request.id] = request, ""

        def close(_decision: PermissionDecision) -> None:
            self._open.pop(request.id, None)

        request.when_decided(close)

    def shown(self, request: PermissionRequest, message_id: str) -> None:
        """Take note of the message that shows an open request."""
        if request.id in self._open:
            self._open[request.id] = request, message_id

    def withdraw(self) -> None:
        """Withdraw all open requests. Called when the turn that asked is over."""
        for request in self.open:
            request.withdraw()

    def take(self, event: StateEvent) -> bool:
        """Keep what the agent says of itself in a turn.

        Returns:
            Whether it went from one mode to another, seen from the chat.
        """
        self.learn(event)
        if not isinstance(event, ModeChange):
            return False
        before, self._shown = self._shown, event
        return before is not None and before.mode != event.mode

    def learn(self, event: StateEvent) -> None:
        """Keep what the agent says of itself, also outside of a turn."""
        match event:
            case AvailableCommands():
                self.info = replace(self.info, commands=event.commands)
            case ConfigChange():
                self.info = replace(self.info, config=event.values)
            case ModeChange():
                self.info = replace(self.info, mode=event)
                self._shown = self._shown or event

    def forget(self) -> None:
        """Forget what was known of the agent's session. Called when it starts anew."""
        self.info, self._shown = SessionInfo(), None
