"""A place in a stream where a test can hold it."""

import asyncio
import threading


class Signal:
    """A one-way event that threads and any event loop can wait for."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    def set(self) -> None:
        """Wake all who wait, now and later. May be called from any thread."""
        with self._lock:
            self._event.set()
            for loop, future in self._waiters:
                loop.call_soon_threadsafe(_wake, future)

    def is_set(self) -> bool:
        """Say whether the event has happened."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait in an event loop."""
        loop = asyncio.get_running_loop()
        waiter = (loop, loop.create_future())
        with self._lock:
            if self._event.is_set():
                return
            self._waiters.append(waiter)
        try:
            await waiter[1]
        finally:
            with self._lock:
                self._waiters.remove(waiter)

    def wait_in_thread(self, timeout: float) -> bool:
        """Block the calling thread, at most `timeout` seconds; say whether it happened."""
        return self._event.wait(timeout)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class Gate:
    """Holds a scripted stream at one place until the test lets it go on.

    Give it to `Rule.reply(pause=...)`. All streams that come to a closed gate wait there.

    Example:
        ```python
        gate = Gate(after="one ")
        llm.on("count").reply("one two three", pause=gate)
        ...                      # send "count" to the engine
        await gate.reached()     # "one " is on its way, nothing after it
        gate.release()
        ```

    Args:
        after: The text after which the stream is held, found in the reply's text; empty holds
            it before its first text.
    """

    def __init__(self, after: str = "") -> None:
        self.after = after
        self._reached = Signal()
        self._released = Signal()

    async def reached(self, timeout: float = 10.0) -> None:
        """Wait until a stream is held here.

        Raises:
            TimeoutError: No stream came here in `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._reached.wait()
        except TimeoutError:
            raise TimeoutError(self._missed(timeout)) from None

    def wait_reached(self, timeout: float = 10.0) -> None:
        """Do what `reached` does, blocking, for tests that have no event loop.

        Raises:
            TimeoutError: No stream came here in `timeout` seconds.
        """
        if not self._reached.wait_in_thread(timeout):
            raise TimeoutError(self._missed(timeout))

    def release(self) -> None:
        """Let the held streams go on, and all that come later pass. Any thread may call it."""
        self._released.set()

    async def hold(self) -> None:
        """Wait at the gate. The server calls this when a stream comes to `after`."""
        self._reached.set()
        await self._released.wait()

    def _missed(self, timeout: float) -> str:
        return f"No stream reached the gate after {self.after!r} in {timeout:g} s."
