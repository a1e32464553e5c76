"""new, copy, edit, delete, enable and disable, in both formats and all scopes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from persona.cli import main
from persona.core import Catalog, PersonaDefinition
from persona.loaders import load_markdown

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def user(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's configuration folder."""
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(folder))
    for name in ("EDITOR", "VISUAL", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def admin(user: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration folder of the environment."""
    import jupyter_core.paths

    folder = tmp_path / "etc"
    (folder / "personas").mkdir(parents=True)
    monkeypatch.setattr(jupyter_core.paths, "ENV_CONFIG_PATH", [str(folder)])
    return folder


def _seen(folder: Path) -> dict[str, PersonaDefinition]:
    return dict(Catalog().view(folder).personas)


def _put(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def run(user, capsys):
    """Run a command that must end with ``code``: its output."""

    def run_command(*words: str, code: int = 0) -> str:
        assert main(list(words)) == code, capsys.readouterr()
        shown = capsys.readouterr()
        if code == 0:
            return shown.out
        assert len(shown.err.splitlines()) == 1
        assert "Traceback" not in shown.err
        return shown.err

    return run_command


# -- new ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["md", "toml"])
@pytest.mark.parametrize("scope", ["user", "project"])
def test_new_makes_a_valid_commented_file(scope, kind, run, project, user):
    out = run("new", "Data Sage", "--scope", scope, "--format", kind)
    base = user if scope == "user" else project
    file = base / "personas.toml"
    if kind == "md":
        file = (base if scope == "user" else project / ".jupyter") / "personas"
        file /= "data-sage.persona.md"
    assert str(file) in out
    text = file.read_text()
    assert "# " in text
    assert "check" in text
    sage = _seen(project)["data-sage"]
    assert (sage.identity.name, sage.engine) == ("Data Sage", "litellm")
    assert sage.model is not None
    assert sage.context.system_prompt
    assert "all is well" in run("check")


def test_comments_of_the_starter_are_right_when_uncommented(run, project):
    run("new", "sage")
    file = project / ".jupyter" / "personas" / "sage.persona.md"
    lines = file.read_text().splitlines()
    first = lines.index("# context:")
    for number, line in enumerate(lines):
        if number >= first and line.startswith("# ") and (":" in line or "- " in line):
            lines[number] = line.removeprefix("# ")
        if line.startswith("  # "):
            lines[number] = "  " + line[4:]
    lines = [line for line in lines if not line.startswith("To build on")]
    file.write_text("\n".join(lines))
    result = load_markdown(file)
    assert [d for d in result.diagnostics if d.severity == "error"] == []
    (sage,) = result.definitions
    assert sage.context.mcp_servers[0].name == "files"
    assert sage.context.skills_paths == ["skills/*"]
    assert (sage.identity.avatar, sage.extends) == ("picture.svg", ["other-persona"])
    assert sage.model is not None
    assert sage.model.temperature == 0.2


@pytest.mark.parametrize("kind", ["md", "toml"])
def test_new_takes_name_engine_model_and_prompt(kind, run, project):
    run("new", "sage", "--format", kind, "--name", 'Ünï: "x"', "--engine", "puppet",
        "--model", "a/b: #c", "--prompt", "Be kind.\n\n---\nYes.")  # fmt: skip
    sage = _seen(project)["sage"]
    assert (sage.identity.name, sage.engine) == ('Ünï: "x"', "puppet")
    assert sage.model is not None
    assert sage.model.model_id == "a/b: #c"
    assert sage.context.system_prompt == "Be kind.\n\n---\nYes."


def test_new_is_json_for_programs(run, project):
    data = json.loads(run("new", "sage", "--json"))
    file = project / ".jupyter" / "personas" / "sage.persona.md"
    assert data["file"] == data["visible"] == str(file)
    assert (data["action"], data["slug"], data["scope"]) == ("created", "sage", "project")
    assert data["diagnostics"] == []


@pytest.mark.parametrize("name", ["sage", "SAGE", "Sage"])
@pytest.mark.parametrize("kind", ["md", "toml"])
def test_new_refuses_a_name_that_is_taken(kind, name, run, project):
    run("new", "sage", "--format", kind)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    for other in ("md", "toml"):
        told = run("new", name, "--format", other, code=1)
        assert str(_seen(project)["sage"].source.file) in told
    assert {p: p.read_bytes() for p in project.rglob("*") if p.is_file()} == before
    run("new", name, "--scope", "user")


def test_new_refuses_a_name_that_a_broken_file_has(run, write):
    broken = write("sage", "engine: [")
    assert str(broken) in run("new", "sage", code=1)


@pytest.mark.parametrize("name", ["", "  ", "名前", "a/b", "..", "../x", "x" * 90])
def test_new_calls_an_unusable_name_a_wrong_call(name, run, project):
    run("new", name, code=2)
    assert list((project / ".jupyter" / "personas").iterdir()) == []


def test_new_refuses_an_engine_that_is_not_installed(run, project):
    assert "P301" in run("new", "sage", "--engine", "pupet", code=1)
    assert list((project / ".jupyter" / "personas").iterdir()) == []


def test_new_goes_to_the_nearest_project_folder(run, project):
    deep = project / "deep" / "er"
    deep.mkdir(parents=True)
    run("new", "one", "--dir", str(deep))
    assert (project / ".jupyter" / "personas" / "one.persona.md").exists()
    _put(deep / "personas.toml", "")
    run("new", "two", "--dir", str(deep), "--root", str(project))
    assert (deep / ".jupyter" / "personas" / "two.persona.md").exists()
    assert set(_seen(project)) == {"one"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_new_does_not_wait_for_a_pipe_in_place_of_a_file(run, project):
    os.mkfifo(project / "personas.toml")
    assert "personas.toml" in run("new", "first", "--format", "toml", code=1)
    run("new", "second")


def test_new_edits_the_personas_toml_that_is_there(run, project):
    hidden = _put(project / ".jupyter" / "personas.toml", "# ours\n[personas.a]\nengine='x'\n")
    assert str(hidden) in run("new", "sage", "--format", "toml")
    assert hidden.read_text().startswith("# ours\n[personas.a]\nengine='x'\n")
    assert set(tomllib.loads(hidden.read_text())["personas"]) == {"a", "sage"}


def test_new_in_the_users_own_folder_asks_for_the_users_scope(run, user, monkeypatch, tmp_path):
    home = tmp_path / "home"
    (home / ".jupyter").mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(home / ".jupyter"))
    monkeypatch.chdir(home)
    assert "--scope user" in run("new", "sage", code=2)
    run("new", "sage", "--scope", "user")


# -- copies --------------------------------------------------------------------

RICH = """\
---
# Ours.
name: rich
engine: puppet   # it answers
model: {model_id: a/b, temperature: 0}
models: [c/d, {model_id: e/f, top_p: 0.5}]
identity:
  name: "Rich"
  avatar: pic.png
context:
  skills: [skills/*]
  mcp_servers:
    files: {command: f, args: ["-x"], env: {A: "1"}}
  history: isolated
options: {deep: {er: [1, {x: 'yes'}]}, "1e3": 2.5}
aggregation_strategy: full
---

Be rich.

Very.
"""
RICH_TOML = """\
[personas.rich]
engine = "puppet"
preferred_models = [
    { provider = "a", model = "b", max_output_tokens = 5 },  # first
    { provider = "c", model = "d", temperature = 0.5 },
]
system_prompt = "Be rich."
bias_profile = "q"

[personas.rich.identity]
name = "Rich"
avatar = "pic.png"

[personas.rich.context]
skills = ["skills/*"]
[[personas.rich.context.mcp_servers]]
name = "files"
command = "f"

[personas.rich.options]
when = 2026-11-21
deep = { er = [1, { x = "y" }] }

[bias_profiles.q]
prompt = "Look."
"""


def _rich(kind: str, base: Path) -> Path:
    """Write the persona ``rich`` below a folder, with its picture and skill."""
    folder = base / "personas" if base.name != "project" else base / ".jupyter" / "personas"
    file = folder / "rich.persona.md" if kind == "md" else base / "personas.toml"
    _put(file, RICH if kind == "md" else RICH_TOML)
    (file.parent / "pic.png").write_bytes(PNG)
    _put(file.parent / "skills" / "one" / "SKILL.md", "---\nname: one\ndescription: d\n---\n")
    return file


def _told(definition: PersonaDefinition) -> dict[str, object]:
    data = definition.model_dump(mode="json", exclude={"name"})
    data["identity"].pop("name")
    data["identity"].pop("avatar")
    data["context"].pop("skills_paths")
    paths = definition.resolved_context().skills_paths
    return {**data, "skills": [os.path.realpath(path) for path in paths]}


@pytest.mark.parametrize("to_scope", ["user", "project"])
@pytest.mark.parametrize("from_scope", ["user", "project", "environment"])
@pytest.mark.parametrize("to_kind", ["md", "toml"])
@pytest.mark.parametrize("from_kind", ["md", "toml"])
def test_copy_loses_nothing(
    from_kind, to_kind, from_scope, to_scope, run, project, user, admin, capsys
):
    base = {"user": user, "project": project, "environment": admin}[from_scope]
    file = _rich(from_kind, base)
    before = file.read_bytes()
    out = run("new", "poor", "--from", "rich", "--scope", to_scope, "--format", to_kind)
    seen = _seen(project)
    rich, poor = seen["rich"], seen["poor"]
    assert poor.source is not None
    assert str(poor.source.file) in out
    assert poor.source.scope.value == to_scope
    assert (poor.source.file.suffix == ".toml") is (to_kind == "toml")
    assert _told(poor) == _told(rich)
    assert poor.identity.name == "Poor"
    findings = Catalog().view(project).findings("poor")
    assert [d.code for d in findings if d.code in ("P302", "P305")] == []
    if file != poor.source.file:
        assert file.read_bytes() == before
    else:
        assert file.read_bytes().startswith(before.rstrip())


def test_copy_of_markdown_keeps_its_comments(run, project):
    _rich("md", project)
    run("copy", "rich", "Second One")
    text = (project / ".jupyter" / "personas" / "second-one.persona.md").read_text()
    assert text == RICH.replace("name: rich\n", "").replace('"Rich"', '"Second One"')


def test_copy_to_another_scope_keeps_the_name(run, project, user):
    _rich("md", user)
    out = run("copy", "rich", "rich", "--scope", "project")
    assert str(user / "personas" / "rich.persona.md") in out  # what it hides
    assert _seen(project)["rich"].identity.name == "Rich"
    assert (project / ".jupyter" / "personas" / "pic.png").read_bytes() == PNG
    run("copy", "rich", "rich", code=2)
    run("copy", "rich", "rich", "--scope", "user", code=1)


def test_copy_lies_beside_the_original(run, project, user):
    deep = project / "deep"
    _put(deep / ".jupyter" / "personas" / "near.persona.md", "---\n---\nx")
    _rich("toml", project)
    words = ["--dir", str(deep), "--root", str(project)]
    assert str(project / "personas.toml") in run("copy", "rich", "poor", *words)
    assert str(deep / ".jupyter") in run("new", "three", "--from", "rich", "--format", "md", *words)


def test_copy_never_overwrites_another_picture(run, project, user):
    _rich("md", user)
    other = project / ".jupyter" / "personas" / "pic.png"
    other.write_bytes(b"mine")
    run("copy", "rich", "poor", "--scope", "project")
    assert other.read_bytes() == b"mine"
    assert _seen(project)["poor"].identity.avatar == "poor-pic.png"


def test_copy_of_a_persona_in_its_own_folder_finds_its_files(run, project):
    folder = project / ".jupyter" / "personas" / "rich"
    _put(folder / "persona.md", RICH)
    (folder / "pic.png").write_bytes(PNG)
    _put(folder / "skills" / "one" / "SKILL.md", "x")
    run("copy", "rich", "poor")
    seen = _seen(project)
    assert _told(seen["poor"]) == _told(seen["rich"])
    assert seen["poor"].identity.avatar == "rich/pic.png"


def test_copy_that_cannot_be_written_leaves_nothing(run, project, user):
    _rich("md", user)
    _put(project / "personas.toml", "broken = [")
    assert "left as it is" in run(
        "copy", "rich", "poor", "--scope", "project", "--format", "toml", code=1
    )
    assert not (project / ".jupyter" / "personas" / "pic.png").exists()
    assert (project / "personas.toml").read_text() == "broken = ["


def test_copy_of_an_heir_of_its_own_name_builds_on_the_same(run, project, user):
    _put(user / "personas" / "sage.persona.md", "---\nengine: puppet\n---\nUser.\n")
    _put(project / ".jupyter" / "personas" / "sage.persona.md",
         "---\nextends: sage\n---\n{{ parent }}\nProject.\n")  # fmt: skip
    run("copy", "sage", "wise")
    wise = _seen(project)["wise"]
    assert wise.extends == ["user:sage"]
    assert wise.context.system_prompt == "User.\nProject."
    assert wise.engine == "puppet"


def test_copy_of_a_persona_with_errors_has_the_same_ones(run, write, project):
    write("odd", "engine: pupet\ntool_preset: nowhere")
    run("disable", "odd", "--scope", "project")
    run("copy", "odd", "even")
    assert "jupyter persona enable third" in run("copy", "odd", "third")
    assert _seen(project) == {}


def test_copy_refuses_what_toml_cannot_hold(run, write):
    write("odd", "engine: puppet\noptions: {x: null}")
    assert "empty value" in run("copy", "odd", "even", "--format", "toml", code=1)
    run("copy", "odd", "even")


@pytest.mark.parametrize("words", [["copy", "nobody", "x"], ["new", "x", "--from", "nobody"],
                                   ["copy", "bad", "x"]])  # fmt: skip
def test_copy_of_what_is_not_there_or_broken_is_refused(words, run, write, project):
    write("bad", "engine: [")
    run(*words, code=1)
    assert not (project / ".jupyter" / "personas" / "x.persona.md").exists()


# -- edit ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["md", "toml"])
@pytest.mark.parametrize("scope", ["user", "project"])
def test_edit_sets_and_takes_out_values(scope, kind, run, project, user):
    file = _rich(kind, user if scope == "user" else project)
    out = run("edit", "rich", "--set", "model.temperature=0.7", "--set", "enabled=true",
              "--set", "identity.description=Note: [not a list", "--set", "options.deep.er=[2]",
              "--set", 'options."a.b"="7"', "--unset", "identity.avatar")  # fmt: skip
    assert str(file) in out
    rich = _seen(project)["rich"]
    assert rich.model is not None
    assert (rich.model.model_id, rich.model.temperature) == ("a/b", 0.7)
    assert rich.identity.description == "Note: [not a list"
    assert rich.identity.avatar is None
    assert rich.options["deep"] == {"er": [2]}
    assert rich.options["a.b"] == "7"
    assert ("# Ours." if kind == "md" else "# first") in file.read_text()


def test_edit_changes_the_file_that_the_definition_comes_from(run, project):
    root = _put(project / "personas.toml", "[personas.a]\nengine = 'puppet'\n")
    hidden = _put(project / ".jupyter" / "personas.toml", "[personas.b]\nengine = 'puppet'\n")
    deep = _put(project / "deep" / "personas.toml", "[personas.c]\nengine = 'puppet'\n")
    for name, file in (("a", root), ("b", hidden), ("c", deep)):
        words = ["--dir", str(project / "deep"), "--root", str(project)]
        assert str(file) in run("edit", name, "--set", "options.x=1", *words)
        assert "x = 1" in file.read_text()


def test_edit_of_one_entry_leaves_the_others_as_they_are(run, project):
    other = "[personas.other]  # mine\nengine    = 'puppet'\nunknown.x = 1\n"
    file = _put(project / "personas.toml", f"{RICH_TOML}\n{other}")
    run("edit", "rich", "--set", "system_prompt=Poor.")
    assert file.read_text() == f"{RICH_TOML}\n{other}".replace("Be rich.", "Poor.")


@pytest.mark.parametrize(("setting", "says"), [
    ("model.temperature=warm", "P202"), ("modle=x", "Did you mean 'model'"),
    ("engine=pupet", "P301"), ("options.strings=many", "P308"), ("extends=nobody", "P311"),
    ("identity.name=42", "P202"),
])  # fmt: skip
@pytest.mark.parametrize("kind", ["md", "toml"])
def test_edit_refuses_what_would_break_the_definition(kind, setting, says, run, project):
    file = _rich(kind, project)
    before = file.read_bytes()
    assert says in run("edit", "rich", "--set", setting, code=1)
    assert file.read_bytes() == before


@pytest.mark.parametrize("words", [
    ["--set", "x"], ["--set", "=1"], ["--set", "a=[1"], ["--set", "engine="],
    ["--set", "a=1", "--set", "a=2"],
])  # fmt: skip
def test_edit_calls_a_setting_without_sense_a_wrong_call(words, run, project):
    file = _rich("md", project)
    run("edit", "rich", *words, code=2)
    assert file.read_text() == RICH


def test_edit_can_repair_a_broken_persona(run, write, project):
    file = write("bad", "engine: puppet\nmodle: x # here")
    run("edit", "bad", "--unset", "modle")
    assert file.read_text() == "---\nengine: puppet\n---\nYou are helpful.\n"
    assert "not written there" in run("edit", "bad", "--unset", "modle", code=1)


def test_edit_never_rewrites_a_file_that_does_not_parse(run, write):
    file = write("bad", "engine: [")
    before = file.read_bytes()
    assert "left as it is" in run("edit", "bad", "--set", "enabled=false", code=1)
    assert file.read_bytes() == before


def test_edit_of_a_scope_that_has_no_such_persona_says_where_it_is(run, user, project):
    file = _rich("md", user)
    told = run("edit", "rich", "--scope", "project", "--set", "enabled=false", code=1)
    assert str(file) in told
    assert "jupyter persona copy rich rich --scope project" in told


def test_edit_leaves_the_administrators_files_alone(run, admin):
    file = _rich("md", admin)
    told = run("edit", "rich", "--set", "engine=litellm", code=1)
    assert "--scope environment" in told
    assert "copy rich rich --scope user" in told
    run("delete", "rich", "--yes", code=1)
    assert file.read_text() == RICH
    run("edit", "rich", "--set", "enabled=false", "--scope", "environment")


def _editor(tmp_path: Path, code: str) -> str:
    script = _put(tmp_path / "an editor.py", f"import sys\n{code}\n")
    return f'"{sys.executable}" "{script}"'


@pytest.mark.parametrize("kind", ["md", "toml"])
def test_edit_opens_the_editor_and_checks_the_file(kind, run, project, tmp_path, monkeypatch):
    file = _rich(kind, project)
    code = (
        "from pathlib import Path\np = Path(sys.argv[-1])\n"
        "p.write_text(p.read_text().replace('puppet', sys.argv[1]))"
    )
    monkeypatch.setenv("EDITOR", f"{_editor(tmp_path, code)} litellm")
    out = run("edit", "rich")
    assert f"Changed {file}" in out
    assert "litellm" in file.read_text()
    monkeypatch.setenv("EDITOR", _editor(tmp_path, ""))
    assert "Not changed" in run("edit", "rich")


def test_edit_tells_what_is_wrong_after_the_editor(run, project, tmp_path, monkeypatch, capsys):
    file = _rich("md", project)
    monkeypatch.setenv("VISUAL", _editor(
        tmp_path, "open(sys.argv[1], 'a').write('x')\n"
        "t = open(sys.argv[1]).read(); open(sys.argv[1], 'w').write(t.replace('model:', 'modle:'))"
    ))  # fmt: skip
    monkeypatch.setenv("EDITOR", "false")
    monkeypatch.setenv("TERM", "xterm")
    assert main(["edit", "rich"]) == 1
    out = capsys.readouterr().out
    assert "P201" in out
    assert f"Changed {file}" in out


@pytest.mark.parametrize("editor", ["false", "/nowhere/editor", "'"])
def test_edit_tells_of_an_editor_that_fails(editor, run, project, monkeypatch):
    _rich("md", project)
    monkeypatch.setenv("EDITOR", editor)
    assert "editor" in run("edit", "rich", code=1)


def test_edit_without_an_editor_prints_the_path(user, project, monkeypatch, capsys):
    file = _rich("md", project)
    assert main(["edit", "rich"]) == 1
    shown = capsys.readouterr()
    assert shown.out == f"{file}\n"
    assert "EDITOR" in shown.err


@pytest.mark.parametrize(("editor", "wanted"), [
    ("vim", ["+7", "f"]), ("/usr/bin/nano -w", ["+7", "f"]), ("code --wait", ["--goto", "f:7"]),
    ("other", ["f"]),
])  # fmt: skip
def test_editor_gets_the_line_if_it_takes_one(editor, wanted):
    from persona.cli._editor import arguments

    assert arguments(editor, Path("f"), 7)[-len(wanted) :] == wanted
    assert arguments(editor, Path("f"), 1)[-1] == "f"


# -- delete --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["md", "toml"])
@pytest.mark.parametrize("scope", ["user", "project"])
def test_delete_removes_the_definition_and_nothing_else(scope, kind, run, project, user):
    file = _rich(kind, user if scope == "user" else project)
    if kind == "toml":
        file.write_text(f"# head\n[personas.other]\nengine = 'puppet'\n\n{RICH_TOML}")
    assert str(file) in run("delete", "rich", "--yes")
    assert "rich" not in _seen(project)
    assert (file.parent / "pic.png").exists()
    if kind == "toml":
        presets = RICH_TOML[RICH_TOML.index("[bias_profiles") :]
        assert file.read_text() == f"# head\n[personas.other]\nengine = 'puppet'\n\n{presets}"
    assert "no persona 'rich'" in run("delete", "rich", "--yes", code=1)


def test_delete_says_what_is_seen_instead(run, project, user):
    far = _rich("md", user)
    near = _rich("md", project)
    out = run("delete", "rich", "--yes")
    assert str(near) in out
    assert str(far.relative_to(user.parent)) in out
    assert far.exists()
    data = json.loads(run("delete", "rich", "--yes", "--json"))
    assert (data["file"], data["visible"]) == (str(far), None)


def test_delete_of_a_scope_leaves_the_nearer_one(run, project, user):
    far, near = _rich("md", user), _rich("md", project)
    run("delete", "rich", "--yes", "--scope", "user")
    assert not far.exists()
    assert near.exists()


def test_delete_keeps_the_users_files_in_the_personas_folder(run, project):
    folder = project / ".jupyter" / "personas" / "rich"
    _put(folder / "persona.md", RICH)
    (folder / "pic.png").write_bytes(PNG)
    assert "pic.png" in run("delete", "rich", "--yes")
    assert [path.name for path in folder.iterdir()] == ["pic.png"]
    alone = _put(project / ".jupyter" / "personas" / "bare" / "bare.persona.md", "---\n---\nx")
    run("delete", "bare", "--yes")
    assert not alone.parent.exists()


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_delete_in_a_pipe_needs_yes(words, run, project):
    file = _rich("md", project)
    assert "--yes" in run("delete", "rich", *words, code=2)
    assert file.exists()


def test_delete_of_a_broken_file_works(run, write):
    file = write("bad", "engine: [")
    run("delete", "bad", "--yes")
    assert not file.exists()


def test_delete_of_a_broken_table_works(run, project):
    file = _put(project / "personas.toml", "[personas.bad]\nmodle = 1\n[personas.ok]\n")
    run("delete", "bad", "--yes")
    assert file.read_text() == "[personas.ok]\n"


def test_delete_tells_who_is_broken_by_it(run, project, write):
    write("base", "engine: puppet")
    write("heir", "extends: base")
    assert "'heir' builds on it and is broken now." in run("delete", "base", "--yes")


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(("answer", "gone"), [("y\n", True), ("\n", False), ("\x04", False)])
def test_delete_asks_on_a_terminal(answer, gone, project, user):
    import pty

    file = _rich("md", project)
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-m", "persona.cli", "delete", "rich"])
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(terminal, 1024)
    os.write(terminal, answer.encode())
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == (0 if gone else 1)
    assert file.exists() is not gone


# -- enable and disable ----------------------------------------------------------


@pytest.mark.parametrize("kind", ["md", "toml"])
@pytest.mark.parametrize("scope", ["user", "project"])
def test_disable_and_enable_write_one_line(scope, kind, run, project, user):
    file = _rich(kind, user if scope == "user" else project)
    before = file.read_text()
    assert str(file) in run("disable", "Rich")
    assert "rich" not in _seen(project)
    assert "Already" in run("disable", "rich")
    assert str(file) in run("enable", "RICH")
    assert _seen(project)["rich"].enabled
    assert "Already" in run("enable", "rich")
    added = [line for line in file.read_text().splitlines() if line not in before.splitlines()]
    assert added == ["enabled: true" if kind == "md" else "enabled = true"]


@pytest.mark.parametrize("kind", ["md", "toml"])
def test_disable_hides_an_administrators_persona_for_this_user(kind, run, project, user, admin):
    file = _rich(kind, admin)
    before = file.read_bytes()
    stub = user / "personas" / "rich.persona.md"
    assert str(stub) in run("disable", "rich")
    assert "rich" not in _seen(project)
    assert file.read_bytes() == before
    assert str(stub) in run("disable", "rich")
    data = json.loads(run("enable", "rich", "--json"))
    assert (data["file"], data["visible"]) == (str(stub), str(file))
    assert not stub.exists()
    assert "rich" in _seen(project)


def test_disable_hides_a_users_persona_in_one_project(run, project, user, tmp_path):
    file = _rich("toml", user)
    before = file.read_bytes()
    out = run("disable", "rich", "--scope", "project")
    assert str(project / ".jupyter" / "personas" / "rich.persona.md") in out
    assert "rich" not in _seen(project)
    other = tmp_path / "other"
    other.mkdir()
    assert "rich" in _seen(other)
    assert file.read_bytes() == before
    run("copy", "rich", "poor", "--scope", "user")  # the original, not the file that hides it
    assert _seen(project)["poor"].engine == "puppet"
    run("enable", "rich")
    assert "rich" in _seen(project)


def test_disable_of_a_farther_scope_says_that_it_is_still_seen(run, project, user):
    near = _rich("md", project)
    told = run("disable", "rich", "--scope", "user", code=1)
    assert "nearer" in told
    far = _rich("md", user)
    out = run("disable", "rich", "--scope", "user")
    assert str(far) in out
    assert str(near) in out
    assert "rich" in _seen(project)


def test_enable_goes_on_to_the_farther_one(run, project, user):
    far = _rich("md", user)
    run("disable", "rich", "--scope", "project")
    run("disable", "rich", "--scope", "user")
    out = run("enable", "rich")
    assert str(far) in out
    assert "rich" in _seen(project)


def test_enable_says_that_it_removed_a_table_not_the_file(run, project, user):
    run("new", "sage", "--scope", "user")
    table = project / "personas.toml"
    table.write_text("[personas.sage]\nenabled = false\n[personas.other]\nmodel = 'a/b'\n")
    assert run("enable", "sage").startswith(f"Removed 'sage' from {table}\n")
    assert "other" in table.read_text()


def test_enable_keeps_a_file_that_says_more(run, project, user):
    _rich("md", user)
    near = _put(project / ".jupyter" / "personas" / "rich.persona.md",
                "---\nextends: user:rich\nenabled: false  # not now\n---\n")  # fmt: skip
    run("enable", "rich")
    assert near.read_text() == "---\nextends: user:rich\nenabled: true  # not now\n---\n"


def test_enable_of_what_the_administrator_disabled_is_refused(run, admin):
    file = _rich("md", admin)
    file.write_text(RICH.replace("engine: puppet", "enabled: false\nengine: puppet"))
    assert "for everybody" in run("enable", "rich", code=1)


@pytest.mark.parametrize("words", [
    ["edit", "nobody"], ["delete", "nobody", "--yes"], ["enable", "nobody"], ["disable", "nobody"],
])  # fmt: skip
def test_an_unknown_name_is_told_with_a_guess(words, run, write):
    write("nobodi", "engine: puppet")
    assert "Did you mean 'nobodi'?" in run(*words, code=1)


@pytest.mark.parametrize("words", [
    ["new"], ["new", "a", "--scope", "builtin"], ["new", "a", "--format", "json"], ["copy", "a"],
    ["edit"], ["delete"], ["enable"], ["disable", "a", "--scope", "environment"],
    ["new", "a", "--dir", "nowhere"],
])  # fmt: skip
def test_a_wrong_call_writes_nothing(words, run, project):
    run(*words, code=2)
    assert list((project / ".jupyter" / "personas").iterdir()) == []


@pytest.mark.parametrize("kind", ["md", "toml"])
def test_commands_at_the_same_time_lose_nothing(kind, user, project):
    _rich(kind, project)
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "persona.cli", "edit", "rich", "--set", f"options.p{n}={n}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(6)
    ]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    options = _seen(project)["rich"].options
    assert {key: options[key] for key in options if key.startswith("p")} == {
        f"p{n}": n for n in range(6)
    }
