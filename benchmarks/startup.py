"""What the server extension adds to the start of JupyterLab."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.children import environment
from benchmarks.measure import Cost, Measure, median

ADDED_MS = 150.0
PORTS = range(9120, 9140)
PATIENCE = 60.0


def measure(*, full: bool) -> Iterator[Measure]:
    """Yield the difference that the extension makes, in CPU and on the clock."""
    costs: dict[bool, list[Cost]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        for number in range((12 if full else 5) + 1):
            for enabled in (False, True) if number % 2 else (True, False):
                cost = _start(home, enabled=enabled)
                if number:  # the first start fills the caches
                    costs[enabled].append(cost)
    for title, field in (("CPU", "cpu"), ("by the clock", "wall")):
        without, with_it = ([getattr(c, field) for c in costs[on]] for on in (False, True))
        added = [(b - a) * 1e3 for a, b in zip(without, with_it, strict=True)]
        yield Measure(
            "start",
            f"added to JupyterLab's start until its page is served ({title})",
            median(added),  # of pairs that were started one after the other
            "ms",
            ADDED_MS,
            detail={
                "between the best of both, ms": (min(with_it) - min(without)) * 1e3,
                "least and most of a pair, ms": f"{min(added):.0f} to {max(added):.0f}",
                "without, s": median(without),
            },
        )


def _start(home: Path, *, enabled: bool) -> Cost:
    """Start a server, wait for its page, and return what it cost until then."""
    port = _free_port()
    extensions = {
        "jupyterlab_chat": True,
        "persona.jupyter": enabled,
        # As after a plain install, also where the packages for RTC are at hand.
        "jupyter_server_ydoc": False,
        "jupyter_server_fileid": False,
    }
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.root_dir={home}", "--IdentityProvider.token="),
        f"--ServerApp.jpserver_extensions={extensions!r}",
    ]
    log = home / "server.log"
    with log.open("wb") as output:
        begun = time.perf_counter()
        server = subprocess.Popen(command, env=environment(home), stdout=output, stderr=output)
        try:
            _wait_for_page(port, server, log)
            wall = time.perf_counter() - begun
            times = psutil.Process(server.pid).cpu_times()
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    text = log.read_text(errors="replace")
    if ("persona.jupyter | extension was successfully loaded" in text) != enabled:
        raise RuntimeError(f"The extension is not {'on' if enabled else 'off'}:\n{text}")
    return Cost(times.user + times.system, wall)


def _wait_for_page(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            with contextlib.closing(connection):
                connection.request("GET", "/lab")
                if connection.getresponse().status == 200:
                    return
        time.sleep(0.02)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(errors='replace')}")


def _free_port() -> int:
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise RuntimeError(f"No free port from {PORTS.start} to {PORTS.stop - 1}.")
