"""Importing `persona.testing` is light and complete."""

import subprocess
import sys

import persona.testing


def test_import_loads_no_server_and_no_chat() -> None:
    code = (
        "import sys, persona.testing\n"
        "heavy = {'aiohttp', 'mcp', 'jupyterlab_chat', 'litellm', 'jupyter_server', 'uvicorn'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "[]"


def test_all_is_sorted_and_complete() -> None:
    names = persona.testing.__all__
    assert names == sorted(names)
    public = {name for name in vars(persona.testing) if not name.startswith("_")}
    modules = {name for name in public if isinstance(vars(persona.testing)[name], type(sys))}
    assert public - modules == set(names)
