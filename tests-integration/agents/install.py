"""Installs the real agents that the tests drive, at pinned versions: `install.py FOLDER required`.

After the folder come names of agents, `required` for those that the tests must have, or `more`
for the others. Each goes into a folder of its own. What is there already at the right version
stays, so that a second run needs no network. `FOLDER/NAME/missing.txt` says why one is not there.
"""

import argparse
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

# More at once do not end sooner: unpacking takes all of a small machine.
AT_ONCE = 2
SECONDS = 600


@dataclass(frozen=True)
class Package:
    """Where an agent comes from.

    Attributes:
        requirements: What to install, each with its exact version.
        program: The program that it installs.
        python: The Python version that it needs, for packages of the Python index.
        nowhere: Why it cannot be installed; empty if it can.
    """

    requirements: tuple[str, ...]
    program: str
    python: str = ""
    nowhere: str = ""


REQUIRED = {
    "opencode": Package(("opencode-ai@1.18.33",), "opencode"),
    "claude": Package(("@agentclientprotocol/claude-agent-acp@0.49.0",), "claude-agent-acp"),
    "codex": Package(("@agentclientprotocol/codex-acp@2.6.0",), "codex-acp"),
    "gemini": Package(("@google/gemini-cli@0.61.0",), "gemini"),
    "goose": Package(("@aaif/goose@0.20.1",), "goose"),
    "copilot": Package(("@github/copilot@1.0.102",), "copilot"),
    "qwen": Package(("@qwen-code/qwen-code@0.15.10",), "qwen"),
}
MORE = {
    "kilo": Package(("@kilocode/cli@7.7.7",), "kilo"),
    "vibe": Package(("mistral-vibe==3.0.2",), "vibe-acp", python="3.12"),
    "kiro": Package((), "kiro-cli", nowhere="Kiro CLI is in no package registry"),
}
PACKAGES = {**REQUIRED, **MORE}
GROUPS = {"required": tuple(REQUIRED), "more": tuple(MORE)}


class InstallError(Exception):
    """An agent cannot be installed here; the message says why."""


def bin_folder(folder: Path, name: str) -> Path:
    """Return the folder with the program of an installed agent."""
    inside = ("bin",) if PACKAGES[name].python else ("node_modules", ".bin")
    return folder.joinpath(name, *inside)


def why_missing(folder: Path, name: str) -> str | None:
    """Return why an agent is not there, or None when it is, at the pinned version."""
    if PACKAGES[name].nowhere:
        return PACKAGES[name].nowhere
    reason = folder / name / "missing.txt"
    if reason.is_file():
        return reason.read_text(encoding="utf-8").strip()
    stamp = folder / name / "installed.txt"
    wanted = "\n".join(PACKAGES[name].requirements)
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        return f"{wanted} is not installed in {folder}"
    return None


def install(folder: Path, name: str) -> str | None:
    """Install one agent if it is not there. Return why it could not be done, or None."""
    if PACKAGES[name].nowhere or why_missing(folder, name) is None:
        return PACKAGES[name].nowhere or None
    target = folder / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    package = PACKAGES[name]
    try:
        (_with_uv if package.python else _with_npm)(target, package)
        if not (bin_folder(folder, name) / package.program).exists():
            raise InstallError(f"{package.requirements[0]} has no program {package.program}")
    except InstallError as error:
        (target / "missing.txt").write_text(f"{error}\n", encoding="utf-8")
        return str(error)
    (target / "installed.txt").write_text("\n".join(package.requirements), encoding="utf-8")
    return None


def _with_npm(target: Path, package: Package) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise InstallError("npm is not installed; it comes with Node.js 20 or later")
    options = ("--prefix", str(target), "--no-fund", "--no-audit", "--loglevel=error")
    # Without a file of its own npm would install into the package that holds the folder.
    (target / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    _run([npm, "install", *options, "--save-exact", *package.requirements], target)


def _with_uv(target: Path, package: Package) -> None:
    uv = shutil.which("uv")
    if uv is None:
        raise InstallError("uv is not installed")
    # Only a Python that is there: nothing is downloaded but the package.
    options = ("--quiet", "--no-config")
    venv = [uv, "venv", *options, "--no-python-downloads", "--allow-existing"]
    _run([*venv, "--python", package.python, str(target)], target)
    python = str(target / "bin" / "python")
    _run([uv, "pip", "install", *options, "--python", python, *package.requirements], target)


def _run(command: list[str], target: Path) -> None:
    log = target / "install.log"
    try:
        with log.open("ab") as out:
            done = subprocess.run(
                command,
                cwd=target,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                timeout=SECONDS,
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise InstallError(f"`{command[0]}` did not end in {SECONDS} s; see {log}") from None
    if done.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace")[-1500:]
        raise InstallError(f"`{' '.join(command)}` failed:\n{tail}")


def main(arguments: list[str]) -> int:
    """Install the agents named; return how many could not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="+", choices=[*PACKAGES, *GROUPS], metavar="NAME")
    options = parser.parse_args(arguments)
    folder = options.folder.resolve()
    names = [name for given in options.names for name in GROUPS.get(given, (given,))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        reasons = list(pool.map(lambda name: install(folder, name), names))
    for name, reason in zip(names, reasons, strict=True):
        print(f"{name}: {'installed' if reason is None else reason}", flush=True)
    return sum(reason is not None for reason in reasons)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
