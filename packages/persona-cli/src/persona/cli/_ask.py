"""``jupyter persona ask``: one turn without a browser or a server."""

from __future__ import annotations

import asyncio
import getpass
import logging
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from persona.cli._errors import FAILURE, INTERRUPTED, OK, USAGE, CliError
from persona.cli._json import print_json
from persona.cli._place import Place, find_persona, find_place
from persona.cli._trust import require_trust
from persona.core import (
    TERMINAL,
    BasePersona,
    EngineError,
    PersonaDefinition,
    find_mentions,
    mention_name,
    record_definition,
)

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel, Message
    from jupyterlab_chat.websocket_model import WsChatModel

    from persona.cli._follow import Follower
    from persona.cli._permit import Permits


def run(args: Namespace) -> int:
    """Ask and print the answer."""
    place = find_place(args.dir, args.root)
    definition = find_persona(place.view(), args.name)
    require_trust(place, definition)
    text = _text(args.text)
    file: Path | None = args.chat
    lock: AbstractContextManager[None] = nullcontext()
    if file is not None:
        from persona.cli._lock import locked

        lock = locked(file)
    # What libraries log is not for this terminal; what matters is said in the chat.
    logging.getLogger().addHandler(logging.NullHandler())
    with lock:
        return asyncio.run(_ask(definition, text, _open(file, place), place, args.json))


def _text(words: list[str]) -> str:
    text = sys.stdin.read() if words == ["-"] else " ".join(words)
    if not text.strip():
        raise CliError("There is nothing to ask: the text is empty.", USAGE)
    return text.strip()


def _open(file: Path | None, place: Place) -> WsChatModel:
    from persona.cli._chat import TemporaryChat, open_chat

    if file is not None:
        return open_chat(file, place.root)
    path = (place.folder / "ask.chat").relative_to(place.root).as_posix()
    return TemporaryChat(path, place.root)


async def _ask(
    definition: PersonaDefinition, text: str, chat: WsChatModel, place: Place, as_json: bool
) -> int:
    from persona.cli._follow import Follower
    from persona.cli._permit import Permits

    registry = place.catalog.registry
    try:
        persona = BasePersona.from_definition(
            definition, ychat=chat, registry=registry, root_dir=chat.root_dir
        )
    except EngineError as exc:
        raise CliError(str(exc)) from exc
    record_definition(chat, definition)
    follower = Follower(persona.id, None if as_json else sys.stdout, sys.stderr)
    message = _say(chat, persona, text)
    permits = Permits(persona, message.sender, sys.stderr)
    chat.observe_messages(follower)
    with _stopped_by_ctrl_c(persona) as stopped:
        try:
            await _turn(persona, message, follower, permits)
        finally:
            await persona.shutdown()
            await registry.close()
    follower.finish()
    if stopped() and not any(r.startswith("Stopped") for r in follower.said.reports.values()):
        print("Stopped.", file=sys.stderr)
    if as_json:
        print_json(_as_dict(definition, chat, follower, stopped()))
    if follower.broken_pipe:
        raise BrokenPipeError
    return INTERRUPTED if stopped() else FAILURE if follower.said.errors else OK


async def _turn(
    persona: BasePersona, message: Message, follower: Follower, permits: Permits
) -> None:
    turn = asyncio.create_task(persona.process_message(message))
    try:
        while not turn.done():
            await asyncio.wait({turn}, timeout=0.2)
            permits.look()
            if follower.broken_pipe:
                await persona.stop()
    finally:
        if not turn.done():
            turn.cancel()
            await asyncio.wait({turn})
    turn.result()


def _say(chat: BaseChatModel, persona: BasePersona, text: str) -> Message:
    """Put the question into the chat as a person's browser does and return the message."""
    from jupyterlab_chat.models import NewMessage, User

    name = _user_name()
    sender = TERMINAL + name
    if sender not in chat.get_users():
        chat.set_user(User(username=sender, name=name, display_name=name))  # type: ignore[no-untyped-call]
    if not find_mentions(text, {persona.id: persona.mention_names()}):
        text = f"@{mention_name(persona.name)} {text}"

    def mention(message: Message, _chat: BaseChatModel) -> None:
        message.mentions = [persona.id]

    message_id = chat.add_message(NewMessage(body=text, sender=sender), trigger_actions=[mention])
    message = chat.get_message(message_id)
    if message is None:
        raise CliError("The chat did not keep the question.")
    return message


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return "you"


@contextmanager
def _stopped_by_ctrl_c(persona: BasePersona) -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C stop the turn, so that the chat says so; a second one ends all."""
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[int]] = set()

    def stop() -> None:
        tasks.add(loop.create_task(persona.stop()))

    def on_signal(number: int, frame: object) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()
        loop.call_soon_threadsafe(stop)

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _as_dict(
    definition: PersonaDefinition, chat: WsChatModel, follower: Follower, stopped: bool
) -> dict[str, object]:
    from persona.cli._chat import ChatFile

    said = follower.said
    state = "stopped" if stopped else "failed" if said.errors else "complete"
    return {
        "persona": definition.id,
        "name": definition.identity.name,
        "engine": definition.engine,
        "model": definition.model.model_id if definition.model else None,
        "state": state,
        "reply": said.reply,
        "reports": list(said.reports.values()),
        "errors": said.errors,
        "usage": said.usage,
        "chat": str(chat.root_dir / chat.path) if isinstance(chat, ChatFile) else None,
    }
