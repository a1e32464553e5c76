"""The built distributions, as somebody who installs them gets them."""

import email
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

DIST = Path(os.environ.get("PERSONA_DIST", "dist"))
WHEELS = sorted(DIST.glob("*.whl"))
SDISTS = sorted(DIST.glob("*.tar.gz"))
MODULES = [
    "persona.cli",
    "persona.core",
    "persona.engines.litellm",
    "persona.jupyter",
    "persona.loaders",
    "persona.testing",
]


def run(*command: str) -> tuple[int, str]:
    """Run a module; return its exit code and what it showed, without colours."""
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


def name(path: Path) -> str:
    return path.name.split("-")[0]


def test_every_package_is_built_as_wheel_and_sdist() -> None:
    assert len(WHEELS) >= 6
    assert [name(path) for path in WHEELS] == [name(path) for path in SDISTS]


@pytest.mark.parametrize("wheel", WHEELS, ids=name)
class TestWheel:
    def test_namespace_is_left_open_for_others(self, wheel: Path) -> None:
        names = zipfile.ZipFile(wheel).namelist()
        assert "persona/__init__.py" not in names
        assert "persona/engines/__init__.py" not in names
        assert any(path.startswith("persona/") for path in names)

    def test_types_and_licence_are_shipped(self, wheel: Path) -> None:
        names = zipfile.ZipFile(wheel).namelist()
        assert any(path.endswith("/py.typed") for path in names)
        assert any(".dist-info/licenses/LICENSE" in path for path in names)

    def test_neither_tests_nor_sources_of_the_extension_are_shipped(self, wheel: Path) -> None:
        names = zipfile.ZipFile(wheel).namelist()
        assert not [path for path in names if "node_modules" in path or path.startswith("tests/")]

    def test_siblings_are_required_with_a_calver_floor(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            (path,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
            metadata = email.message_from_bytes(archive.read(path))
        assert metadata["License-Expression"] == "BSD-3-Clause"
        required = metadata.get_all("Requires-Dist") or []
        siblings = [line for line in required if line.startswith("persona-")]
        assert all(">=2026." in line for line in siblings), siblings


@pytest.mark.parametrize("sdist", SDISTS, ids=name)
def test_sdist_holds_no_built_file(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert not [path for path in names if "/node_modules/" in path or "/labextension/" in path]
    assert any(path.endswith("/LICENSE") for path in names)


@pytest.mark.parametrize("module", MODULES)
def test_module_is_imported_from_the_installed_wheel(module: str) -> None:
    script = f"import {module} as m, persona; print(persona.__file__, m.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    package, file = done.stdout.split(maxsplit=1)
    assert package == "None"
    assert "site-packages" in file


def test_server_extension_is_enabled_after_install() -> None:
    code, shown = run("jupyter", "server", "extension", "list")
    assert code == 0, shown
    assert "persona.jupyter enabled" in shown
    after = shown[shown.index("persona.jupyter enabled") :].splitlines()
    assert any("OK" in line for line in after[:4]), shown


def test_schemas_of_the_events_are_shipped() -> None:
    (wheel,) = (path for path in WHEELS if name(path) == "persona_jupyter")
    schemas = [path for path in zipfile.ZipFile(wheel).namelist() if path.endswith(".yaml")]
    assert sorted(path.split("/")[-2] for path in schemas) == ["persona_catalog", "persona_state"]


def test_lab_extension_is_found_after_install() -> None:
    code, shown = run("jupyter", "labextension", "list")
    assert code == 0, shown
    lines = [line for line in shown.splitlines() if "persona" in line and "enabled" in line]
    assert len(lines) == 1, shown
    assert "OK" in lines[0]


def test_command_line_names_its_commands() -> None:
    code, shown = run("jupyter", "persona", "--help")
    assert code == 0, shown
    for command in ("list", "show", "check", "engines", "ask", "demo"):
        assert command in shown


def test_engines_are_listed_from_the_entry_points() -> None:
    code, shown = run("jupyter", "persona", "engines", "--json")
    assert code == 0, shown
    assert "litellm" in json.dumps(json.loads(shown))
