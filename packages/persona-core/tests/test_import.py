"""The package is light and its public names are complete."""

import subprocess
import sys

import persona.core

_HEAVY = {"jupyter_server", "tornado", "litellm", "mcp", "acp", "jupyterlab_chat", "nbformat"}


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_import_loads_nothing_heavy() -> None:
    output = _run(f"import sys, persona.core; print(sorted({_HEAVY!r} & sys.modules.keys()))")
    assert output == "[]"


def test_using_every_name_loads_nothing_heavy() -> None:
    code = (
        "import sys, persona.core as c\n"
        "[getattr(c, name) for name in c.__all__]\n"
        "c.EngineRegistry().entries; c.Catalog(loaders=[]).view('.')\n"
        f"print(sorted({_HEAVY!r} & sys.modules.keys()))"
    )
    assert _run(code) == "[]"


def test_all_is_sorted_and_each_name_resolves() -> None:
    names = persona.core.__all__
    assert list(names) == sorted(names)
    assert len(set(names)) == len(names)
    for name in names:
        assert getattr(persona.core, name) is not None


def test_all_has_each_name_of_the_stub() -> None:
    import ast
    from pathlib import Path

    stub = Path(persona.core.__file__).with_suffix(".pyi")
    tree = ast.parse(stub.read_text("utf-8"))
    imported = [
        a.asname or a.name for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names
    ]
    (listed,) = [ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign)]
    assert sorted(imported) == listed


def test_namespace_has_no_init_file() -> None:
    import persona

    assert persona.__file__ is None


def test_unknown_name_raises_attribute_error() -> None:
    assert not hasattr(persona.core, "nothing_of_that_name")
