"""Saving to ``personas.toml``."""

import os
import stat
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona.core import DefinitionChanged, DefinitionError, PersonaDefinition, PersonaIdentity
from persona.loaders import (
    BiasProfile,
    ContextPreset,
    Persona,
    TomlPersonaStore,
    ToolPreset,
    load_toml,
)
from persona.loaders import TomlPersonaStore as PersonaManager

TEXT = """\
# Our personas.

[mine]                      # a table that nobody here knows
when = 2026-11-21T10:00:00Z
odd  =  nan

# The coder.
[personas.coder]
preferred_models = [
    # cheap first
    { provider = "ollama", model = "llama3.1" },
]
system_prompt = "Code only."   # short
tool_preset   = 'read_only'

# The writer.
[personas.writer.identity]
name = "Writer"
[personas.writer]
system_prompt = '''
Write
well.'''

[tool_presets.read_only]
allow = ["read*"]
extra = { a.b = 1 }
# the end"""


@pytest.fixture
def store(tmp_path: Path) -> TomlPersonaStore:
    return TomlPersonaStore(tmp_path, user_path=tmp_path / "user" / "personas.toml")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "personas.toml"
    path.write_text(TEXT)
    return path


def test_persona_scope_overrides(tmp_path, monkeypatch):
    # Global persona
    global_path = tmp_path / "global_personas.toml"
    global_path.write_text("""
[personas.coder]
system_prompt = "Global: code only."
""")

    # Project persona (override)
    project_path = tmp_path / "personas.toml"
    project_path.write_text("""
[personas.coder]
system_prompt = "Project: code only, focus on our domain."
""")

    manager = PersonaManager(project_root=tmp_path)
    places = {"global": global_path, "project": project_path}
    for scope, path in places.items():
        found = f"persona.loaders.paths.get_{scope}_personas_path"
        monkeypatch.setattr(found, lambda *_, path=path: path)
    all_personas = manager.load_all()

    assert "coder" in all_personas
    assert all_personas["coder"].system_prompt == "Project: code only, focus on our domain."


def test_missing_files_are_empty(store: TomlPersonaStore):
    assert store.load_all() == {}
    assert store.check() == ()
    assert store.get_persona_scope("nobody") == "project"
    store.delete_persona("nobody")
    store.delete_persona("nobody", scope="global")
    assert list(Path(store.project_root or "").iterdir()) == []


def test_saving_makes_folders_and_tells_the_scope(store: TomlPersonaStore, tmp_path: Path):
    coder = Persona("coder", [{"provider": "ollama", "model": "llama3.1"}], "Code.")
    assert store.save_persona(coder, scope="global") == tmp_path / "user" / "personas.toml"
    assert store.load_all() == {"coder": coder}
    assert store.get_persona_scope("coder") == "global"
    store.save_persona(Persona("coder", system_prompt="Ours."), scope="project")
    assert store.get_persona_scope("coder") == "project"
    assert store.load_all()["coder"].system_prompt == "Ours."
    store.delete_persona("coder")
    assert store.load_all() == {"coder": coder}
    store.delete_persona("coder", scope="user")
    assert store.load_all() == {}


def test_project_keeps_its_file_in_the_hidden_folder(tmp_path: Path):
    hidden = tmp_path / ".jupyter" / "personas.toml"
    hidden.parent.mkdir()
    hidden.write_text("[personas.a]\n")
    store = TomlPersonaStore(tmp_path, user_path=tmp_path / "none.toml")
    assert set(store.load_all()) == {"a"}
    assert store.save_persona(Persona("b")) == hidden


def test_one_value_changes_one_line(store: TomlPersonaStore, path: Path):
    coder = store.load_all()["coder"]
    coder.tool_preset = "all"
    store.save_persona(coder)
    assert path.read_text() == TEXT.replace("= 'read_only'", '= "all"')


def test_saving_what_is_there_changes_nothing(store: TomlPersonaStore, path: Path):
    for persona in store.load_all().values():
        store.save_persona(persona)
    assert path.read_text() == TEXT


def test_new_persona_is_added_at_the_end(store: TomlPersonaStore, path: Path):
    store.save_persona(Persona("new", system_prompt='Two\n"lines"'))
    text = path.read_text()
    assert text == TEXT + '\n\n[personas.new]\nsystem_prompt = """\nTwo\n"lines""""\n'
    assert store.load_all()["new"].system_prompt == 'Two\n"lines"'


