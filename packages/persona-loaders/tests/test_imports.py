"""The package is light until the first file is loaded."""

import subprocess
import sys

import persona.loaders


def test_public_names_are_complete_and_sorted():
    assert persona.loaders.__all__ == sorted(persona.loaders.__all__)
    for name in persona.loaders.__all__:
        module = getattr(persona.loaders, name).__module__
        assert module.startswith("persona.loaders.")
        assert module.rpartition(".")[2].startswith("_")


def test_finding_the_loader_imports_neither_yaml_nor_pydantic():
    code = (
        "import sys\n"
        "from persona.loaders import MARKDOWN, PYTHON, TOML\n"
        "assert MARKDOWN.claims('a.persona.md') and TOML.claims('personas.toml')\n"
        "assert PYTHON.claims('a_persona.py')\n"
        "print([m for m in ('yaml', 'pydantic', 'traitlets', 'filelock') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
