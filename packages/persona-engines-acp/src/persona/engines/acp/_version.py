"""Versions of agents: read from a text, or asked of the program."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Mapping

_PATIENCE = 10.0


def version_numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of the first version in a text, or nothing."""
    found = re.search(r"\d+(?:\.\d+)+|\d+", text)
    return tuple(itertools.islice(map(int, found.group().split(".")), 4)) if found else ()


async def asked_version(command: list[str], env: Mapping[str, str]) -> str:
    """Return what the program prints about its version; empty if nothing in time."""
    if len(command) < 2:
        return ""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            output, _ = await process.communicate()
    except TimeoutError:
        return ""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output.decode("utf-8", "replace")
