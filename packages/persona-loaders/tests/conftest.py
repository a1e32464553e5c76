"""Writing persona files and reading them back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from persona.core import Diagnostic, LoadResult, PersonaDefinition
from persona.loaders import load_markdown


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., LoadResult]:
    """Write a file and load it: ``load(content, name="x.persona.md")``."""

    def write_and_load(content: str | bytes, name: str = "sage.persona.md") -> LoadResult:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load_markdown(path)

    return write_and_load


@pytest.fixture
def defined(load: Callable[..., LoadResult]) -> Callable[..., PersonaDefinition]:
    """Load front matter and body that are right: the definition."""

    def load_front(front: str, body: str = "", name: str = "sage.persona.md") -> PersonaDefinition:
        result = load(f"---\n{front}\n---\n{body}", name)
        assert result.diagnostics == ()
        (definition,) = result.definitions
        return definition

    return load_front


@pytest.fixture
def refused(load: Callable[..., LoadResult]) -> Callable[..., Diagnostic]:
    """Load a file with one error: the error."""

    def load_bad(content: str | bytes, name: str = "sage.persona.md") -> Diagnostic:
        result = load(content, name)
        assert result.definitions == ()
        (diagnostic,) = result.diagnostics
        assert diagnostic.severity == "error"
        assert diagnostic.fix
        return diagnostic

    return load_bad
