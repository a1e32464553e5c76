#!/usr/bin/env python3
"""Run the demo or the tests from a fresh clone.

    python3 bootstrap.py demo [DIR] [--no-browser]   JupyterLab, open on a chat with personas
    python3 bootstrap.py test [nox arguments]        every test of the project

Needs Python 3.11 or later. Node.js 20 or later builds the JupyterLab extension; where there is
none, one from the package index does. Everything is installed inside the clone: uv in `.tools/`,
the packages in `.venv/`, the environments of the tests in `.nox/`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit(
        f"Python 3.11 or later is needed; this is {sys.version.split()[0]} ({sys.executable})."
    )

UV = "0.13.9"
NOX = "2026.10.20"

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
BIN = "Scripts" if os.name == "nt" else "bin"
EXE = ".exe" if os.name == "nt" else ""


class BootstrapError(Exception):
    """Something that only the user can change; the message says how."""


def main(arguments: list[str]) -> int:
    """Run the command named first; return the exit code."""
    commands = {"demo": demo, "test": test}
    if not arguments or arguments[0] not in commands:
        print(__doc__.strip())
        return 0 if arguments and arguments[0] in {"-h", "--help", "help"} else 2
    try:
        return commands[arguments[0]](arguments[1:])
    except BootstrapError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def demo(arguments: list[str]) -> int:
    """Install the workspace into `.venv` and hand over to `jupyter persona demo`."""
    uv = find_uv()
    environment = clean_environment(uv)
    say("installing the packages into .venv (minutes the first time, seconds after that)")
    sync = [str(uv), "sync", "--quiet", "--project", str(ROOT), "--python", sys.executable]
    if call(sync, environment | {"UV_PROJECT_ENVIRONMENT": str(VENV)}):
        raise BootstrapError(
            "the packages could not be installed; the lines above say why. "
            "The package index must be reachable; proxies and certificates are taken from the "
            "environment (HTTPS_PROXY, SSL_CERT_FILE)."
        )
    environment["VIRTUAL_ENV"] = str(VENV)
    environment["PATH"] = os.pathsep.join([str(VENV / BIN), environment.get("PATH", "")])
    jupyter = VENV / BIN / f"jupyter{EXE}"
    return replace_process([str(jupyter), "persona", "demo", *arguments], environment)


def test(arguments: list[str]) -> int:
    """Run the sessions of noxfile.py: all of the default ones, or what the arguments say."""
    uv = find_uv()
    environment = clean_environment(uv)
    nox = [str(uv), "tool", "run", "--python", sys.executable, "--from", f"nox=={NOX}", "nox"]
    command = [*nox, "--noxfile", str(ROOT / "noxfile.py"), *arguments]
    if arguments or (os.cpu_count() or 1) < 2:
        return call(command, environment)
    # Once, before two at a time would do it.
    lock = [str(uv), "lock", "--quiet", "--project", str(ROOT), "--python", sys.executable]
    if failed := call(lock, environment):
        return failed
    failed = side_by_side(command, environment)
    say("what is measured runs alone")
    return failed | call(command, environment | {"PERSONA_LANE": "alone"})


def side_by_side(command: list[str], environment: dict[str, str]) -> int:
    """Run two groups of sessions at once; show the second one's output when it has ended."""
    say("two groups of sessions run side by side; the second one's output follows the first's")
    with tempfile.TemporaryFile() as output:
        together = subprocess.Popen(
            command,
            env=environment | {"PERSONA_LANE": "together"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            failed = call(command, environment | {"PERSONA_LANE": "packages"})
            failed |= together.wait()
        finally:
            together.terminate()
            together.wait()
        output.seek(0)
        sys.stdout.flush()
        shutil.copyfileobj(output, sys.stdout.buffer)
        sys.stdout.flush()
    return failed


def find_uv() -> Path:
    """Return uv at the pinned version, installed into `.tools/` when it is not there yet."""
    uv = TOOLS / "venv" / BIN / f"uv{EXE}"
    beside = TOOLS / "site" / BIN / f"uv{EXE}"
    for candidate in (uv, beside):
        if version_of(candidate) == UV:
            return candidate
    say(f"installing uv {UV} into .tools")
    TOOLS.mkdir(exist_ok=True)
    python = TOOLS / "venv" / BIN / f"python{EXE}"
    # A separate process: where ensurepip is missing it may end the whole interpreter.
    made = quiet([sys.executable, "-m", "venv", "--clear", str(TOOLS / "venv")])
    if made and not pip_install(python):
        return uv
    shutil.rmtree(TOOLS / "venv", ignore_errors=True)
    if quiet([sys.executable, "-m", "pip", "--version"]):
        shutil.rmtree(TOOLS / "site", ignore_errors=True)
        if not pip_install(Path(sys.executable), "--target", str(TOOLS / "site")):
            return beside
    elif not made:
        if found := shutil.which("uv"):
            return Path(found)
        raise BootstrapError(
            f"{sys.executable} has neither `venv` nor `pip`. Install them (Debian and Ubuntu: "
            "apt install python3-venv) or install uv, and run this again."
        )
    raise BootstrapError(
        "uv could not be installed; the lines above say why. The package index must be reachable; "
        "proxies and certificates are taken from the environment (HTTPS_PROXY, PIP_CERT)."
    )


def pip_install(python: Path, *arguments: str) -> int:
    """Install uv with that interpreter's pip; return pip's exit code."""
    options = ["--quiet", "--disable-pip-version-check", "--no-input"]
    return call([str(python), "-m", "pip", "install", *options, *arguments, f"uv=={UV}"])


def version_of(uv: Path) -> str | None:
    """Return the version that the program tells, or None if it does not run."""
    if not uv.is_file():
        return None
    shown = subprocess.run([str(uv), "--version"], capture_output=True, text=True, check=False)
    words = shown.stdout.split()
    return words[1] if shown.returncode == 0 and len(words) > 1 else None


def clean_environment(uv: Path) -> dict[str, str]:
    """Return the environment for uv: no active environment of the user's, no Python download."""
    environment = dict(os.environ)
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "UV_PROJECT_ENVIRONMENT"):
        environment.pop(name, None)
    environment["PATH"] = os.pathsep.join([str(uv.parent), environment.get("PATH", "")])
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    return environment


def call(command: list[str], environment: dict[str, str] | None = None) -> int:
    """Run a command that talks to the user; return its exit code."""
    return subprocess.run(command, env=environment, check=False).returncode


def quiet(command: list[str]) -> bool:
    """Run a command unseen and tell whether it worked."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def replace_process(command: list[str], environment: dict[str, str]) -> int:
    """Become the command where the system allows, so that signals reach it directly."""
    if os.name == "nt":
        return call(command, environment)
    sys.stdout.flush()
    os.execve(command[0], command, environment)
    return 0


def say(text: str) -> None:
    """Tell the user what takes its time now."""
    print(f"bootstrap: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
