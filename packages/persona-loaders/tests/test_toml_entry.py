"""Tables of personas.toml, changed value by value."""

from pathlib import Path

import pytest

from persona.core import DefinitionError, LoadResult, Scope, Source
from persona.loaders import PersonaEntry, load_toml, open_entry

TEXT = """\
# Ours.
[personas.first]   # keep
system_prompt = 'x'
[personas.first.options]
deep.er = 1   # one

[personas.flat]
preferred_models = [
    { provider = "a", model = "b" },   # cheap
    { provider = "c", model = "d" },
]

[unknown]
x = 1
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "personas.toml"
    path.write_text(TEXT)
    return path


def _entry(file: Path, key: str) -> PersonaEntry:
    return open_entry(Source(file, Scope.PROJECT, file.parent), key)


@pytest.mark.parametrize(("key", "values", "old", "new"), [
    ("first", {"system_prompt": "y"}, "'x'", '"y"'),
    ("first", {"context.system_prompt": "y"}, "'x'", '"y"'),
    ("first", {"options.deep.er": 2}, "deep.er = 1", "deep.er = 2"),
    ("flat", {"model.model_id": "q/w/e"}, 'provider = "a", model = "b"',
     'provider = "q", model = "w/e"'),
    ("flat", {"model": "q/w"}, 'provider = "a", model = "b"', 'provider = "q", model = "w"'),
])  # fmt: skip
def test_setting_a_value_changes_only_that(key, values, old, new, file: Path):
    assert _entry(file, key).change(values)
    assert file.read_text() == TEXT.replace(old, new)
    assert not _entry(file, key).change(values)


def test_models_to_escalate_to_are_set_without_a_change_of_meaning(file: Path):
    _entry(file, "flat").change({"models": ["e/f"], "model.temperature": 0.5})
    flat = load_toml(file).definitions[1]
    assert flat.model is not None
    assert (flat.model.model_id, flat.model.temperature, flat.model.top_p) == ("a/b", 0.5, 1.0)
    assert [m.model_id for m in flat.models] == ["e/f"]


def test_taking_a_value_out_drops_what_is_left_empty(file: Path):
    _entry(file, "first").change({}, ["options.deep.er"])
    assert _entry(file, "first").values() == {"context": {"system_prompt": "x"}}


def test_created_and_deleted_table_leaves_the_rest_as_it_was(file: Path):
    entry = _entry(file, "new")
    entry.create({"engine": "x", "options": {"a": 1}, "enabled": False}, head="# hi\n")
    assert file.read_text().startswith(TEXT)
    assert "# hi\n[personas.new]\n" in file.read_text()
    with pytest.raises(DefinitionError, match="already"):
        entry.create({})
    entry.delete()
    assert file.read_text().startswith(TEXT)
    with pytest.raises(DefinitionError, match="any more"):
        entry.delete()


def test_a_check_sees_the_file_before_it_is_written_and_can_refuse(file: Path):
    seen: list[LoadResult] = []

    def refuse(result: LoadResult) -> None:
        seen.append(result)
        assert file.read_text() == TEXT
        raise DefinitionError("no")

    with pytest.raises(DefinitionError, match="no"):
        _entry(file, "first").change({"engine": "y"}, check=refuse)
    assert [d.engine for d in seen[0].definitions] == ["y", "litellm"]
    assert file.read_text() == TEXT


@pytest.mark.parametrize("text", ["personas = {a = {}}", "x = [", "[personas]\na = 1\n", "y = 1"])
def test_what_cannot_be_changed_is_left_as_it_is(text, tmp_path: Path):
    file = tmp_path / "personas.toml"
    file.write_text(text)
    with pytest.raises(DefinitionError):
        _entry(file, "a").change({"engine": "x"})
    assert file.read_text() == text


def test_a_file_of_another_kind_is_refused(tmp_path: Path):
    with pytest.raises(DefinitionError, match="only an editor"):
        _entry(tmp_path / "x_persona.py", "")
