"""What is kept of files that an edit has broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from persona.core import Catalog, EngineRegistry, PersonaEngine
from persona.jupyter._last_good import LastGood, LiveView
from persona.loaders import MARKDOWN, TOML


class Silent(PersonaEngine):
    """Says nothing."""

    id = "silent"


class World:
    """A project whose files change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        registry = EngineRegistry()
        registry.register(Silent)
        self.catalog = Catalog(loaders=[MARKDOWN, TOML], registry=registry, locations=[])
        self.memory = LastGood(registry)

    def write(self, name: str, matter: str, prompt: str = "", folder: str = "") -> Path:
        path = self.root / folder / ".jupyter" / "personas" / f"{name}.persona.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\nengine: silent\n{matter}\n---\n{prompt}\n")
        return path

    def tables(self, text: str) -> None:
        (self.root / "personas.toml").write_text(text)

    def view(self, folder: str = "") -> LiveView:
        where = self.root / folder
        return self.memory.view(where, self.catalog.results(where, self.root))

    def prompts(self, folder: str = "") -> dict[str, str | None]:
        found = self.view(folder).personas
        return {slug: found[slug].context.system_prompt for slug in sorted(found)}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def table() -> Callable[..., str]:
    def written(name: str, prompt: str, more: str = "") -> str:
        return f'[personas.{name}]\nengine = "silent"\nsystem_prompt = "{prompt}"\n{more}\n'

    return written


def test_view_is_of_its_results_until_one_changes(world: World) -> None:
    path = world.write("ada", "identity:\n  avatar: a.svg", "A")
    first = world.view()
    results = world.catalog.results(world.root, world.root)
    assert first.is_of(results)
    path.with_name("a.svg").write_text("<svg/>")
    assert not first.is_of(results)
    second = world.view()
    assert second.is_of(results)
    assert not second.has_same_files(first, "ada")
    world.write("ada", "identity:\n  avatar: a.svg", "B")
    assert not second.is_of(world.catalog.results(world.root, world.root))


def test_kept_persona_is_not_broken_and_its_faults_are_told(world: World) -> None:
    world.write("ada", "", "A")
    world.view()
    path = world.write("ada", "modell: a/b", "B")
    view = world.view()
    assert world.prompts() == {"ada": "A"}
    assert view.broken == ()
    (fault,) = view.kept["ada"]
    assert (fault.file, fault.line, fault.code) == (path, 3, "P201")
    assert fault in view.diagnostics
    world.write("ada", "", "C")
    assert world.view().kept == {}
    assert world.prompts() == {"ada": "C"}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"---\nname: [", b"no front matter"])
def test_persona_is_kept_whatever_is_wrong_with_its_file(world: World, content: bytes) -> None:
    path = world.write("ada", "", "A")
    world.view()
    path.write_bytes(content)
    assert world.prompts() == {"ada": "A"}
    assert list(world.view().kept) == ["ada"]


def test_persona_that_was_disabled_last_does_not_come_back(world: World) -> None:
    world.write("base", "", "B")
    world.write("ada", "extends: base", "A")
    world.view()
    world.write("ada", "extends: base\nenabled: false", "A")
    assert world.prompts() == {"base": "B"}
    world.write("ada", "extends: nobody", "A")
    assert world.prompts() == {"base": "B"}
    world.write("ada", "extends: [", "A")
    assert world.prompts() == {"base": "B"}


def test_renamed_and_deleted_personas_do_not_come_back(world: World) -> None:
    path = world.write("ada", "", "A")
    world.view()
    other = path.rename(path.with_name("eve.persona.md"))
    assert world.prompts() == {"eve": "A"}
    path.write_text("---\nengine: [\n---\n")
    assert world.prompts() == {"eve": "A"}
    other.unlink()
    assert world.prompts() == {}


def test_circle_keeps_all_that_are_in_it(world: World) -> None:
    world.write("one", "", "1")
    world.write("two", "extends: one", "2")
    world.view()
    world.write("one", "extends: two", "new")
    assert world.prompts() == {"one": "1", "two": "2"}
    assert {d.code for found in world.view().kept.values() for d in found} == {"P310"}


def test_heir_that_is_edited_builds_on_the_last_good_base(world: World) -> None:
    world.write("base", "model: a/b", "B")
    world.write("ada", "extends: base", "A")
    world.view()
    world.write("base", "model: [", "B")
    world.write("ada", "extends: base", "edited")
    view = world.view()
    assert view.personas["ada"].context.system_prompt == "edited"
    assert view.personas["ada"].model is not None
    assert view.personas["ada"].model.model_id == "a/b"
    assert list(view.kept) == ["base"]


def test_entry_that_is_taken_out_of_a_table_is_gone_and_a_broken_one_kept(
    world: World, table: Callable[..., str]
) -> None:
    world.tables(table("ada", "A") + table("bob", "B") + table("eve", "E"))
    world.view()
    world.tables(table("ada", "new") + table("bob", "B", "sytem = 1"))
    assert world.prompts() == {"ada": "new", "bob": "B"}
    assert list(world.view().kept) == ["bob"]
    world.tables("[personas.ada")
    assert world.prompts() == {"ada": "new", "bob": "B"}
    assert list(world.view().kept) == ["ada", "bob"]
    world.tables(table("bob", "mended"))
    assert world.prompts() == {"bob": "mended"}
    assert world.view().kept == {}


def test_preset_that_breaks_is_kept_too(world: World, table: Callable[..., str]) -> None:
    uses = 'tool_preset = "all"'
    world.tables(table("ada", "A", uses) + '[tool_presets.all]\nallow = ["x"]\n')
    before = world.view()
    good = before.presets["tool_presets"]["all"]
    world.tables(table("ada", "B", uses) + "[tool_presets.all]\nallow = 1\n")
    view = world.view()
    assert view.presets["tool_presets"]["all"] == good
    assert world.prompts() == {"ada": "B"}
    assert [d.severity for d in view.diagnostics] == ["error"]
    world.tables("[personas.ada")
    assert world.view().presets["tool_presets"]["all"] == good
    assert world.prompts() == {"ada": "B"}


def test_folders_share_what_is_remembered(world: World) -> None:
    (world.root / "other").mkdir()
    world.write("ada", "", "A")
    world.view()
    world.write("ada", "engine: [", "B")
    assert world.prompts("other") == {"ada": "A"}
    assert list(world.view("other").kept) == ["ada"]
