"""Real agents behind the engines, a chat in memory, and the scripted LLM as their only provider."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from persona.testing import ScriptedLLM
from persona.testing.chat import MemoryChat

from .bench import Bench, until_gone
from .homes import no_network
from .install import GROUPS, PACKAGES, bin_folder, why_missing
from .profiles import PROFILES, Profile

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("PERSONA_AGENTS", ROOT / ".tools" / "agents"))
GIVEN = os.environ.get("PERSONA_AGENT_NAMES", "required").split(",")
NAMES = [name for given in GIVEN for name in GROUPS.get(given, (given,))]
OBSERVED = pytest.StashKey["dict[str, dict[str, str]]"]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[OBSERVED] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `profile` once for each agent, unless its class is for one agent."""
    if "profile" in metafunc.fixturenames and metafunc.cls is None:
        profiles = [PROFILES[name] for name in NAMES]
        metafunc.parametrize("profile", profiles, ids=NAMES, scope="session")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write down what was seen, for the table in the documentation."""
    observed = session.config.stash[OBSERVED]
    path = os.environ.get("PERSONA_OBSERVED")
    if path and observed:
        known = Path(path)
        before = json.loads(known.read_text(encoding="utf-8")) if known.is_file() else {}
        merged = {name: dict(sorted(seen.items())) for name, seen in {**before, **observed}.items()}
        text = json.dumps(dict(sorted(merged.items())), indent=2)
        known.write_text(text + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the cache folder that all homes of one agent share."""
    base = tmp_path_factory.mktemp("caches")

    def folder(name: str) -> Path:
        (base / name).mkdir(exist_ok=True)
        return base / name

    return folder


@pytest.fixture(autouse=True)
def home(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    profile: Profile,
    unpacked: Callable[[str], Path],
) -> Path:
    """A fresh home; the agent on PATH; nobody else to be reached."""
    if reason := why_missing(FOLDER, profile.name):
        pytest.skip(reason)
    home = tmp_path / "home"
    home.mkdir()
    # Only what is made from the package: one of them unpacks 240 MB there at its first start.
    (home / ".cache").symlink_to(unpacked(profile.name), target_is_directory=True)
    monkeypatch.setenv("HOME", str(home))
    for name, folder in {
        "XDG_CONFIG_HOME": ".config",
        "XDG_DATA_HOME": ".local/share",
        "XDG_STATE_HOME": ".local/state",
        "XDG_CACHE_HOME": ".cache",
        "JUPYTER_DATA_DIR": ".local/share/jupyter",
        "JUPYTER_RUNTIME_DIR": ".local/share/jupyter/runtime",
        "JUPYTER_CONFIG_DIR": ".jupyter",
    }.items():
        monkeypatch.setenv(name, str(home / folder))
    programs = bin_folder(FOLDER, profile.name)
    monkeypatch.setenv("PATH", os.pathsep.join([str(programs), os.environ["PATH"]]))
    for name, value in {**no_network(profile.name), **(profile.env or {})}.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    async with ScriptedLLM(models=("fake-1", "fake-2")) as llm:
        yield llm


@pytest.fixture
async def bench(llm: ScriptedLLM, tmp_path: Path, profile: Profile) -> AsyncIterator[Bench]:
    """A bench; when the test is over nothing that it started may be left."""
    root = tmp_path / "project"
    root.mkdir()
    bench = Bench(profile, llm, root, MemoryChat("talk.chat"))
    try:
        yield bench
    finally:
        bench.look()
        await bench.close()
    await until_gone(bench.children)


@pytest.fixture
def observed(request: pytest.FixtureRequest, profile: Profile) -> dict[str, str]:
    """What is seen of each block, to be written down."""
    package = PACKAGES[profile.name].requirements[0].replace("==", "@")
    return request.config.stash[OBSERVED].setdefault(profile.engine, {"package": package})
