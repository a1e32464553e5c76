"""A scripted LLM server."""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from types import TracebackType
from typing import Self

from persona.testing._gate import Signal
from persona.testing._llm_answer import Answer, Match, echo
from persona.testing._llm_request import RecordedRequest
from persona.testing._llm_rule import Rule, accept


class ScriptedLLM:
    """A server on loopback that speaks the dialects of LLM providers and answers by rules.

    Point an engine or an agent at it (any key is good) and it gets what the test scripted, over
    a real connection, in the dialect that it asked in: OpenAI chat completions and responses
    (at `url`), Anthropic messages and Gemini (at `root_url`). One rule answers in all of them.
    Without a matching rule the answer is `echo: <last user text>`. What arrived is in
    `requests`. Rules may be added at any time and from any thread.

    Example:
        ```python
        async with ScriptedLLM() as llm:
            llm.on("weather").reply("It rains.")
            ...                                    # ask the engine
            assert llm.requests[-1].model == "scripted"

        with ScriptedLLM.in_thread() as llm:       # in a thread, for tests without a loop
            llm.on().error(429, headers={"retry-after": "7"})
        ```

    Args:
        port: The port; 0 takes a free one.
        models: The models that `GET /v1/models` lists.
        api_key: The only key accepted, in whichever header, else 401; None accepts all.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        models: tuple[str, ...] = ("scripted",),
        api_key: str | None = None,
    ) -> None:
        self.requests: list[RecordedRequest] = []
        self._port = port
        self._models = models
        self._api_key = api_key
        self._url = ""
        self._rules: list[Rule] = []
        self._taken = 0
        self._lock = threading.Lock()
        self._stack = AsyncExitStack()

    @property
    def url(self) -> str:
        """The address to give to a client of OpenAI's dialects: `http://127.0.0.1:PORT/v1`.

        Raises:
            RuntimeError: The server is not started.
        """
        if not self._url:
            raise RuntimeError("The server has no address yet: use `async with ScriptedLLM()`.")
        return self._url

    @property
    def root_url(self) -> str:
        """The address to give to a client of Anthropic's or Gemini's: `http://127.0.0.1:PORT`.

        Raises:
            RuntimeError: The server is not started.
        """
        return self.url.removesuffix("/v1")

    def on(
        self,
        match: Match | None = None,
        *,
        model: str | None = None,
        system: str | re.Pattern[str] | None = None,
        text: str | re.Pattern[str] | None = None,
        tool: str | None = None,
        when: Callable[[RecordedRequest], bool] | None = None,
        times: int | None = None,
    ) -> Rule:
        """Add a rule. It comes before all older ones. Give it answers with its methods.

        All conditions given must hold.

        Args:
            match: In the last user text: a substring, a compiled pattern, or a callable of it.
            model: The model asked for, exactly.
            system: In the system prompt: a substring or a compiled pattern.
            text: Anywhere in what was sent: a substring or a compiled pattern.
            tool: A tool that is offered. Tells a turn from an agent's request for a title.
            when: Any other test of the request.
            times: How many requests the rule answers in all.
        """
        accepts = accept(match=match, model=model, system=system, text=text, tool=tool, when=when)
        rule = Rule(accepts, times)
        with self._lock:
            self._rules.insert(0, rule)
        return rule

    def clear(self) -> None:
        """Forget the requests. The rules stay."""
        with self._lock:
            self.requests.clear()

    def reset(self) -> None:
        """Forget the requests and the rules, for a server that many tests share."""
        with self._lock:
            self.requests.clear()
            self._rules.clear()

    async def received(
        self, count: int = 1, *, outcome: str | None = None, timeout: float = 10.0
    ) -> list[RecordedRequest]:
        """Wait until there are `count` requests, or `count` with that outcome; give them.

        Raises:
            TimeoutError: There are fewer after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        # The requests may arrive in the loop of another thread, so an asyncio.Event cannot tell.
        while (found := self._found(count, outcome, deadline)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        return found

    def wait_received(
        self, count: int = 1, *, outcome: str | None = None, timeout: float = 10.0
    ) -> list[RecordedRequest]:
        """Do what `received` does, blocking, for tests that have no event loop.

        Raises:
            TimeoutError: There are fewer after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while (found := self._found(count, outcome, deadline)) is None:
            time.sleep(0.005)
        return found

    def _found(
        self, count: int, outcome: str | None, deadline: float
    ) -> list[RecordedRequest] | None:
        with self._lock:
            found = [r for r in self.requests if outcome in (None, r.outcome)]
        if len(found) >= count:
            return found
        if time.monotonic() > deadline:
            what = f"requests with outcome {outcome!r}" if outcome else "requests"
            raise TimeoutError(f"Waited for {count} {what}, found {len(found)}.")
        return None

    async def start(self) -> None:
        """Start the server. `async with` does this.

        Raises:
            OSError: The port is taken.
        """
        # Imported here, so that `import persona.testing` stays light.
        from aiohttp import web

        from persona.testing._llm_server import Endpoints

        app = Endpoints(self._record, self._choose, self._models, self._api_key).app()
        async with AsyncExitStack() as stack:
            # A client that goes, or the stop, must end a handler that holds or hangs. aiohttp
            # takes a timeout of 0 as none at all.
            runner = web.AppRunner(
                app, handler_cancellation=True, shutdown_timeout=0.05, access_log=None
            )
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", self._port).start()
            self._url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        """Stop the server, breaking what it is sending. `async with` does this."""
        await self._stack.aclose()
        self._url = ""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    @classmethod
    @contextmanager
    def in_thread(
        cls, *, port: int = 0, models: tuple[str, ...] = ("scripted",), api_key: str | None = None
    ) -> Iterator[Self]:
        """Run a server in a thread of its own, for tests without an event loop.

        Raises:
            OSError: The port is taken.
        """
        llm = cls(port=port, models=models, api_key=api_key)
        ready: Future[None] = Future()
        finished = Signal()

        async def serve() -> None:
            async with llm:
                ready.set_result(None)
                await finished.wait()

        def run() -> None:
            try:
                asyncio.run(serve())
            except OSError as error:
                ready.set_exception(error)

        thread = threading.Thread(target=run, name="scripted-llm", daemon=True)
        thread.start()
        ready.result(timeout=30)
        try:
            yield llm
        finally:
            finished.set()
            thread.join()

    def _record(self, request: RecordedRequest) -> int:
        with self._lock:
            self._taken += 1
            self.requests.append(request)
            return self._taken

    def _choose(self, request: RecordedRequest) -> Answer:
        with self._lock:
            rules = list(self._rules)
        for rule in rules:
            answer = rule.take(request)
            if answer is not None:
                return answer
        return Answer(text=echo)
