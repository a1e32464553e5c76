"""Python files read as a tree, in whatever thread."""

from __future__ import annotations

import ast
import time

_TRIES = 50


def parse_python(source: str | bytes) -> ast.Module:
    """Return the tree of a Python file, as `ast.parse` does. Nothing is imported or run.

    Called for files of personas and of what they start, often in several threads at once.
    Python 3.11 counts the depth of all its parsers together: one that is interrupted by
    another may be ended by a `SystemError` that has nothing to do with the file.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: It is no Python, or too much.
    """
    for _ in range(_TRIES):
        try:
            return ast.parse(source)
        except SystemError:
            time.sleep(0.001)
    return ast.parse(source)
