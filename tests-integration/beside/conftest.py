"""JupyterLab servers in which Jupyter AI is installed too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ..browser.conftest import (
    MODES,
    browser,
    chat,
    context,
    llm,
    mode,
    pictures,
    project,
    scripted,
)
from ..browser.lab import Lab, free_port

__all__ = [
    "browser",
    "chat",
    "context",
    "llm",
    "mode",
    "pictures",
    "project",
    "scripted",
]


@pytest.fixture(scope="session")
def lab(mode: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give the server of one mode."""
    home = tmp_path_factory.mktemp(f"lab-beside-{mode}")
    # Jupyter AI's MCP server; by default on a fixed port that somebody else may have.
    extra = [MODES[mode], f"--MCPExtensionApp.mcp_port={free_port()}"]
    with Lab(home, home / "root", extra=extra) as server:
        yield server


@pytest.fixture(scope="session")
def ours() -> re.Pattern[str]:
    """What an error in the server's log holds if it concerns us; Jupyter AI has personas too."""
    return re.compile(r"persona[./](cli|core|engines|jupyter|loaders)\b|PersonasExtension")
