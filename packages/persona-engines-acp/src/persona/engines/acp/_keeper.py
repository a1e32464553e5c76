"""A small program that starts an agent and sees to it that nothing of it is left behind.

It runs between the server and the agent, alone and without site-packages::

    python -I -S _keeper.py LIFELINE PARENT PROGRAM ARGUMENT…

``LIFELINE`` is the number of a pipe's reading end. Only the server holds the other end, so
that it closes when the server ends, however it ends; -1 is for none. Agents are often a
script that starts another program; killing the first leaves the second. So everything
that was ever started under the keeper is ended when

- the agent's first process ends,
- the server ends or lets go of the lifeline,
- the keeper gets SIGTERM.

It must stay importable without effect and use nothing but the standard library.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress

GRACE = 1.0
"""Seconds between SIGTERM and SIGKILL."""

_NOT_STARTED = 127
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with suppress(ImportError, OSError):  # a Python without ctypes: the lifeline is left
            import ctypes

            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _descendants() -> list[int]:
    """Return everything that was started under this process and still lives (Linux)."""
    parents: dict[int, list[int]] = {}
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - starts in 10 ms
    except OSError:
        return []
    for name in names:
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - starts in 10 ms
                fields = file.read().rpartition(b")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if fields[0] not in (b"Z", b"X"):
            parents.setdefault(int(fields[1]), []).append(int(name))
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def _signal_all(number: int) -> bool:
    """Signal everything under this process; return whether there is anything."""
    others = _descendants()
    for pid in others:
        with suppress(OSError):
            os.kill(pid, number)
    if sys.platform != "linux":
        with suppress(OSError):  # no /proc: the group is all that is known
            os.killpg(0, number)
    return bool(others)


def _reap() -> dict[int, int]:
    """Take note of every child that has ended."""
    ended: dict[int, int] = {}
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended[pid] = os.waitstatus_to_exitcode(status)
    return ended


def _end_all(agent: int) -> int | None:
    """End everything, gently first; return the agent's exit code if it was still there."""
    code: int | None = None
    deadline = time.monotonic() + GRACE
    _signal_all(signal.SIGTERM)
    while time.monotonic() < deadline:
        code = _reap().get(agent, code)
        if not _descendants():
            break
        time.sleep(0.01)
    for _ in range(200):  # what is killed may have started something just before
        if not _signal_all(signal.SIGKILL):
            break
        time.sleep(0.005)
        code = _reap().get(agent, code)
    return _reap().get(agent, code)


def _start(command: list[str], parent: int) -> int:
    """Fork the agent; its first process dies with the keeper."""
    keeper = os.getpid()
    agent = os.fork()
    if agent:
        return agent
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == keeper:
            os.execvp(command[0], command)  # noqa: S606 - a list, no shell
    except OSError as exc:
        os.write(2, f"{command[0]}: {exc.strerror}\n".encode())
    os._exit(_NOT_STARTED)


def main(argv: list[str]) -> int:
    """Start the agent, wait for one of the reasons to end, end everything."""
    lifeline, parent, command = int(argv[1]), int(argv[2]), argv[3:]
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)  # besides the lifeline, which a fork may hold
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    if os.getppid() != parent:
        return 1
    watched = [] if lifeline < 0 else [lifeline]
    for descriptor in watched:
        os.set_inheritable(descriptor, False)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: told.append(number))
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    agent = _start(command, parent)
    # The pipes are the agent's: whoever reads them must see when the agent closes them.
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    code: int | None = None
    while code is None and not told:
        ready, _, _ = select.select([*watched, wake_read], [], [])
        if lifeline in ready and not os.read(lifeline, 64):
            break
        if wake_read in ready:
            os.read(wake_read, 4096)
        code = _reap().get(agent)
    last = _end_all(agent)
    code = last if code is None else code
    if code is None:
        return 1
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    os._exit(main(sys.argv))