def test_deleting_keeps_all_else(store: TomlPersonaStore, path: Path):
    store.delete_persona("writer")
    start, end = TEXT.index("[personas.writer.identity]"), TEXT.index("\n[tool_presets")
    assert path.read_text() == TEXT[:start] + TEXT[end:]


def test_byte_order_mark_and_line_ends_stay(store: TomlPersonaStore, path: Path):
    before = b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()
    path.write_bytes(before)
    writer = store.load_all()["writer"]
    writer.system_prompt = "Write\nless."
    store.save_persona(writer)
    store.save_persona(Persona("new", system_prompt="x"))
    after = path.read_bytes()
    assert after.startswith(before[: before.index(b"'''")])
    assert after.count(b"\n") == after.count(b"\r\n")
    assert store.load_all()["writer"].system_prompt == "Write\nless."


def test_mixed_line_ends_elsewhere_stay(store: TomlPersonaStore, path: Path):
    path.write_bytes(b"# a\r\n# b\n[personas.a]\nsystem_prompt = 'x'\n# c\r\n")
    store.save_persona(Persona("a", system_prompt="y"))
    assert path.read_bytes() == b'# a\r\n# b\n[personas.a]\nsystem_prompt = "y"\n# c\r\n'


@pytest.mark.parametrize(
    "text",
    [
        "personas.a.system_prompt = 'x'\npersonas.b.system_prompt = 'y'\n",
        "[personas]\na = { system_prompt = 'x' }\nb = { system_prompt = 'y' }\n",
        "[personas]\na.system_prompt = 'x'\n# n\nb.system_prompt = 'y'\n",
        "[personas.a]\nsystem_prompt = 'x'\n[other]\n[personas.b]\nsystem_prompt = 'y'\n"
        "[personas.a.options]\nz = 1\n",
    ],
)
def test_other_ways_to_write_tables_are_edited(store: TomlPersonaStore, path: Path, text: str):
    path.write_text(text)
    found = store.load_all()
    other = found["b"]
    changed = Persona("a", [{"provider": "p", "model": "m"}], "new", others={"options": {"k": [1]}})
    store.save_persona(changed)
    assert store.load_all() == {"a": changed, "b": other}
    store.delete_persona("a")
    assert store.load_all() == {"b": other}


def test_short_form_of_a_model_keeps_the_comments_around_it(store: TomlPersonaStore, path: Path):
    path.write_text('[personas.a]  # h\n# c\nmodel = "p/m"  # cheap\nsystem_prompt = "x"  # sp\n')
    persona = store.load_all()["a"]
    persona.preferred_models[0]["model"] = "other"
    store.save_persona(persona)
    after = '[personas.a]  # h\n# c\nmodel = "p/other"  # cheap\nsystem_prompt = "x"  # sp\n'
    assert path.read_text() == after
    persona.preferred_models[0]["temperature"] = 0.5
    store.save_persona(persona)
    wide = '{model_id = "p/other", temperature = 0.5}'
    assert path.read_text() == after.replace('"p/other"', wide)
    assert store.load_all()["a"] == persona


def test_table_in_one_value_is_refused(store: TomlPersonaStore, path: Path):
    path.write_text("personas = { a = {} }\n")
    with pytest.raises(DefinitionError, match=r"\[personas.<name>\]"):
        store.save_persona(Persona("b"))
    assert path.read_text() == "personas = { a = {} }\n"


def test_file_that_does_not_parse_is_never_rewritten(store: TomlPersonaStore, path: Path):
    path.write_text(TEXT + "\n[personas.coder\n")
    assert store.load_all() == {}
    assert [d.code for d in store.check()] == ["P109"]
    with pytest.raises(DefinitionError, match="cannot be read") as caught:
        store.save_persona(Persona("new"))
    assert caught.value.diagnostics[0].line == TEXT.count("\n") + 2
    with pytest.raises(DefinitionError):
        store.delete_persona("coder")
    assert path.read_text() == TEXT + "\n[personas.coder\n"


def test_entry_that_is_not_understood_is_never_rewritten(store: TomlPersonaStore, path: Path):
    text = TEXT + "\n[personas.odd]\nunknown = 1\n"
    path.write_text(text)
    with pytest.raises(DefinitionError, match="P201"):
        store.save_persona(Persona("odd"))
    assert path.read_text() == text
    store.delete_persona("odd")
    assert "odd]" not in path.read_text()


