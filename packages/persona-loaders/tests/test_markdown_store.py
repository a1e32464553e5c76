"""The Markdown personas of a folder: made, changed, renamed, copied, deleted."""

from pathlib import Path

import pytest

from persona.core import (
    DefinitionChanged,
    DefinitionError,
    PersonaContext,
    PersonaDefinition,
    PersonaIdentity,
    PersonaModel,
)
from persona.loaders import MarkdownPersonaStore, definition_values, load_markdown

TEXT = """\
---
# Ours.
model: a/b   # cheap
identity:
  name: 'Tutor'
options: {x: 1}
---

Ask before you explain.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / ".jupyter" / "personas"
    path.mkdir(parents=True)
    (path / "tutor.persona.md").write_text(TEXT)
    return path


def _definition(name: str, **values: object) -> PersonaDefinition:
    return PersonaDefinition.model_validate(
        {"name": name, "identity": {"name": name.title()}, **values}
    )


def test_saving_what_was_loaded_changes_nothing(folder: Path):
    store = MarkdownPersonaStore(folder)
    before = (folder / "tutor.persona.md").stat()
    store.save_persona(store.load_definitions()["tutor"])
    assert (folder / "tutor.persona.md").stat() == before


def test_saving_changes_only_the_lines_that_differ(folder: Path):
    store = MarkdownPersonaStore(folder)
    tutor = store.load_definitions()["tutor"]
    changed = tutor.model_copy(
        update={
            "model": PersonaModel(model_id="a/c"),
            "options": {"x": 2, "y": None},
            "context": PersonaContext(system_prompt="Explain."),
        }
    )
    assert store.save_persona(changed) == folder / "tutor.persona.md"
    assert (folder / "tutor.persona.md").read_text() == (
        TEXT.replace("a/b", "a/c").replace("{x: 1}", "{x: 2, y: null}")
        .replace("Ask before you explain.", "Explain.")
    )  # fmt: skip
    assert store.load_definitions()["tutor"].model_dump() == changed.model_dump()


def test_saving_a_default_takes_the_value_out(folder: Path):
    store = MarkdownPersonaStore(folder)
    tutor = store.load_definitions()["tutor"]
    plain = tutor.model_copy(update={"model": None, "options": {}, "context": PersonaContext()})
    store.save_persona(plain)
    assert (folder / "tutor.persona.md").read_text() == (
        "---\n# Ours.\nidentity:\n  name: 'Tutor'\n---\n\n\n"
    )


def test_saving_a_default_of_an_heir_writes_it(folder: Path):
    (folder / "heir.persona.md").write_text("---\nextends: tutor\nengine: x\n---\n")
    store = MarkdownPersonaStore(folder)
    heir = store.load_definitions()["heir"]
    store.save_persona(heir.model_copy(update={"engine": "litellm"}))
    assert "engine: litellm" in (folder / "heir.persona.md").read_text()


@pytest.mark.parametrize("definition", [
    _definition("new"),
    _definition("new", model={"model_id": "a/b", "top_p": 0.5}, models=[{"model_id": "c/d"}]),
    _definition("new", context={"system_prompt": "Be\n\nkind.", "history": "isolated"}),
    _definition("new", context={"system_prompt": " spaced\n"}),
    _definition("new", context={"system_prompt": ""}),
    _definition("new", context={"mcp_servers": [{"name": "a", "command": "c", "env": {"A": "1"}},
                                                {"name": "b", "url": "http://x", "type": "sse"}]}),
    _definition("new", options={"1e3": "1e3", "yes": [None, True, {}], "deep": {"x": "a: #b"}}),
    _definition("new", enabled=False, tool_preset="p", aggregation_strategy="auto"),
    _definition("new", extends=["user:new"], engine="litellm", model={"temperature": 0.1}),
    PersonaDefinition(name="new", identity=PersonaIdentity(name="Ünï: 'x'", avatar="🔬")),
])  # fmt: skip
@pytest.mark.parametrize("own_folder", [False, True])
def test_created_persona_is_read_back_without_a_loss(definition, own_folder, tmp_path: Path):
    store = MarkdownPersonaStore(tmp_path / "personas")
    file = store.create(definition, own_folder=own_folder)
    result = load_markdown(file)
    assert result.diagnostics == ()
    assert result.definitions[0].model_dump() == definition.model_dump()
    assert definition_values(result.definitions[0]) == definition_values(definition)
    with pytest.raises(DefinitionError, match="already"):
        store.create(definition)


def test_a_value_that_somebody_else_changed_is_not_overwritten(folder: Path):
    one, other = MarkdownPersonaStore(folder), MarkdownPersonaStore(folder)
    mine = one.load_definitions()["tutor"]
    other.load_definitions()
    other.set_values("tutor", {"model": "a/theirs"})
    with pytest.raises(DefinitionChanged, match="Load again") as caught:
        one.save_persona(mine.model_copy(update={"model": PersonaModel(model_id="a/mine")}))
    assert caught.value.file == folder / "tutor.persona.md"
    assert "a/theirs" in (folder / "tutor.persona.md").read_text()
    with pytest.raises(DefinitionChanged):
        one.delete_persona("tutor")


def test_values_that_others_did_not_touch_are_saved_beside_theirs(folder: Path):
    one, other = MarkdownPersonaStore(folder), MarkdownPersonaStore(folder)
    mine = one.load_definitions()["tutor"]
    other.set_values("tutor", {"options.theirs": 1, "enabled": False})
    one.save_persona(mine.model_copy(update={"model": PersonaModel(model_id="a/mine")}))
    saved = other.load_definitions()["tutor"]
    assert saved.options == {"x": 1, "theirs": 1}
    assert (saved.enabled, saved.model) == (False, PersonaModel(model_id="a/mine"))


def test_values_that_would_break_a_persona_are_refused(folder: Path):
    store = MarkdownPersonaStore(folder)
    with pytest.raises(DefinitionError, match="P202"):
        store.set_values("tutor", {"model.temperature": "warm"})
    with pytest.raises(DefinitionError, match="no persona 'nobody'"):
        store.set_values("nobody", {"enabled": False})
    assert (folder / "tutor.persona.md").read_text() == TEXT


def test_mode_and_links_stay(folder: Path, tmp_path: Path):
    real = tmp_path / "elsewhere.persona.md"
    real.write_text(TEXT)
    real.chmod(0o640)
    link = folder / "linked.persona.md"
    link.symlink_to(real)
    MarkdownPersonaStore(folder).set_values("linked", {"enabled": False})
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "enabled: false" in real.read_text()


def test_delete_keeps_the_other_files_of_a_folder(folder: Path):
    store = MarkdownPersonaStore(folder)
    file = store.create(_definition("sage"), own_folder=True)
    (file.parent / "sage.svg").write_text("<svg/>")
    store.delete_persona("sage")
    assert [path.name for path in file.parent.iterdir()] == ["sage.svg"]
    bare = store.create(_definition("bare"), own_folder=True)
    store.delete_persona("bare")
    assert not bare.parent.exists()
    store.delete_persona("bare")


def test_copy_has_another_name_and_the_same_comments(folder: Path):
    store = MarkdownPersonaStore(folder)
    copy = store.copy_persona("tutor", "sage")
    assert copy.read_text() == TEXT.replace("'Tutor'", "'Sage'")
    with pytest.raises(DefinitionError, match="already"):
        store.copy_persona("tutor", "sage")
    with pytest.raises(DefinitionError, match="no short name"):
        store.copy_persona("tutor", "Two Words")


def test_copy_of_a_folder_takes_its_files_along(folder: Path):
    store = MarkdownPersonaStore(folder)
    file = store.create(_definition("sage", identity={"name": "S", "avatar": "a.svg"}),
                        own_folder=True)  # fmt: skip
    (file.parent / "a.svg").write_text("<svg/>")
    copy = store.copy_persona("sage", "wise")
    assert (copy.parent / "a.svg").read_text() == "<svg/>"
    assert store.load_definitions()["wise"].identity.name == "Wise"


@pytest.mark.parametrize("own_folder", [False, True])
def test_rename_moves_the_file(own_folder, folder: Path):
    store = MarkdownPersonaStore(folder)
    old = store.create(_definition("old", engine="x"), own_folder=own_folder)
    new = store.rename_persona("old", "new")
    assert not old.exists()
    assert new == store.path("new")
    assert set(store.load_definitions()) == {"new", "tutor"}
    with pytest.raises(DefinitionError, match="there already"):
        store.rename_persona("new", "tutor")


def test_rename_changes_a_written_name(folder: Path):
    (folder / "x.persona.md").write_text("---\nname: old  # n\n---\n")
    store = MarkdownPersonaStore(folder)
    assert store.rename_persona("old", "new").read_text() == "---\nname: new  # n\n---\n"


def test_check_tells_what_is_broken(folder: Path):
    (folder / "bad.persona.md").write_text("---\nmodle: x\n---\n")
    store = MarkdownPersonaStore(folder)
    assert [d.code for d in store.check()] == ["P201"]
    assert set(store.load_definitions()) == {"tutor"}
    assert MarkdownPersonaStore(folder / "missing").load_definitions() == {}
