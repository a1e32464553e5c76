"""A scripted LLM server as a process: `python -m persona.testing.llm --port N --script FILE`.

It prints its address on one line and serves until it is interrupted.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from persona.testing._llm import ScriptedLLM
from persona.testing._llm_file import load_script
from persona.testing._parent import exit_with_stdin

__all__ = ["load_script", "main"]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the server with the arguments of a command line.

    Raises:
        SystemExit: The arguments or the script are wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m persona.testing.llm", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="port on loopback (default: a free one)"
    )
    parser.add_argument("--script", type=Path, help="JSON file of rules (default: echo)")
    parser.add_argument("--model", action="append", help="a model to list; may be repeated")
    parser.add_argument("--api-key", help="the only key accepted (default: any)")
    parser.add_argument(
        "--exit-with-stdin", action="store_true", help="end when standard input closes"
    )
    options = parser.parse_args(argv)
    models = tuple(options.model or ("scripted",))
    llm = ScriptedLLM(port=options.port, models=models, api_key=options.api_key)
    if options.script is not None:
        try:
            load_script(llm, options.script)
        except (OSError, ValueError) as error:
            parser.error(str(error))
    if options.exit_with_stdin:
        exit_with_stdin()
    asyncio.run(_serve(llm))


async def _serve(llm: ScriptedLLM) -> None:
    finished = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, finished.set)
    async with llm:
        sys.stdout.write(f"{llm.url}\n")
        sys.stdout.flush()
        await finished.wait()


if __name__ == "__main__":
    main()
