"""Engines by id: listing imports nothing, a bad entry hurts only who names it."""

import importlib
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from persona.core import EngineBroken, EngineNotFound, EngineRegistry, PersonaEngine, Turn


class Echo(PersonaEngine):
    id = "echo"

    async def reply(self, turn: Turn):  # type: ignore[no-untyped-def]
        yield turn.text


class Pool:
    def __init__(self, error: Exception | None = None) -> None:
        self.closed = 0
        self.error = error

    async def close(self) -> None:
        self.closed += 1
        if self.error is not None:
            raise self.error


async def test_shared_things_are_made_once_and_closed_once() -> None:
    one, two = EngineRegistry(()), EngineRegistry(())
    pool = one.shared("a", Pool)
    assert one.shared("a", Pool) is pool
    assert one.shared("b", Pool) is not pool
    assert two.shared("a", Pool) is not pool
    await one.close()
    await one.close()
    assert pool.closed == 1
    assert one.shared("a", Pool) is not pool


async def test_close_goes_on_when_one_thing_does_not_close() -> None:
    registry = EngineRegistry(())
    registry.shared("bad", lambda: Pool(RuntimeError("no")))
    pool = registry.shared("good", Pool)
    await registry.close()
    assert pool.closed == 1


def test_engine_knows_the_registry_that_made_it() -> None:
    registry = EngineRegistry(())
    registry.register(Echo)
    assert registry.create("echo").registry is registry
    assert PersonaEngine.from_id("echo", registry=registry).registry is registry
    assert Echo().registry is None


GOOD = """
from persona.core import PersonaEngine
class Good(PersonaEngine):
    id = "good"
    async def reply(self, turn):
        yield "yes"
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, as the import system and the metadata see it."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def install(site: Path, dist: str, module: str, code: str, **engines: str) -> None:
    (site / f"{module}.py").write_text(code)
    info = site / f"{dist.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n")
    lines = [f"{id_} = {target}" for id_, target in engines.items()]
    (info / "entry_points.txt").write_text("\n".join(["[persona.engines]", *lines]))
    importlib.invalidate_caches()
    sys.modules.pop(module, None)


def test_listing_imports_nothing(site: Path) -> None:
    install(site, "eng-a", "eng_a", "raise SystemExit('imported')", eng_a="eng_a:X")
    entry = EngineRegistry().entries["eng_a"]
    assert (entry.distribution, entry.target, entry.broken) == ("eng-a", "eng_a:X", None)
    assert "eng_a" not in sys.modules


def test_class_is_imported_when_asked_for(site: Path) -> None:
    install(site, "eng-b", "eng_b", GOOD, good="eng_b:Good")
    engine = PersonaEngine.from_id("good")
    assert type(engine).__module__ == "eng_b"
    assert PersonaEngine.from_id("good") is not engine


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise ValueError('no luck')", "ValueError: no luck"),
        ("import nowhere_to_be_found", "nowhere_to_be_found"),
        ("x = 1", "AttributeError"),
        ("X = 1", "not a PersonaEngine class"),
        ("class X: pass", "not a PersonaEngine class"),
    ],
)
def test_broken_entry_is_recorded_and_the_others_work(site: Path, code: str, why: str) -> None:
    install(site, "eng-bad", "eng_bad", code, bad="eng_bad:X")
    install(site, "eng-good", "eng_good", GOOD, good="eng_good:Good")
    registry = EngineRegistry()
    with pytest.raises(EngineBroken, match=why) as caught:
        registry.create("bad")
    assert caught.value.distribution == "eng-bad"
    assert "eng-bad" in caught.value.fix
    assert why in (registry.entries["bad"].broken or "")
    assert registry.create("good").id == "good"


def test_entry_is_whole_again_after_it_was_mended(site: Path) -> None:
    install(site, "eng-c", "eng_c", "raise ValueError", good="eng_c:Good")
    registry = EngineRegistry()
    with pytest.raises(EngineBroken):
        registry.load("good")
    (site / "eng_c.py").write_text(GOOD + "# mended\n")
    importlib.invalidate_caches()
    assert registry.load("good").id == "good"
    assert registry.entries["good"].broken is None


def test_id_offered_twice_is_refused_naming_both(site: Path) -> None:
    install(site, "eng-one", "eng_one", GOOD, same="eng_one:Good")
    install(site, "eng-two", "eng_two", GOOD, same="eng_two:Good")
    registry = EngineRegistry()
    assert "eng-one and eng-two" in (registry.entries["same"].broken or "")
    with pytest.raises(EngineBroken, match="eng-one and eng-two"):
        registry.load("same")


def test_same_entry_seen_twice_is_one() -> None:
    point = EntryPoint("echo", f"{__name__}:Echo", "persona.engines")
    assert EngineRegistry([point, point]).entries["echo"].broken is None


def test_unknown_id_suggests_a_close_one() -> None:
    registry = EngineRegistry([EntryPoint("litellm", "nowhere:X", "persona.engines")])
    with pytest.raises(EngineNotFound, match="Did you mean 'litellm'") as caught:
        registry.load("lite-llm")
    assert caught.value.engine_id == "lite-llm"
    with pytest.raises(EngineNotFound, match="use one of: litellm"):
        registry.load("zzz")


def test_registering_twice_raises_naming_both() -> None:
    registry = EngineRegistry([])
    registry.register(Echo)
    with pytest.raises(ValueError, match=r"Echo of registered by hand;.*Echo cannot"):
        registry.register(Echo)
    assert registry.load("echo") is Echo


def test_refresh_finds_new_packages_and_keeps_classes(site: Path) -> None:
    registry = EngineRegistry()
    registry.register(Echo)
    assert "late" not in registry.entries
    install(site, "eng-late", "eng_late", GOOD, late="eng_late:Good")
    registry.refresh()
    assert registry.entries["late"].distribution == "eng-late"
    assert registry.load("echo") is Echo


def test_entries_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        EngineRegistry([]).entries["x"] = None  # type: ignore[index]


def test_import_that_exits_is_broken_and_ends_nothing(site: Path) -> None:
    install(site, "eng-x", "eng_x", "raise SystemExit('bye')", eng_x="eng_x:X")
    with pytest.raises(EngineBroken, match="SystemExit: bye"):
        EngineRegistry().load("eng_x")


def test_constructor_that_fails_is_told_as_a_broken_engine() -> None:
    class Picky(Echo):
        id = "picky"

        def __init__(self, **kwargs: object) -> None:
            raise RuntimeError("no licence")

    registry = EngineRegistry([])
    registry.register(Picky)
    with pytest.raises(EngineBroken, match="RuntimeError: no licence"):
        registry.create("picky")
    assert registry.entries["picky"].broken is None
