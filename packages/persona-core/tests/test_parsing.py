"""Python files read as a tree, also by several threads at once."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator

import pytest

from persona.core import parse_python

SOURCE = "\n".join(
    f"def f{n}(a, b=[1, (2, {{'x': lambda y: y}})]):\n    return a" for n in range(60)
)


@pytest.fixture
def interrupting() -> Iterator[None]:
    """Let other threads run in the middle of parsing, as finalizers of objects do."""

    def interrupt(phase: str, info: dict[str, int]) -> None:
        time.sleep(0.0001)

    before = gc.get_threshold()
    gc.callbacks.append(interrupt)
    gc.set_threshold(50)
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(interrupt)


def test_several_threads_parse_at_once(interrupting: None) -> None:
    failed: list[BaseException] = []

    def parse() -> None:
        try:
            assert len(parse_python(SOURCE).body) == 60
        except BaseException as exc:  # noqa: BLE001 - told below, in the test's own thread
            failed.append(exc)

    threads = [threading.Thread(target=parse) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_what_is_no_python_is_told() -> None:
    with pytest.raises(SyntaxError):
        parse_python("def")
