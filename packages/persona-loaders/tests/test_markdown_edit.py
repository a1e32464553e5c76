"""Changing values in front matter: only their lines differ, and what is read is what was meant."""

import copy
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona.core import DefinitionError, Scope, Source
from persona.loaders import load_markdown, open_entry
from persona.loaders._keys import same, with_values
from persona.loaders._markdown_layout import lay_open
from persona.loaders._markdown_write import content_of, values_of, with_other_values

pytestmark = pytest.mark.slow  # the same whatever Python it is

# Each key in several forms that people write.
FORMS = {
    "name": ["name: sage", "name:   'sage'   # short", 'name: "sage"', "? name\n: sage"],
    "engine": ["engine: litellm", "engine: &engine litellm  # what answers", "engine:\n  litellm"],
    "model": [
        "model: a/b  # ours",
        "model:\n  # why\n  model_id: a/b\n\n  temperature: 0.2   # low\n",
        "model: {model_id: 'a/b', temperature: 0.2,}",
        "model:\n    model_id: >-\n      a/b\n    temperature: !!float 0.2",
        "model:\n  {model_id: a/b,\n   top_p: 0.5}  # two lines",
    ],
    "identity": ["identity: Sage",
                 "identity:\n  name: Sage\n  description: |\n    Says\n\n    much\n"],
    "context": [
        "context:\n  skills: [a, b]",
        "context:\n  skills:\n  - a\n  - b  # second\n  # last\n",
        "context:\n  skills_paths:\n    - a\n  mcp_servers:\n"
        "    files:\n      command: f\n      args: [-x]",
        "context:\n  mcp_servers:\n    - name: files\n      command: f   # run\n"
        "    -   command: g\n        name: g",
    ],
    "options": [
        "options:\n  a: 1\n  deep: {er: [1, {x: y}]}\n  text: |+\n    kept\n\n  z: ü # ö",
        "options: &all\n  a: 1\n  b: &two {c: 2}\n  d: *two",
        "options: {}",
        "options:\n  <<: {a: 1, q: r}\n  b: \"wide \\\n    text\"",
    ],
    "enabled": ["enabled: true", "enabled:", "enabled: yes # really"],
}  # fmt: skip
COMMENTS = ["", "\n", "# a comment\n", "   # indented\n\n", "# ünïcödé: [\n"]
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
    | st.sampled_from(["yes", "1e3", "0o17", "~", "- a", "a: b", "# c", "*x", "<<", "...", "---"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text("abcxyz.-", min_size=1, max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@st.composite
def files(draw) -> tuple[bytes, dict[str, str]]:
    """A file, and the text of each top-level key in it."""
    keys = draw(st.permutations(list(FORMS)))[: draw(st.integers(0, len(FORMS)))]
    parts = {key: draw(st.sampled_from(FORMS[key])) for key in keys}
    parts = {key: text if text.endswith("\n") else text + "\n" for key, text in parts.items()}
    front = "".join(draw(st.sampled_from(COMMENTS)) + text for text in parts.values())
    front += draw(st.sampled_from(COMMENTS))
    body = draw(
        st.sampled_from(["", "\n", "Help.\n", "\n\n# Title  \n\n---\ntext\t\n\n", "no end"])
    )
    text = f"---\n{front}---{draw(st.sampled_from(['', '  ']))}\n{body}"
    end = draw(st.sampled_from(["\n", "\r\n"]))
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return (mark + text.replace("\n", end)).encode(), {
        key: text.replace("\n", end) for key, text in parts.items()
    }


@given(files())
def test_saving_without_a_change_gives_the_same_bytes(made):
    content, _ = made
    assert with_other_values(content, {}) == content
    for key, value in lay_open(content).data.items():
        assert with_other_values(content, {(key,): value}) == content


@given(files(), st.data())
def test_setting_a_value_changes_only_its_lines(made, data):
    content, parts = made
    before = lay_open(content)
    paths = [("options", "new"), ("model", "temperature"), ("enabled",), ("identity", "name"),
             ("options", "deep", "er"), ("context", "skills"), ("bias_profile",)]  # fmt: skip
    path = data.draw(st.sampled_from(paths))
    value = data.draw(PLAIN.filter(lambda v: v is not None))
    try:
        wanted = with_values(before.data, {path: value})
    except DefinitionError:
        return
    result = with_other_values(content, {path: value})
    after = lay_open(result)
    assert same(after.data, wanted)
    assert result[len(result) - len(before.text[before.end :].encode()) :] == (
        before.text[before.end :].encode()
    )
    assert after.mark == before.mark
    _outside_is_untouched(before, after, parts, path[0])


@pytest.mark.parametrize(("lines", "new"), [
    ("  - a  # first\n  - b\n", ["a", {"x": 1}]),
    ("  - a  # first\n  - x: 1\n    y: 2\n", ["a", "plain"]),
    ("  - a  # first\n  - |\n    long\n", ["a", {"x": [1, 2]}]),
])  # fmt: skip
def test_item_of_a_list_gets_another_form(lines: str, new: list[object]):
    content = f"---\noptions:\n  list:\n{lines}  # end\n---\n".encode()
    result = with_other_values(content, {("options", "list"): new})
    assert lay_open(result).data == {"options": {"list": new}}
    assert result.startswith(b"---\noptions:\n  list:\n  - a  # first\n")
    assert result.endswith(b"  # end\n---\n")


@given(files(), st.data())
def test_taking_a_value_out_changes_only_its_lines(made, data):
    content, parts = made
    before = lay_open(content)
    paths = [(k, i) for k, v in before.data.items() if isinstance(v, dict) for i in v]
    paths += [(k,) for k in before.data]
    if not paths:
        return
    path = data.draw(st.sampled_from(paths))
    wanted = with_values(before.data, {}, [path])
    try:
        result = with_other_values(content, {}, [path])
    except DefinitionError:
        assert "<<" in parts["options"]  # what comes from another mapping cannot be taken out
        return
    after = lay_open(result)
    assert same(after.data, wanted)
    assert after.body == before.body
    _outside_is_untouched(before, after, parts, path[0])


def _outside_is_untouched(before, after, parts, key) -> None:
    if key not in parts:  # only lines were added
        at = len(os.path.commonprefix([before.text, after.text]))  # noqa: RUF071 - text
        assert after.text.endswith(before.text[at:])
        return
    at = before.text.index(parts[key], before.start)
    head, tail = before.text[:at], before.text[at + len(parts[key]) :]
    # An anchor of the engine is never referred to; those of options stay inside.
    assert after.text.startswith(head)
    assert after.text.endswith(tail)


@given(PLAIN)
def test_any_value_is_read_back_as_it_was_written(value):
    content = content_of({"options": {"x": value}})
    assert same(values_of(content), {"options": {"x": value}})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_stay(end, mark):
    text = "---\n# c\nengine: x   # e\n---\n\nBody\n"
    content = (mark + text.replace("\n", end)).encode()
    changed = with_other_values(content, {("engine",): "y", ("model", "model_id"): "a/b"})
    wanted = text.replace("engine: x", "engine: y").replace(
        "# e\n", "# e\nmodel:\n  model_id: a/b\n"
    )
    assert changed == (mark + wanted.replace("\n", end)).encode()


@pytest.mark.parametrize(
    ("front", "values", "wanted"),
    [
        ("model: a/b  # m", {"model.temperature": 0.2},
         "model:  # m\n  model_id: a/b\n  temperature: 0.2"),
        ("model:\n  model_id: a/b # m", {"model": "c/d"}, "model:\n  model_id: c/d # m"),
        ("identity: {name: 'A'}", {"identity.name": "B"}, "identity: {name: 'B'}"),
        ('identity: {name: "A",}', {"identity.avatar": "x y"},
         'identity: {name: "A", avatar: x y,}'),
        ("context:\n  skills:\n  - a # one\n  - b", {"context.skills_paths": ["a", "b", "c"]},
         "context:\n  skills:\n  - a # one\n  - b\n  - c"),
        ("context:\n  skills: [a]", {"context.skills": ["a", "b"]}, "context:\n  skills: [a, b]"),
        ("options:\n  a: &x 1\n  b: *x", {"options.a": 2}, "options:\n  a: 2\n  b: 1"),
        ("options:\n  t: |\n    x\n\n    y\n  u: 1", {"options.t": "z"},
         "options:\n  t: z\n  u: 1"),
        ("engine: x", {"options.a": "b\u2028c"}, 'engine: x\noptions:\n  a: "b\\Lc"'),
        ("models: [a/b, c/d]", {"models.1.temperature": 0.5},
         "models: [a/b, {model_id: c/d, temperature: 0.5}]"),
    ],
)  # fmt: skip
def test_values_are_written_in_the_form_of_the_file(front, values, wanted):
    paths = {tuple(key.split(".")): value for key, value in values.items()}
    content = f"---\n{front}\n---\nBody\n".encode()
    assert with_other_values(content, paths).decode() == f"---\n{wanted}\n---\nBody\n"


def test_long_lines_are_not_folded():
    long = "word " * 100 + "end"
    content = with_other_values(b"---\nengine: x\n---\n", {("identity", "description"): long})
    assert f"  description: {long}\n".encode() in content


def test_prompt_is_the_text_below():
    content = b"---\nengine: x\n---\n\n\nOld\n\ntext\n\n"
    changed = with_other_values(content, {("context", "system_prompt"): "New\n\n---\ntext"})
    assert changed == b"---\nengine: x\n---\n\n\nNew\n\n---\ntext\n\n"
    inside = b"---\ncontext:\n  system_prompt: Old\n---\n"
    assert with_other_values(inside, {("context", "system_prompt"): "New"}) == inside.replace(
        b"Old", b"New"
    )
    assert values_of(with_other_values(content, {}, [("context", "system_prompt")])) == {
        "engine": "x"
    }


@pytest.mark.parametrize("content", [
    b"", b"no front matter", b"---\na: [\n---\n", b"---\n- list\n---\n", b"\xff\xfe",
    b"---\na: 1\n",
])  # fmt: skip
def test_a_file_that_does_not_parse_is_never_rewritten(content, tmp_path: Path):
    file = tmp_path / "sage.persona.md"
    file.write_bytes(content)
    entry = open_entry(Source(file, Scope.PROJECT, tmp_path))
    with pytest.raises(DefinitionError, match="left as it is"):
        entry.change({"enabled": False})
    assert file.read_bytes() == content


@pytest.mark.parametrize(("values", "unset", "says"), [
    ({"engine.x": 1}, [], "holds a single value"),
    ({"context.skills.7": "x"}, [], "list with 1 values"),
    ({"a..b": 1}, [], "is no key"),
    ({}, ["modle"], "is not written there.*Did you mean 'model'"),
    ({"options.x": "\ud800"}, [], "no file can hold"),
])  # fmt: skip
def test_what_cannot_be_set_is_refused_with_a_reason(values, unset, says, tmp_path: Path):
    file = tmp_path / "sage.persona.md"
    file.write_text("---\nengine: x\nmodel: a/b\ncontext:\n  skills: [a]\n---\n")
    before = file.read_bytes()
    with pytest.raises(DefinitionError, match=says):
        open_entry(Source(file, Scope.PROJECT, tmp_path)).change(values, unset)
    assert file.read_bytes() == before


def test_a_changed_file_gives_the_definition_that_was_meant(tmp_path: Path):
    file = tmp_path / "sage.persona.md"
    file.write_text("---\nmodel: a/b\n---\nHelp.\n")
    entry = open_entry(Source(file, Scope.PROJECT, tmp_path))
    assert entry.change({"model.temperature": 0.3, "identity.name": "S", "prompt": "Hi."})
    assert not entry.change({"model.temperature": 0.3})
    (sage,) = load_markdown(file).definitions
    assert sage.model is not None
    assert (sage.model.model_id, sage.model.temperature) == ("a/b", 0.3)
    assert (sage.identity.name, sage.context.system_prompt) == ("S", "Hi.")


def test_the_given_values_are_not_changed():
    data = {"model": "a/b", "options": {"x": [1]}}
    kept = copy.deepcopy(data)
    with_values(data, {("model", "top_p"): 1, ("options", "x", "0"): 2}, [("options",)][1:])
    assert data == kept
