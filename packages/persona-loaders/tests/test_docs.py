"""The examples in the documentation load, or are refused as they say."""

import re
from pathlib import Path

import pytest

from persona.core import CODES, Catalog, EngineRegistry, Location, Scope
from persona.loaders import MARKDOWN, load_markdown, load_toml
from persona.loaders._presets import KINDS
from persona.loaders._schema import blocks

DOCS = Path(__file__).parents[3] / "docs"
BLOCK = re.compile(r"^```markdown\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^### (P\d+): (.*?)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
FILES = [
    block
    for page in sorted(DOCS.glob("*.md"))
    if page.name != "diagnostics.md"
    for block in BLOCK.findall(page.read_text(encoding="utf-8"))
    if block.startswith("---\n")
]
RULES = {
    code: (meaning, BLOCK.findall(text))
    for code, meaning, text in SECTION.findall(
        (DOCS / "diagnostics.md").read_text(encoding="utf-8")
    )
}


@pytest.mark.parametrize("text", FILES)
def test_documented_file_loads_without_findings(tmp_path: Path, text: str):
    path = tmp_path / "example.persona.md"
    path.write_text(text, encoding="utf-8")
    result = load_markdown(path)
    assert result.diagnostics == ()
    assert result.definitions


TOML_BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOML_FILES = TOML_BLOCK.findall((DOCS / "personas-toml.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", [*TOML_FILES, "\n".join(TOML_FILES)])
def test_documented_toml_loads_without_findings(tmp_path: Path, text: str):
    path = tmp_path / "personas.toml"
    path.write_text(text, encoding="utf-8")
    result = load_toml(path)
    assert result.diagnostics == ()
    assert result.definitions or "_presets" in text


def test_documented_presets_show_each_key():
    text = (DOCS / "personas-toml.md").read_text(encoding="utf-8")
    for model in KINDS.values():
        for key in model.model_fields:
            assert key == "name" or f"{key} = " in text


def test_documented_toml_error_is_found(tmp_path: Path):
    (text,) = TOML_BLOCK.findall((DOCS / "diagnostics.md").read_text(encoding="utf-8"))
    path = tmp_path / "personas.toml"
    path.write_text(text, encoding="utf-8")
    assert [d.code for d in load_toml(path).diagnostics] == ["P109"]


def test_reference_shows_each_key():
    text = (DOCS / "persona-files.md").read_text(encoding="utf-8")
    (whole,) = (block for block in FILES if "history:" in block)
    for keys in blocks().values():
        for key in keys:
            assert key in text
            if key not in ("system_prompt", "skills_paths"):
                assert f"{key}:" in whole


def test_each_rule_is_explained_with_its_meaning():
    assert {code: meaning for code, (meaning, _) in RULES.items()} == dict(CODES)


@pytest.mark.parametrize(
    ("code", "text"), [(code, text) for code, (_, texts) in RULES.items() for text in texts]
)
def test_documented_rule_is_found_in_its_example(tmp_path: Path, code: str, text: str):
    (tmp_path / "example.persona.md").write_text(text, encoding="utf-8")
    catalog = Catalog(
        loaders=[MARKDOWN],
        registry=EngineRegistry(),
        locations=[Location(tmp_path, Scope.USER, tmp_path)],
    )
    # An example of a key needs no engine that is installed where the tests run.
    found = {d.code for d in catalog.view(tmp_path / "elsewhere").diagnostics}
    assert code in found
    assert found <= {code, "P301"}
