"""How a helper process notices that its parent is gone."""

import os
import sys
import threading


def exit_with_stdin() -> None:
    """End this process when its standard input closes, also when the parent was killed.

    Call it once at the start of a process that was given a pipe as standard input.
    """

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os._exit(0)

    threading.Thread(target=watch, name="exit-with-stdin", daemon=True).start()
