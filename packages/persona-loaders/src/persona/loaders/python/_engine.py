"""The engine ``python``: lets the author's own class answer."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any

from persona.core import (
    CodeReference,
    EngineSupport,
    PersonaContext,
    PersonaDefaults,
    PersonaEngine,
    PersonaError,
    PersonaModel,
    Requirement,
    TurnError,
    title_of,
)
from persona.loaders.python._author import BasePersona
from persona.loaders.python._blocking import Blocked, Watchdog, told
from persona.loaders.python._complete import picture
from persona.loaders.python._current import current_turn
from persona.loaders.python._defaults import defaults_of
from persona.loaders.python._failures import failure, is_of_the_user
from persona.loaders.python._inner import InnerEngines, tie
from persona.loaders.python._made import made
from persona.loaders.python._store import ModuleStore

if TYPE_CHECKING:
    from jupyterlab_chat.models import Message

_NO_CODE = Requirement(
    "There is no Python class behind this persona.",
    "The engine `python` is for files *persona*.py; name another one, for example `litellm`.",
)


class PythonEngine(PersonaEngine):
    """Runs a class that an author wrote: a persona, or an engine.

    The file is imported when the first message comes, in a thread, and only with the
    content that was read. What fails is told in the chat.
    """

    id = "python"
    runs_code = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._author: BasePersona | None = None
        self._code: CodeReference | None = None
        self._inner = InnerEngines(self)
        self._told: set[tuple[str, int]] = set()
        self._own_store: ModuleStore | None = None
        self._own_watchdog: Watchdog | None = None

    @property
    def author(self) -> BasePersona | None:
        """The author's object, once it is made."""
        return self._author

    # -- life --------------------------------------------------------------------

    async def start(self) -> None:
        """Import the file and make the author's object.

        Raises:
            TurnError: Something in it fails; the message says what and where.
        """
        code = self.persona.code
        if code is None:
            raise TurnError(_NO_CODE.what, fix=_NO_CODE.fix, kind="code")
        self._code = code
        with self._watched():
            cls = await self._class(code)
            if issubclass(cls, PersonaEngine):
                await self._start_engine(cls, code)
            else:
                await self._start_persona(cls, code)

    async def _class(self, code: CodeReference) -> type[Any]:
        try:
            module = await self._store.imported(code)
        except asyncio.CancelledError:
            raise
        except BaseException as exc:  # boundary: a plugin's import may raise anything
            self._log(exc)
            raise failure(exc, code, "could not be imported") from exc
        cls = getattr(module, code.qualname, None)
        if not isinstance(cls, type):
            raise TurnError(
                f"{code.file.name} has no class {code.qualname} once it is run.",
                fix="Define it at the top of the file, unconditionally.",
                kind="code",
            )
        if not issubclass(cls, BasePersona | PersonaEngine):
            raise TurnError(
                f"{code.qualname} in {code.file.name} is neither a BasePersona nor a "
                "PersonaEngine.",
                fix="Import BasePersona from persona.core, and build on it.",
                kind="code",
            )
        return cls

    async def _start_engine(self, cls: type[PersonaEngine], code: CodeReference) -> None:
        try:
            engine = cls(parent=self.parent)
            engine.registry = self.registry
            tie(engine, self.persona)
            await engine.start()
        except asyncio.CancelledError:
            raise
        except (Exception, SystemExit) as exc:  # boundary: a plugin may raise anything
            self._log(exc)
            raise failure(exc, code, "could not start") from exc
        self.inner = engine

    async def _start_persona(self, cls: type[BasePersona], code: CodeReference) -> None:
        author: BasePersona | None = None
        try:
            author = made(cls, self.persona, asyncio.get_running_loop(), self.persona.parent)
            await author.get_ready()
            said = defaults_of(author)
        except asyncio.CancelledError:
            raise
        except (Exception, SystemExit, KeyboardInterrupt) as exc:  # boundary: a plugin
            if is_of_the_user(exc, code):
                raise
            self._log(exc)
            raise failure(exc, code, f"could not make {code.qualname}") from exc
        self._author = author
        if not code.complete:
            self._introduce(said, code)

    def _introduce(self, said: PersonaDefaults, code: CodeReference) -> None:
        """Show what only running the code could tell, unless the chat says otherwise."""
        held = self.persona
        identity = held.identity
        if identity.name == title_of(held.slug) and said.name.strip():
            identity = identity.model_copy(update={"name": " ".join(said.name.split())[:80]})
        if not identity.description and said.description:
            identity = identity.model_copy(update={"description": said.description})
        avatar = picture(said.avatar_path, code)
        if avatar and not identity.avatar:
            identity = identity.model_copy(update={"avatar": avatar})
        if identity != held.identity:
            held.update_identity(identity, (code.file.parent,))

    async def shutdown(self) -> None:
        """End the author's object, and the engines that it asked."""
        author, self._author = self._author, None
        own, self.inner = self.inner, None
        try:
            if author is not None:
                with self._watched():
                    await self._end(author.shutdown)
        finally:
            if own is not None and own not in self._inner.all:
                await own.shutdown()
            await self._inner.close()

    # -- a turn ------------------------------------------------------------------

    async def process_message(self, message: Message) -> None:
        """Let the author's class answer. Called by the persona's queue.

        Raises:
            TurnError: What the class raised.
        """
        code, author, inner = self._code, self._author, self.inner
        if code is None or (author is None and inner is None):
            raise TurnError("The persona has not started.", fix="Ask again.", kind="code")
        mark = current_turn.set(self.persona.new_turn(message))
        try:
            with self._watched():
                if author is not None:
                    await self._answer(author, message)
                elif inner is not None:
                    await inner.process_message(message)
        except PersonaError as exc:
            raise failure(exc, code, "failed") from exc
        except (Exception, SystemExit, KeyboardInterrupt) as exc:  # boundary: a turn
            if is_of_the_user(exc, code):
                raise
            self._log(exc)
            raise failure(exc, code, "failed") from exc
        finally:
            current_turn.reset(mark)

    async def _answer(self, author: BasePersona, message: Message) -> None:
        try:
            apply = getattr(author, "apply_specs_in_message", None)
            if apply is not None:
                await _settled(apply(message))
            answer = getattr(author, "on_message", author.process_message)
            given = answer(message)
            if inspect.isasyncgen(given):  # it yields what it says
                given = author.stream_message(given)
            await _settled(given)
        except asyncio.CancelledError:
            await self._end(author.cancel_response)
            raise
        except Exception as exc:  # boundary: a turn; the author may tell it in other words
            tell = getattr(author, "handle_uncaught_exception", None)
            if tell is None or isinstance(exc, TurnError):
                raise
            self._log(exc)
            await _settled(tell(exc))

    async def _end(self, ending: Callable[[], Any]) -> None:
        try:
            await _settled(ending())
        except (Exception, SystemExit) as exc:  # boundary: a plugin; what ends goes on to end
            self._log(exc)

    async def inner_engine(self, engine_id: str, *, start: bool = True) -> PersonaEngine:
        """Return an engine that the author's class asks. Called by `BasePersona.ask_model`.

        Raises:
            EngineError: It is not there.
            TurnError: Something is missing to run.
        """
        return await self._inner.get(engine_id, start=start)

    # -- the blocks --------------------------------------------------------------

    def apply_model(self, model: PersonaModel | None) -> None:
        """Pass a new model on."""
        for engine in self._below():
            engine.apply_model(model)

    def apply_context(self, context: PersonaContext) -> None:
        """Pass a new context on."""
        for engine in self._below():
            engine.apply_context(context)

    def apply_options(self, options: Mapping[str, Any]) -> None:
        """Pass new options on."""
        for engine in self._below():
            engine.apply_options(options)

    def support(self) -> EngineSupport:
        """Code may use the blocks or not: nobody can tell. An engine of the author's tells."""
        if self.inner is not None and self._author is None:
            return self.inner.support()
        missing = (_NO_CODE,) if self.bound and self.persona.code is None else ()
        return EngineSupport(
            model="requested",
            system_prompt="requested",
            mcp_servers="requested",
            skills="requested",
            options="requested",
            missing=missing,
        )

    # -- inside ------------------------------------------------------------------

    def _below(self) -> list[PersonaEngine]:
        found = list(self._inner.all)
        if self.inner is not None and self.inner not in found:
            found.append(self.inner)
        return found

    @property
    def _store(self) -> ModuleStore:
        if self.registry is not None:
            return self.registry.shared(ModuleStore, ModuleStore)
        self._own_store = self._own_store or ModuleStore()
        return self._own_store

    def _watched(self) -> AbstractContextManager[None]:
        code, turn = self._code, current_turn.get()
        files = () if code is None else tuple(str(one.file) for one in code.files)
        answers = turn.message.id if turn is not None else ""
        return self._watchdog.watching(files, partial(self._tell_blocked, answers))

    @property
    def _watchdog(self) -> Watchdog:
        if self.registry is not None:
            return self.registry.shared(Watchdog, Watchdog)
        self._own_watchdog = self._own_watchdog or Watchdog()
        return self._own_watchdog

    def _tell_blocked(self, answers: str, blocked: Blocked) -> None:
        place = blocked.file, blocked.line
        self.log.warning("%s", blocked)
        if place in self._told:
            return
        self._told.add(place)
        note = {"kind": "notice", "answers": answers}
        self.persona.conversation.add(told(self.persona.name, blocked), note)

    def _log(self, error: BaseException) -> None:
        if not isinstance(error, PersonaError):
            self.log.warning("The Python persona %s failed", self.persona.id, exc_info=error)


async def _settled(result: Any) -> None:
    """Wait for what a method gave, if it is something to wait for."""
    if inspect.isawaitable(result):
        await result
