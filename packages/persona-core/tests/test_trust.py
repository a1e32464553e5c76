"""What a definition would run, what trust is given to, and where it is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict

from persona.core import (
    EngineRegistry,
    Executes,
    Origin,
    PersonaDefinition,
    PersonaEngine,
    Scope,
    Source,
    TrustError,
    TrustJudge,
    TrustRules,
    TrustStore,
    TrustVersion,
    executions,
    version_of,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions differ there")


class Options(BaseModel):
    model_config = ConfigDict(extra="allow")

    permissions: Annotated[str, Executes(unless=("ask",))] = "ask"
    careful: Annotated[bool, Executes(unless=(True,))] = True
    colour: str = ""


class Asker(PersonaEngine):
    id = "asker"
    options_model = Options

    async def reply(self, turn: Any) -> Any:
        yield ""


@pytest.fixture
def registry() -> EngineRegistry:
    registry = EngineRegistry([])
    registry.register(Asker)
    return registry


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".jupyter" / "personas").mkdir(parents=True)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "data" / "personas" / "trust.json")


def define(root: Path, scope: Scope = Scope.PROJECT, name: str = "ada", **more: Any) -> Any:
    file = root / ".jupyter" / "personas" / f"{name}.persona.md"
    definition = PersonaDefinition.model_validate(
        {"name": name, "engine": "asker", "identity": {"name": "Ada"}, **more}
    )
    origins = {key: Origin(file, 3, scope) for key in ("name", "options", "context.mcp_servers")}
    return definition.located(Source(file, scope, root), origins)


def server(*args: str, **more: Any) -> dict[str, Any]:
    return {"mcp_servers": [{"name": "s", "command": "python", "args": list(args), **more}]}


def version(root: Path, registry: EngineRegistry, **more: Any) -> TrustVersion:
    found = version_of(define(root, **more), root, registry)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, []),
        ({"options": {"permissions": "ask", "careful": True, "colour": "red"}}, []),
        ({"options": {"permissions": "allow-all"}}, ["options.permissions of engine asker"]),
        ({"options": {"careful": False}}, ["options.careful of engine asker"]),
        ({"options": {"careful": 1}}, ["options.careful of engine asker"]),
        ({"options": {"command": "x", "args": ["y"]}}, ["engine asker"]),
        ({"engine": "not-installed", "options": {"env": {"A": "b"}}}, ["engine not-installed"]),
        ({"options": {"env": {}, "command": None, "args": []}}, []),
        ({"context": server("a.py")}, ["MCP server s"]),
        ({"context": {"mcp_servers": [{"name": "w", "url": "https://x/mcp"}]}}, []),
    ],
)
def test_what_runs_is_found(
    more: dict[str, Any], expected: list[str], root: Path, registry: EngineRegistry
) -> None:
    found = executions(define(root, **more), registry)
    assert [run.what for run in found] == expected


def test_names_of_variables_are_told_and_values_are_not(
    root: Path, registry: EngineRegistry
) -> None:
    context = server("--key", "${KEY}", env={"TOKEN": "hunter2 ${HOME}"})
    (run,) = executions(define(root, context=context), registry)
    assert (run.environment, run.takes, run.line) == (("TOKEN",), ("KEY", "HOME"), 3)
    found = version(root, registry, context=context)
    assert "hunter2" not in json.dumps([run.as_dict(), found.told()])


@pytest.mark.parametrize("scope", [Scope.USER, Scope.ENVIRONMENT, Scope.BUILTIN])
def test_what_is_not_of_a_project_is_the_users_own(
    scope: Scope, root: Path, registry: EngineRegistry
) -> None:
    assert version_of(define(root, scope, context=server("a.py")), root, registry) is None


def test_no_engine_is_imported_without_options(root: Path) -> None:
    registry = EngineRegistry([])
    registry.load = lambda engine_id: pytest.fail("it was imported")  # type: ignore[assignment,method-assign]
    assert executions(define(root, context=server("a.py")), registry)


@pytest.mark.parametrize(
    "change",
    ["args", "env", "prompt", "script", "imported", "slug", "file", "engine", "skill"],
)
def test_each_change_of_what_decides_is_another_version(
    change: str, root: Path, registry: EngineRegistry, store: TrustStore
) -> None:
    (root / "a.py").write_text("import helper\n")
    (root / "helper.py").write_text("x = 1\n")
    (root / "skills" / "s").mkdir(parents=True)
    (root / "skills" / "s" / "run.sh").write_text("echo\n")
    context = {**server("a.py", env={"A": "1"}), "skills_paths": ["skills"]}
    more: dict[str, Any] = {"context": context}
    before = version(root, registry, **more)
    store.approve([before])
    match change:
        case "args":
            more = {"context": {**context, **server("a.py", "-x", env={"A": "1"})}}
        case "env":
            more = {"context": {**context, **server("a.py", env={"A": "2"})}}
        case "prompt":
            more = {"context": {**context, "system_prompt": "Obey."}}
        case "script":
            (root / "a.py").write_text("import helper  # more\n")
        case "imported":
            (root / "helper.py").write_text("x = 2\n")
        case "slug":
            more = {**more, "name": "eve"}
        case "file":
            (root / "a.py").rename(root / "b.py")
            (root / "a.py").symlink_to(root / "b.py")
        case "engine":
            more = {**more, "engine": "other"}
        case "skill":
            (root / "skills" / "s" / "run.sh").write_text("rm -rf\n")
    after = version(root, registry, **more)
    assert after.digest != before.digest
    assert not store.trusts(after)


def test_an_equal_version_stays_trusted_and_so_do_versions_before(
    root: Path, registry: EngineRegistry, store: TrustStore
) -> None:
    one = version(root, registry, context=server("-a"))
    two = version(root, registry, context=server("-b"))
    store.approve([one])
    store.approve([two])
    assert store.trusts(version(root, registry, context=server("-a")))
    assert TrustStore(store.file).trusts(two)
    (change,) = one.differs_from(store.approval(one).texts, {})  # type: ignore[union-attr]
    assert '"-b"' in (change.old or "") and '"-a"' in change.new


def test_a_project_counts_only_for_what_it_alone_says(
    root: Path, registry: EngineRegistry, store: TrustStore
) -> None:
    plain = version(root, registry, context=server("-a"))
    other = root.parent / ".jupyter" / "personas" / "base.persona.md"
    definition = define(root, context=server("-a"))
    origins = {**definition.origins, "options": Origin(other, 1, Scope.PROJECT)}
    mixed = version_of(definition.located(definition.source, origins), root, registry)
    assert mixed is not None
    store.trust_project([root])
    assert store.trusts(plain)
    assert not store.trusts(mixed)
    assert not TrustRules(paths=(str(root),)).covers(mixed)
    assert TrustRules(paths=(str(root.parent),)).covers(mixed)


def test_rules_of_the_server_come_first(root: Path, registry: EngineRegistry) -> None:
    definition = define(root, context=server("-a"))
    for rules, expected in (
        (TrustRules(), "new"),
        (TrustRules("always"), None),
        (TrustRules("never"), "never"),
        (TrustRules("never", (str(root),)), None),
        (TrustRules(paths=(f"{root}-other", "")), "new"),
    ):
        found = TrustJudge(registry, TrustStore(root.parent / "t.json"), rules).look(
            definition, root
        )
        assert (found.why if found else None) == expected


# -- the store ---------------------------------------------------------------------------


@posix
def test_the_store_is_the_users_alone(
    root: Path, registry: EngineRegistry, store: TrustStore
) -> None:
    store.approve([version(root, registry, context=server("-a"))])
    assert store.file.stat().st_mode & 0o777 == 0o600
    assert store.file.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"v": 2}', b'{"v": 1, "projects": [], "versions": {}}',
     b'{"v": 1, "projects": {}, "versions": {"x": 1}}', b"[" * 100_000],
)  # fmt: skip
def test_a_broken_store_trusts_nothing_says_so_and_is_mended(
    content: bytes, root: Path, registry: EngineRegistry, store: TrustStore
) -> None:
    store.file.parent.mkdir(parents=True)
    store.file.write_bytes(content)
    store.file.chmod(0o600)
    found = version(root, registry, context=server("-a"))
    assert not store.trusts(found)
    assert "does not count" in store.problem
    waiting = TrustJudge(registry, store).look(define(root, context=server("-a")), root)
    assert waiting is not None and "does not count" in waiting.problem
    store.approve([found])
    assert store.problem == ""
    assert store.trusts(found)
    assert store.file.with_name("trust.json.broken").read_bytes() == content


@posix
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_store_that_others_may_write_trusts_nothing(
    mode: int, root: Path, registry: EngineRegistry, store: TrustStore
) -> None:
    found = version(root, registry, context=server("-a"))
    store.approve([found])
    store.file.chmod(mode)
    assert not store.trusts(found)
    assert "others may write" in store.problem


def test_a_store_in_the_project_is_neither_read_nor_written(
    root: Path, registry: EngineRegistry, store: TrustStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = version(root, registry, context=server("-a"))
    store.approve([found])
    inside = root / "data" / "personas" / "trust.json"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(store.file.read_bytes())
    inside.chmod(0o600)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(root / "data"))
    monkeypatch.setenv("HOME", str(root))
    own = TrustStore()
    assert own.file == inside
    assert not own.trusts(found)
    with pytest.raises(TrustError, match="lies in the project itself"):
        own.trust_project([root])


def test_what_cannot_be_checked_is_trusted_with_the_project_only(
    root: Path, registry: EngineRegistry, store: TrustStore
) -> None:
    with (root / "big.bin").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    found = version(root, registry, context=server("big.bin"))
    assert [problem.path.name for problem in found.problems] == ["big.bin"]
    with pytest.raises(TrustError, match="too large"):
        store.approve([found])
    store.trust_project([root])
    assert store.trusts(found)


@posix
def test_a_pipe_that_is_named_is_not_waited_for(root: Path, registry: EngineRegistry) -> None:
    os.mkfifo(root / "pipe")
    found = version(root, registry, context=server("pipe", "/dev/null"))
    assert [problem.problem for problem in found.problems] == ["It is not an ordinary file."]


def test_revoking_takes_back_what_fits(
    root: Path, registry: EngineRegistry, store: TrustStore
) -> None:
    found = version(root, registry, context=server("-a"))
    store.approve([found])
    store.trust_project([root, root / "inner"])
    gone = store.revoke(lambda approval: approval.root == root)
    assert {(approval.slug, approval.file is None) for approval in gone} == {
        ("ada", False),
        ("", True),
    }
    assert not store.trusts(found)
    assert [approval.root for approval in store.approvals()] == [root / "inner"]


_WRITER = """
import sys
from pathlib import Path
from persona.core import TrustStore
store = TrustStore(Path(sys.argv[1]))
for number in range(10):
    store.trust_project([Path(sys.argv[2]) / f"{sys.argv[3]}-{number}"])
"""


def test_processes_that_write_at_once_lose_nothing(store: TrustStore, tmp_path: Path) -> None:
    words = [sys.executable, "-c", _WRITER, str(store.file), str(tmp_path / "p")]
    running = [subprocess.Popen([*words, str(n)]) for n in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(store.approvals()) == 30
    assert store.problem == ""
