from __future__ import annotations

import json

import pytest

from persona.cli import main

FRONT = """
engine: puppet
model:
  model_id: x/small
  temperature: 0.5
identity:
  name: Data Sage
context:
  mcp_servers:
    - name: tools
      command: run-it
options:
  depth: 3
"""


def test_show_tells_where_each_value_stands(write, capsys):
    write("sage", FRONT, "First line.\nSecond line.")
    assert main(["show", "sage"]) == 0
    out = capsys.readouterr().out
    file = ".jupyter/personas/sage.persona.md"
    assert out.startswith("Data Sage (sage)\n")
    assert f"  temperature = 0.5  ({file}:5, project)" in out
    assert f"engine = puppet  ({file}:2, project)" in out
    assert f"  depth = 3  ({file}:13, project)" in out
    assert "  history = shared  (default)" in out
    assert "    First line.\n    Second line.\n" in out
    assert "mcp_servers.0.command = run-it" in out
    assert "honours model, prompt (asked)" in out


@pytest.mark.parametrize("name", ["sage", "SAGE", "data sage", "Data-Sage", "@data-sage"])
def test_show_finds_a_persona_by_slug_or_name_in_any_case(name, write, capsys):
    write("sage", FRONT)
    assert main(["show", name, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["id"] == "persona::sage"
    assert data["blocks"]["model"]["temperature"] == 0.5
    assert data["origins"]["model.temperature"]["line"] == 5
    assert data["support"]["model"] == "enforced"
    assert data["state"] == "untrusted"  # it names a program


def test_show_suggests_a_close_name(write, capsys):
    write("sage", FRONT)
    assert main(["show", "sagge"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == ("jupyter persona: There is no persona 'sagge'. Did you mean 'sage'?\n")


def test_show_tells_models_and_presets_with_their_places(project, capsys):
    (project / "personas.toml").write_text(
        "[tool_presets.ro]\n[personas.sage]\nengine = 'puppet'\ntool_preset = 'ro'\n"
        "preferred_models = [\n  {provider = 'a', model = 'b'},\n"
        "  {provider = 'c', model = 'd'},\n]\n"
        "aggregation_strategy = 'full'\n"
    )
    assert main(["show", "sage"]) == 0
    out = capsys.readouterr().out
    assert "tool_preset = ro  (personas.toml:4, project)\n" in out
    assert "aggregation_strategy = full  (personas.toml:9, project)\n" in out
    assert "models\n  0.model_id = c/d  (personas.toml:7, project)\n" in out
    assert main(["show", "sage", "--json"]) == 0
    blocks = json.loads(capsys.readouterr().out)["blocks"]
    assert (blocks["tool_preset"], blocks["models"][0]["model_id"]) == ("ro", "c/d")


def test_show_of_a_disabled_persona_says_how_to_see_it_again(write, capsys):
    write("sage", "enabled: false")
    assert main(["show", "Sage"]) == 1
    err = capsys.readouterr().err
    assert "'sage' is disabled" in err
    assert "jupyter persona enable sage" in err


def test_show_says_why_a_broken_file_cannot_be_used(write, capsys):
    file = write("sage", "engine: [")
    assert main(["show", "sage"]) == 1
    err = capsys.readouterr().err
    assert str(file) in err
    assert len(err.splitlines()) == 1


def test_show_names_the_definition_that_it_hides(write, project, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    user = tmp_path / "config" / "personas"
    user.mkdir(parents=True)
    (user / "sage.persona.md").write_text("---\nengine: puppet\nidentity: {name: Old}\n---\n")
    write("sage", FRONT)
    assert main(["show", "sage", "--json"]) == 0
    hides = json.loads(capsys.readouterr().out)["hides"]
    assert hides == [{"file": str(user / "sage.persona.md"), "scope": "user"}]


def test_show_says_that_two_personas_share_a_name(write, capsys):
    write("one", "engine: puppet\nidentity: {name: Twin}")
    write("two", "engine: puppet\nidentity: {name: Twin}")
    assert main(["show", "twin"]) == 1
    assert "one, two" in capsys.readouterr().err


@pytest.fixture
def user(tmp_path, monkeypatch):
    """Return the user's folder of personas."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    folder = tmp_path / "config" / "personas"
    folder.mkdir(parents=True)
    return folder


def test_show_prints_inherited_values_with_their_file_and_what_is_hidden(write, user, capsys):
    base = user / "sage.persona.md"
    base.write_text(f"---\n{FRONT.strip()}\n---\nBe wise.\n")
    write("sage", "extends: user:sage\nmodel:\n  temperature: 0.1", "{{ parent }}\nBe brief.")
    assert main(["show", "sage"]) == 0
    out = capsys.readouterr().out
    file = ".jupyter/personas/sage.persona.md"
    assert out.startswith("Data Sage (sage)\n")
    assert f"  extends user:sage  ({file}:2, project)\n" in out
    assert f"  model_id = x/small  ({base}:4, user)\n" in out
    assert (f"  temperature = 0.1  ({file}:4, project)\n      hides 0.5  ({base}:5, user)\n") in out
    assert f"    Be wise.\n    Be brief.\n      includes Be wise.  ({base}:" in out


def test_show_tells_as_data_what_values_hide(write, user, capsys):
    base = user / "base.persona.md"
    base.write_text("---\nengine: puppet\ncontext:\n  mcp_servers:\n    a: {command: x}\n---\n")
    write("sage", "extends: base\ncontext:\n  mcp_servers: {b: {command: y}}")
    assert main(["show", "sage", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["extends"] == ["base"]
    (hidden,) = data["origins"]["context.mcp_servers"]["hides"]
    assert (hidden["file"], hidden["line"], hidden["scope"]) == (str(base), 4, "user")
    assert hidden["value"] == [{"name": "a", "command": "x"}]
    assert main(["show", "sage"]) == 0
    out = capsys.readouterr().out
    assert "  mcp_servers  (.jupyter/personas/sage.persona.md:4, project)\n      hides [{" in out


def test_show_says_that_a_shown_name_is_made_from_the_short_name(write, capsys):
    write("data-sage", "engine: puppet")
    assert main(["show", "data-sage"]) == 0
    assert "  name = Data Sage  (from the short name)\n" in capsys.readouterr().out


def test_show_says_why_a_persona_cannot_inherit(write, capsys):
    file = write("sage", "engine: puppet\nextends: nobody")
    assert main(["show", "sage"]) == 1
    assert f"{file}:3:10 P311 " in capsys.readouterr().err


def test_show_and_list_write_out_what_would_steer_the_terminal(write, capsys):
    write(
        "sage",
        'engine: puppet\nidentity:\n  name: "Sa\\u202Ege"\n  description: "a\\e[2Kb"',
        "x\ty",
    )
    assert main(["show", "sage"]) == 0
    out = capsys.readouterr().out
    assert "name = Sa\\u{202e}ge" in out
    assert "description = a\\u{1b}[2Kb" in out
    assert "x\ty" in out
    assert main(["list"]) == 0
    out += capsys.readouterr().out
    assert not {"\x1b", "\u202e"} & set(out)