def test_entry_changed_by_somebody_else_is_not_overwritten(store: TomlPersonaStore, path: Path):
    coder = store.load_all()["coder"]
    theirs = TEXT.replace("Code only.", "Theirs.")
    path.write_text(theirs)
    coder.system_prompt = "Mine."
    with pytest.raises(DefinitionChanged, match="Load again") as caught:
        store.save_persona(coder)
    assert (caught.value.file, caught.value.name) == (path, "coder")
    with pytest.raises(DefinitionChanged):
        store.delete_persona("coder")
    assert path.read_text() == theirs
    store.load_all()
    store.save_persona(coder)
    assert store.load_all()["coder"].system_prompt == "Mine."


def test_entry_deleted_or_made_by_somebody_else_is_told(store: TomlPersonaStore, path: Path):
    coder = store.load_all()["coder"]
    TomlPersonaStore(path.parent).delete_persona("coder")
    TomlPersonaStore(path.parent).save_persona(Persona("fresh"))
    with pytest.raises(DefinitionChanged, match="deleted"):
        store.save_persona(coder)
    with pytest.raises(DefinitionChanged, match="changed"):
        store.save_persona(Persona("fresh", system_prompt="x"))


def test_other_entries_changed_by_somebody_else_are_kept(store: TomlPersonaStore, path: Path):
    coder = store.load_all()["coder"]
    other = TomlPersonaStore(path.parent)
    other.save_persona(Persona("writer", system_prompt="Theirs."))
    coder.system_prompt = "Mine."
    store.save_persona(coder)
    coder.system_prompt = "Mine again."
    store.save_persona(coder)
    found = store.load_all()
    assert (found["coder"].system_prompt, found["writer"].system_prompt) == (
        "Mine again.",
        "Theirs.",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no modes and links as there")
def test_mode_and_link_stay(store: TomlPersonaStore, path: Path, tmp_path: Path):
    real = tmp_path / "elsewhere" / "shared.toml"
    real.parent.mkdir()
    path.rename(real)
    real.chmod(0o640)
    path.symlink_to(real)
    store.save_persona(Persona("new"))
    assert path.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "new" in tomllib.loads(real.read_text())["personas"]


def test_file_marked_read_only_is_not_replaced(store: TomlPersonaStore, path: Path):
    path.chmod(0o440)
    with pytest.raises(PermissionError, match="read-only") as told:
        store.save_persona(Persona("new"))
    assert told.value.filename == str(path)
    path.chmod(0o640)
    assert path.read_text() == TEXT


@pytest.mark.skipif(sys.platform == "win32", reason="no permission bits")
def test_folder_that_may_not_be_written_is_named(store: TomlPersonaStore, path: Path):
    path.parent.chmod(0o550)
    if os.access(path.parent, os.W_OK):
        path.parent.chmod(0o750)
        pytest.skip("this user may write everywhere")
    with pytest.raises(PermissionError, match="folder") as told:
        store.save_persona(Persona("new"))
    path.parent.chmod(0o750)
    assert told.value.filename == str(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give")
def test_owner_stays(store: TomlPersonaStore, path: Path):
    os.chown(path, 12345, 12346)
    store.save_persona(Persona("new"))
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346)


def test_presets_load_by_scope_and_save(store: TomlPersonaStore, path: Path):
    assert store.load_presets("tool_presets") == {
        "read_only": ToolPreset.model_validate(
            {"name": "read_only", "allow": ["read*"], "extra": {"a": {"b": 1}}}
        )
    }
    store.save_preset(ToolPreset(name="read_only", deny=["rm"]), scope="user")
    store.save_preset(BiasProfile(name="explore", tool_weights={"search": 2}), scope="user")
    store.save_preset(ContextPreset(name="all", include=["**/*.py"]))
    assert set(store.load_presets("tool_presets")) == {"read_only"}
    assert store.load_presets("tool_presets")["read_only"].model_dump()["allow"] == ["read*"]
    assert set(store.load_presets("bias_profiles")) == {"explore"}
    assert path.read_text().startswith(TEXT)
    store.delete_preset("context_presets", "all")
    assert store.load_presets("context_presets") == {}
    assert [d.message for d in store.check()] == ["'mine' is not read."]


@pytest.mark.parametrize(
    "persona",
    [
        Persona("---"),
        Persona("a", aggregation_strategy="all"),
        Persona("a", [{"provider": "p", "model": "m", "top_p": 3}]),
        Persona("a", others={"options": {"x": None}}),
        Persona("a", system_prompt="\0"),
        Persona("a", system_prompt="\ud800"),
    ],
)
def test_persona_that_cannot_be_written_is_refused(store, path: Path, persona: Persona):
    with pytest.raises(DefinitionError):
        store.save_persona(persona)
    assert path.read_text() == TEXT


def test_model_without_a_name_is_refused_and_names_its_place(store, path: Path):
    models = [{"provider": "a", "model": "b"}, {"provider": "a"}]
    with pytest.raises(DefinitionError, match=r"'x': preferred_models\[2\] has no model"):
        store.save_persona(Persona("x", models))
    assert path.read_text() == TEXT


def test_model_added_to_the_list_has_the_defaults(store: TomlPersonaStore, path: Path):
    coder = store.load_all()["coder"]
    coder.preferred_models.append({"provider": "openai", "model": "gpt-5"})
    store.save_persona(coder)
    assert "preferred_models = [" in path.read_text()  # still in the form that it was written in
    again = store.load_all()["coder"].preferred_models
    assert [(m["model"], m["temperature"], m["top_p"]) for m in again] == [
        ("llama3.1", 0.0, 1.0), ("gpt-5", 0.0, 1.0)
    ]  # fmt: skip


@pytest.mark.parametrize("text", [
    """[personas.coder]
preferred_models = [ # in order
    { provider = "a", model = "one" }, # cheap
    # the last hope
    { provider = "b", model = "two" },
]
""",
    """[personas.coder]
# in order
[[personas.coder.preferred_models]] # cheap
provider = "a" # ours
model = "one"

# the last hope
[[personas.coder.preferred_models]]
provider = "b"
model = "two"
""",
])  # fmt: skip
def test_list_that_gets_longer_or_shorter_keeps_its_comments(store, path: Path, text: str):
    path.write_text(text)
    coder = store.load_all()["coder"]
    coder.preferred_models.append({"provider": "c", "model": "three"})
    store.save_persona(coder)
    assert set(text.splitlines()) <= set(path.read_text().splitlines())
    assert [m["model"] for m in store.load_all()["coder"].preferred_models] == [
        "one", "two", "three",
    ]  # fmt: skip
    coder = store.load_all()["coder"]
    del coder.preferred_models[2]
    store.save_persona(coder)
    assert path.read_text().split() == text.split()


def test_link_that_leads_nowhere_is_told(store: TomlPersonaStore, tmp_path: Path):
    (tmp_path / "personas.toml").symlink_to(tmp_path / "nowhere.toml")
    assert store.load_all() == {}
    assert [d.code for d in store.check()] == ["P101"]


def test_unknown_scope_is_refused(store: TomlPersonaStore, tmp_path: Path):
    with pytest.raises(DefinitionError, match="'project' or 'user'"):
        store.save_persona(Persona("a"), scope="world")
    with pytest.raises(DefinitionError, match="project_root"):
        TomlPersonaStore(user_path=tmp_path / "u.toml").save_persona(Persona("a"))


WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs"]), min_size=1, max_size=9)
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
MODELS = st.fixed_dictionaries(
    {"provider": st.sampled_from(["a", "b.c", None]), "model": st.sampled_from(["m", "n-1"])},
    optional={
        "temperature": st.none() | st.floats(0, 2),
        "top_p": st.none() | st.floats(0, 1),
        "max_output_tokens": st.none() | st.integers(1, 9000),
    },
)
OTHERS = st.fixed_dictionaries(
    {},
    optional={
        "engine": st.just("x"),
        "enabled": st.just(False),
        "options": st.dictionaries(WORDS, VALUES, min_size=1, max_size=3),
        "identity": st.just({"name": "Somebody Else", "avatar": "🦉"}),
        "context": st.just(
            {
                "skills_paths": ["a/*"],
                "mcp_servers": [{"name": "s", "command": "c", "env": {"A": "b"}}],
            }
        ),
    },
)
PERSONAS = st.builds(
    Persona,
    name=st.from_regex(r"[a-z][a-z0-9-]{0,5}[a-z0-9]", fullmatch=True) | st.just("Data Sage"),
    preferred_models=st.lists(MODELS, max_size=3),
    system_prompt=WORDS | st.sampled_from(['"""', "a\n\n'''\\", 'x\r\ny"', "\n", '\\"\n"']),
    tool_preset=st.none() | st.just("t"),
    bias_profile=st.none() | st.just("b"),
    aggregation_strategy=st.sampled_from([None, "auto", "skeleton"]),
    others=OTHERS,
)
MANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@MANY
@given(persona=PERSONAS)
def test_profile_becomes_a_definition_and_comes_back(persona: Persona):
    definition = persona.to_definition()
    again = Persona.from_definition(definition)
    assert again == persona
    assert again.to_definition() == definition


@MANY
@given(first=PERSONAS, second=PERSONAS)
def test_saved_persona_loads_as_it_was_and_others_stay(
    tmp_path: Path, first: Persona, second: Persona
):
    path = tmp_path / "personas.toml"
    path.write_text(TEXT)
    store = TomlPersonaStore(tmp_path, user_path=tmp_path / "none.toml")
    before = store.load_all()
    store.save_persona(first)
    assert path.read_bytes().startswith(TEXT.encode())
    assert store.load_all() == {**before, first.name: first}
    second.name = first.name
    store.save_persona(second)
    assert path.read_bytes().startswith(TEXT.encode())
    assert store.load_all() == {**before, first.name: second}
    saved = path.read_bytes()
    for persona in store.load_all().values():
        store.save_persona(persona)
    assert path.read_bytes() == saved


def test_definition_with_all_blocks_comes_back(store: TomlPersonaStore, tmp_path: Path):
    definition = PersonaDefinition.model_validate(
        {
            "name": "whole",
            "engine": "acp",
            "model": {"model_id": "local", "model_url": "http://localhost:1"},
            "models": [{"model_id": "a/b", "max_output_tokens": 5}],
            "identity": {"name": "W", "description": "d"},
            "context": {"system_prompt": "", "history": "isolated"},
            "options": {"a": {"b": {"c": [1, {"d": "x\ny"}]}}, "e": {}},
        }
    )
    path = store.save_persona(definition)
    (loaded,) = load_toml(path).definitions
    assert loaded.model_dump() == definition.model_dump()
    assert Persona.from_definition(definition).to_definition() == definition
    assert PersonaDefinition(name="a", identity=PersonaIdentity(name="A")).preferred_models == []


def test_definition_that_builds_on_another_comes_back(store: TomlPersonaStore, tmp_path: Path):
    source = tmp_path / "source.toml"
    source.write_text("[personas.a]\nextends = 'b'\n[personas.a.model]\ntemperature = 0.5\n")
    (definition,) = load_toml(source).definitions
    (loaded,) = load_toml(store.save_persona(definition)).definitions
    assert loaded.model_dump() == definition.model_dump()
    assert "identity" not in loaded.origins
    (persona,) = store.load_all().values()
    persona.system_prompt = "x"
    store.save_persona(persona)
    (changed,) = store.load_definitions().values()
    assert (changed.extends, changed.context.system_prompt) == (["b"], "x")
    assert changed.model == definition.model


@pytest.mark.parametrize("name", ["coder", "writer"])
def test_comment_on_the_next_entry_stays(store: TomlPersonaStore, path: Path, name: str):
    store.save_persona(Persona(name, system_prompt="x", bias_profile="y"))
    assert "\n\n# The writer.\n[personas.writer" in path.read_text()
    store.delete_persona(name)
    text = path.read_text()
    assert "# The coder.\n" in text
    assert "# The writer.\n" in text
    assert text.endswith("# the end")


def test_entry_around_other_tables_keeps_its_comments(store: TomlPersonaStore, path: Path):
    parts = (
        "# about a\n[personas.a]\nmodel = 'p/m'  # small\n\n",
        "# about the others\n[mine]\nx = 1\n\n",
        "[personas.a.context]\n# its skills\nskills = ['s']  # s\n\n[personas.a.options]\ny = 1\n",
        "# the end\n",
    )
    path.write_text("".join(parts))
    a = store.load_definitions()["a"]
    changed = a.model_copy(update={"tool_preset": "t", "options": {"y": 2}})
    store.save_persona(changed)
    text = "".join(parts).replace("# small\n", '# small\ntool_preset = "t"\n')
    assert path.read_text() == text.replace("y = 1", "y = 2")
    store.delete_persona("a")
    assert path.read_text() == "# about a\n\n# about the others\n[mine]\nx = 1\n\n# the end\n"
