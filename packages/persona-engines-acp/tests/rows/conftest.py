"""A user with logins, keys and settings of every agent, and personas for whom rows deliver."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from persona.core import PersonaContext, PersonaModel
from persona.engines.acp import AcpOptions, Blocks
from persona.engines.acp._rows import (
    CLAUDE,
    CODEX,
    COPILOT,
    GEMINI,
    GOOSE,
    KILO,
    KIRO,
    OPENCODE,
    QWEN,
    VIBE,
)

ROWS = (CLAUDE, CODEX, COPILOT, GEMINI, GOOSE, KILO, KIRO, OPENCODE, QWEN, VIBE)

SECRETS = {
    "ANTHROPIC_API_KEY": "secret-of-anthropic",
    "GEMINI_API_KEY": "secret-of-gemini",
    "GROQ_API_KEY": "secret-of-groq",
    "OPENAI_API_KEY": "secret-of-openai",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "row" in metafunc.fixturenames:
        metafunc.parametrize("row", ROWS, ids=[row.id for row in ROWS])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of a user who has logged in to every agent."""
    home = tmp_path / "home"
    for name in (
        ".codex/auth.json",
        ".copilot/config.json",
        ".gemini/google_accounts.json",
        ".gemini/oauth_creds.json",
        ".qwen/oauth_creds.json",
    ):
        _write(home / name, "{}")
    _write(home / ".config/goose/secrets.yaml", "")
    _write(home / ".vibe/.env", "")
    return home


@pytest.fixture
def skill(tmp_path: Path) -> Callable[..., Path]:
    """Make a skill and return its folder."""

    def make(name: str, folder: Path | None = None) -> Path:
        place = (folder or tmp_path / "skills") / name
        _write(place / "SKILL.md", f"---\nname: {name}\ndescription: How to {name}.\n---\nDo.\n")
        return place

    return make


@pytest.fixture
def blocks(home: Path, tmp_path: Path) -> Callable[..., Blocks]:
    """Make the blocks of a persona."""

    def make(
        model: str | None = None,
        *,
        url: str | None = None,
        prompt: str | None = None,
        context: dict[str, Any] | None = None,
        environ: dict[str, str] | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        max_output_tokens: int | None = None,
        **options: Any,
    ) -> Blocks:
        return Blocks(
            slug="probe",
            model=PersonaModel(
                model_id=model,
                model_url=url,
                temperature=temperature,
                top_p=top_p,
                max_output_tokens=max_output_tokens,
            )
            if model
            else None,
            context=PersonaContext(system_prompt=prompt, **(context or {})),
            options=AcpOptions(**options),
            cwd=tmp_path / "project",
            environment={"HOME": str(home), **SECRETS, **(environ or {})},
        )

    return make


@pytest.fixture
def write() -> Iterator[Callable[[Path, Any], None]]:
    """Write a file, data as JSON."""

    def write(path: Path, data: Any) -> None:
        _write(path, data if isinstance(data, str) else json.dumps(data))

    yield write


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def rows() -> dict[str, Any]:
    """The rows by id."""
    return {row.id: row for row in ROWS}
