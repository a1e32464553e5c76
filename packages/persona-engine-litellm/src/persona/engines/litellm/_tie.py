"""Tie a process to this one, so that it ends with it, also when this one is killed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

# Asks the kernel for SIGKILL when the parent is gone (PR_SET_PDEATHSIG is 1), then becomes
# the command. The parent may be gone before that: then nobody asks any more.
_LAUNCHER = (
    "import ctypes, os, sys\n"
    "ctypes.CDLL(None).prctl(1, 9)\n"
    "if os.getppid() != int(sys.argv[1]):\n"
    "    os._exit(1)\n"
    "os.execvp(sys.argv[2], sys.argv[2:])\n"
)


def tied(command: str, args: Sequence[str], path: str | None) -> tuple[str, list[str]]:
    """Return the command so that the kernel ends it with this process, where it can (Linux).

    Elsewhere, and for a command that is not there, it is returned as it is; whoever starts
    it then gets the usual error.

    Args:
        command: Program to start.
        args: Its arguments.
        path: Where programs are looked up, as in ``PATH``; None for this process's own.
    """
    if sys.platform != "linux" or shutil.which(command, path=path) is None:
        return command, list(args)
    return sys.executable, ["-I", "-S", "-c", _LAUNCHER, str(os.getpid()), command, *args]
