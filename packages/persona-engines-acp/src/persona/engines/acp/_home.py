"""Private configuration homes of agents, below Jupyter's data folder."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from persona.core import replacing
from persona.engines.acp._plan import HOME, Launch

_PATIENCE = 15.0
"""Seconds to wait for another agent that starts in the same home."""


def agents_dir() -> Path:
    """Return the folder that holds what agents were given; only the user can read it.

    Raises:
        OSError: It cannot be made.
    """
    from jupyter_core.paths import jupyter_data_dir

    folder = Path(jupyter_data_dir(), "personas", "agents")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def fingerprint(value: Any) -> str:
    """Return a short name of plain data that may hold secrets.

    It is made with a key that stays on this machine: names of folders and the ids in a
    chat's file must not let anybody try out what a secret might be.

    Raises:
        OSError: The key can neither be read nor written.
    """
    text = json.dumps(value, sort_keys=True, default=str).encode()
    return hmac.new(_key(), text, hashlib.sha256).hexdigest()[:20]


def launch_data(launch: Launch) -> list[Any]:
    """Return a launch as plain data."""
    return [launch.agent, launch.command, launch.env, launch.files, launch.links]


def prepare_home(launch: Launch) -> Path:
    """Write the private home of a launch and return it. Blocking.

    Without files, links or a mention of it no home is needed; the folder that all agents
    of that kind share is returned then, as a neutral place to start in.

    Raises:
        OSError: It cannot be written.
        ValueError: A path leads out of it.
    """
    base = _private(agents_dir() / launch.agent)
    if not launch.needs_home:
        return _private(base / "start")
    home = _private(base / fingerprint(launch_data(launch)))
    for name, text in launch.files:
        _write(_inside(home, name), in_home(text, home).encode())
    for name, target in launch.links:
        _link(_inside(home, name), Path(target))
    return home


def in_home(text: str, home: Path) -> str:
    """Return ``text`` with `HOME` replaced."""
    return text.replace(HOME, str(home))


def in_home_all(value: Any, home: Path) -> Any:
    """Return JSON-like data with `HOME` replaced in every text."""
    if isinstance(value, str):
        return in_home(value, home)
    if isinstance(value, Mapping):
        return {name: in_home_all(item, home) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [in_home_all(item, home) for item in value]
    return value


@asynccontextmanager
async def exclusive(home: Path, limit: asyncio.Timeout | None = None) -> AsyncIterator[None]:
    """Keep other processes from starting in the same home meanwhile, where files can be locked.

    Some agents make a database in their home and fail if another one does so too. Whoever
    has waited for `_PATIENCE` goes ahead: one that hangs must not hold up the others.

    Args:
        home: The home.
        limit: A time limit that stands still while another one has the home.
    """
    descriptor = os.open(home.with_name(f"{home.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        await _wait_for(descriptor, limit)
        yield
    finally:
        os.close(descriptor)


async def _wait_for(descriptor: int, limit: asyncio.Timeout | None) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    ends = None if limit is None else limit.when()
    if limit is not None:
        limit.reschedule(None)
    while not _locked(descriptor):
        if loop.time() > begun + _PATIENCE:
            break
        await asyncio.sleep(0.02)
    if limit is not None and ends is not None:
        limit.reschedule(ends + loop.time() - begun)


def _locked(descriptor: int) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _key() -> bytes:
    file = agents_dir() / "key"
    with suppress(FileNotFoundError):
        if key := file.read_bytes():
            return key
    _write(file, secrets.token_bytes(32))
    return file.read_bytes()


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def _inside(home: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"{name!r} is no path inside an agent's home")
    folder = home
    for part in path.parts[:-1]:
        folder = folder / part
        if folder.is_symlink():
            raise ValueError(f"{name!r} lies behind a link in an agent's home")
        _private(folder)
    return folder / path.parts[-1]


def _write(path: Path, data: bytes) -> None:
    """Write a file at once or not at all; only the user can read it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    with suppress(OSError):
        if not path.is_symlink() and path.read_bytes() == data:
            path.chmod(0o600)
            return
    with replacing(path, mode=0o600) as stream:
        stream.write(data)


def _link(path: Path, target: Path) -> None:
    """Let ``path`` lead to ``target``, if that exists.

    A file that the agent put in the link's place stays while it is newer: agents renew
    their logins by replacing the file.
    """
    if not target.exists():
        if path.is_symlink():
            path.unlink()
        return
    if path.is_symlink():
        if path.readlink() == target:
            return
        path.unlink()
    elif path.is_file():
        if target.is_file() and path.stat().st_mtime > target.stat().st_mtime:
            return
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    try:
        path.symlink_to(target, target_is_directory=target.is_dir())
    except FileExistsError:  # another server made it at the same time
        return
    except OSError:  # Windows without the right to make links
        if target.is_file():
            shutil.copy2(target, path)
        else:
            shutil.copytree(target, path, dirs_exist_ok=True)
