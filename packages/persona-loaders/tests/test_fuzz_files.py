"""Thousands of broken files of both kinds: none raises, none is slow, each refusal has a reason.

`PERSONA_FUZZ=200000` in the environment makes it that many; `PERSONA_FUZZ_SEED` other ones.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from persona.core import (
    CODES,
    Catalog,
    EngineRegistry,
    LoadResult,
    Location,
    Origin,
    PersonaDefinition,
    Scope,
    Source,
)
from persona.loaders import MARKDOWN, TOML
from persona.loaders._define import define_closely, define_quickly
from persona.loaders._report import Refused, Report
from persona.loaders._text import read_parts
from persona.loaders._toml_load import PERSONAS
from persona.loaders._toml_load import define_closely as define_table_closely
from persona.loaders._toml_load import define_quickly as define_table_quickly
from persona.loaders._toml_text import read_document
from persona.loaders._yaml import parse
from persona.loaders._yaml_quick import read_values

pytestmark = pytest.mark.slow  # the same whatever Python it is

COUNT = int(os.environ.get("PERSONA_FUZZ", "3000"))
SEED = int(os.environ.get("PERSONA_FUZZ_SEED", "1"))
SLOWEST = 2.0
"""CPU seconds that one file may take, on a busy machine."""

Make = Callable[[random.Random], bytes]

MARKDOWN_FILES = (
    """---
name: sage
extends: [user:base, other]
engine: litellm
model: {model_id: ollama/llama3.1, temperature: 0.5, top_p: 1, max_output_tokens: 100}
models: [openai/gpt-5, {model_id: ollama/qwen3}]
identity: {name: Sage, description: "Knows, \\"things\\"\\n", avatar: 🦉}
context:
  skills: &s [a/*, 'b''s']
  history: isolated
  mcp_servers:
    - name: one
      type: http
      url: http://localhost:1/mcp
      headers: {A: "${B}"}
    - name: two
      command: python
      args: ["-m", two]
      env: [{name: X, value: "1"}]
options:
  x: *s
  y: |
    text
      more
  z: {<<: {a: 1}, b: [1, 2.5, ~]}
enabled: true
---
You are a sage.
{{ parent }}
""",
    """---
# A plain one.
model:
  model_id: ollama/llama3.1  # small
  temperature: 0.2
context:
  skills_paths:
  - skills/*
  mcp_servers:
    papers:
      url: http://127.0.0.1:9/mcp
    files:
      command: files
      args: [--root, data]
identity:
  name: Researcher
  description: >-
    Finds sources
    and sums them up
options:
  depth: 3
  words: a text
    that goes on
tool_preset: research
---

Find sources.
""",
    "---\nmodel: ollama/llama3.1\nidentity: Sage\nextends: base\n---\nBe wise.\n",
    "---\nname: Reviewer\ndescription: Reviews\ntools: Read, Grep\nmodel: sonnet\n---\nReview.\n",
    "---\nmodel:\nmodel_id: ollama/x\ncontext:\nmcp_servers:\n- name: a\ncommand: b\n---\n",
)
TOML_FILES = (
    """# Who answers.
[personas.coder]
preferred_models = [
    { provider = "anthropic", model = "claude", temperature = 0.2, max_output_tokens = 4096 },
    { provider = "ollama", model = "llama3.1" },  # at home
]
system_prompt = \"\"\"
You write "code".
\"\"\"
tool_preset = "careful"
aggregation_strategy = "summarize"

[personas.sage]
extends = ["coder", "user:base"]
engine = "litellm"
model = { model_id = "ollama/llama3.1", temperature = 1 }
models = ["openai/gpt-5"]
identity.name = 'Sage'
enabled = false

[personas.sage.context]
skills = ["a/*"]
history = "isolated"

[[personas.sage.context.mcp_servers]]
name = "one"
command = "python"
args = ["-m", "one"]
env = { A = "1" }

[personas.sage.options]
since = 2026-11-21T10:00:00Z
deep = { a = [1, [2.5, { b = true }]] }

[tool_presets.careful]
allow = ["read_*"]
approval = { write = "ask" }

[bias_profiles.wild]
tool_weights = { x = 1.5 }

[context_presets.all]
include = ["**/*.py"]
""",
    "[personas]\na.system_prompt = 'x'\na.model = 'p/m'\nb = { model = 'p/m' }\n'C d'.engine = 'x'",
    'personas.a.model.model_id = "p/m"\npersonas.a.identity.avatar = "x.png"\n',
    "[personas.a]\nextends = 'a'\n[personas.b]\nextends = ['c']\n[personas.c]\nextends = 'b'\n",
)
YAML_PIECES = (
    "---\n", "...\n", "\n", "\r\n", "\t", "  ", ": ", "- ", "[", "]", "{", "}", "&s ", "*s",
    "<<: *s", "!!str ", "!!python/object:x ", "!x ", "'", '"', "|", ">-", "|2", "? ", " #", "%",
    "@", "`", "~", "null", "true", "0x1f", "0o17", ".nan", ".inf", "1e999", "2026-11-21", "\\u0000",
    "\\x00", "name:", "model:", "models:", "context:", "extends:", "identity:\n", "tools: x\n",
    "permission: x\n", "skills:", "mcp_servers:", "env:", "enabled: no\n", "options: {a: {b: ",
)  # fmt: skip
TOML_PIECES = (
    "[", "]", "[[", "]]", "{", "}", "=", ".", ",", "#", "\n", '"', "'", '"""', "'''", "personas",
    "\n[personas.x]\n", "\n[[personas.x]]\n", "\npersonas.x.y = 1\n", "a = 1\n", "inf", "-nan",
    "1e999", "1979-05-27", "07:32:00", "0x1f", "1_000", "true", "\\u0000", "\\n", "\\",
    "preferred_models = []\n", "model = 1\n", "models = {}\n", "context = 'x'\n", "extends = 5\n",
    "identity = []\n", "name = 'x'\n", "system_prompt = 1\n", "\n[tool_presets.x]\nallow = 1\n",
    "\n[bias_profiles]\nx = 5\n", "\n[tool_preset.x]\n", "\n[personas.'']\n",
)  # fmt: skip
ANY_PIECES = (
    "\0", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "\u202e", "\U0010ffff", "é🦉", "\xa0",
    "9" * 400, "9" * 5000, "a" * 2000, "[" * 500, "{" * 500, "{a: " * 200, "- " * 200, "\n" * 300,
    "a." * 200, "ﬁ", "İ", "../../x", "C:\\x", "${X}", "{{ parent }}",
)  # fmt: skip
VALUES = (
    None, True, False, 0, -1, 5, 10**30, 2.5, -0.0, "", " ", "x", "p/m", "a\nb", "é🦉", "x" * 300,
    [], ["x"], [1], [[]], [{}], [None], {}, {"x": 1}, {"name": "x"}, {"model_id": "p/m"},
    {"a": {"b": {"c": []}}}, [{"name": "x", "value": "y"}], [{"name": "s", "command": "c"}],
    [{"name": "s", "url": "http://x"}, {"name": "s", "url": 5}], {"s": {"command": "c"}},
)  # fmt: skip
KEYS = (
    "name", "extends", "engine", "model", "models", "context", "identity", "options", "enabled",
    "tool_preset", "bias_profile", "context_preset", "aggregation_strategy", "preferred_models",
    "system_prompt", "model_id", "temperature", "top_p", "max_output_tokens", "skills",
    "skills_paths", "mcp_servers", "history", "avatar", "description", "modle", "x",
)  # fmt: skip


def mutate(rnd: random.Random, data: bytes, pieces: tuple[str, ...]) -> bytes:
    for _ in range(rnd.choice((1, 1, 1, 1, 2, 5))):
        at = rnd.randrange(len(data) + 1)
        to = min(at + rnd.choice((1, 1, 3, 20, 200)), len(data))
        kind = rnd.randrange(20)
        if kind == 0:
            data = data[:at] + bytes([rnd.randrange(256)]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + data[to:]
        elif kind == 2:
            data = data[: max(at, len(data) // 2)]
        elif kind in (3, 4, 5):
            piece = rnd.choice(pieces).encode("utf-8", "surrogatepass")
            data = data[:at] + piece + data[at + rnd.choice((0, 0, 1, 5)) :]
        elif kind == 6:
            data = data[:at] + rnd.choice(ANY_PIECES).encode() + data[at:]
        elif kind == 7:
            data = data[:at] + data[rnd.randrange(len(data) + 1) :][:40] + data[at:]
        else:
            data = by_lines(rnd, data)
    ends = rnd.random()
    if ends < 0.02:
        data = data.replace(b"\n", rnd.choice((b"\r\n", b"\r", b"\n\n")))
    elif ends < 0.04:
        data = rnd.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) + data
    elif ends < 0.05:
        data = data.decode("utf-8", "replace").encode(rnd.choice(("utf-16", "utf-32", "utf-7")))
    return data


def by_lines(rnd: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    at, other = rnd.randrange(len(lines)), rnd.randrange(len(lines))
    kind = rnd.randrange(6)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(other, lines[at])
    elif kind == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == 3:
        lines[at] = b" " * rnd.randrange(4) + lines[at]
    elif kind == 4:
        lines[at] = lines[at].lstrip()
    else:  # another value for the key
        key = lines[at].partition(b"=" if b"=" in lines[at] else b":")
        value = rnd.choice(
            (b" y", b" 0.5", b" 5", b" x", b" []", b" {}", b" true", b"", b" 'x'", b' "a/b"')
        )
        lines[at] = key[0] + key[1] + value + b"\n"
    return b"".join(lines)


def mutated_markdown(rnd: random.Random) -> bytes:
    return mutate(rnd, rnd.choice(MARKDOWN_FILES).encode(), YAML_PIECES)


def mutated_toml(rnd: random.Random) -> bytes:
    return mutate(rnd, rnd.choice(TOML_FILES).encode(), TOML_PIECES)


def tree(rnd: random.Random, depth: int = 0) -> dict[str, Any]:
    """Return blocks with any value under any key."""
    return {
        key: tree(rnd, depth + 1) if rnd.random() < 0.3 and depth < 3 else rnd.choice(VALUES)
        for key in rnd.sample(KEYS, rnd.randrange(6))
    }


def made_markdown(rnd: random.Random) -> bytes:
    kind = rnd.random()
    if kind < 0.3:  # pieces in any order
        front = "".join(rnd.choice(YAML_PIECES) for _ in range(rnd.randrange(14)))
    elif kind < 0.32:  # a billion laughs
        levels = rnd.randrange(2, 12)
        front = "a0: &a0 [x, x]\n" + "".join(
            f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, levels)
        )
        front = f"options:\n  {front.replace(chr(10), chr(10) + '  ')}"
    else:
        front = yaml.safe_dump(tree(rnd), allow_unicode=True, default_flow_style=kind < 0.5)
    return f"---\n{front}\n---\n{rnd.choice(('', 'Be wise.', '---'))}".encode()


def made_toml(rnd: random.Random) -> bytes:
    if rnd.random() < 0.3:
        return "".join(rnd.choice(TOML_PIECES) for _ in range(rnd.randrange(14))).encode()
    tables = []
    for name in rnd.sample(("a", "b", "c-d", "E f", "é", "x.y"), rnd.randrange(4)):
        outer = rnd.choice(("personas",) * 5 + ("tool_presets", "bias_profiles"))
        tables.append(f'[{outer}."{name}"]')
        tables += [f"{key} = {as_toml(value)}" for key, value in tree(rnd).items()]
    return "\n".join(tables).encode()


def as_toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {as_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace("\n", "\\n") + '"'
    return {None: "2026-11-21", True: "true", False: "false"}.get(value, str(value))


def any_bytes(rnd: random.Random) -> bytes:
    return rnd.choice((b"", b"---\n", b"[personas.x]\n")) + rnd.randbytes(rnd.randrange(60))


KINDS: tuple[tuple[str, Make], ...] = (
    ("md", mutated_markdown), ("md", mutated_markdown), ("md", made_markdown),
    ("toml", mutated_toml), ("toml", mutated_toml), ("toml", made_toml),
    ("md", mutated_markdown), ("md", mutated_markdown), ("md", made_markdown),
    ("toml", mutated_toml), ("toml", mutated_toml), ("toml", made_toml),
    ("md", any_bytes), ("toml", any_bytes),
)  # fmt: skip


def check_result(result: LoadResult, file: Path, lines: int) -> None:
    errors = [found for found in result.diagnostics if found.severity == "error"]
    if MARKDOWN.claims(file.name):
        assert bool(result.definitions) != bool(errors)
    for found in result.diagnostics:
        assert found.code in CODES
        assert found.file == file
        assert 1 <= found.line <= lines + 1
        assert found.column >= 1
        assert found.message
        assert found.fix
        assert "\n" not in found.message + found.fix
    for definition in result.definitions:
        assert isinstance(definition, PersonaDefinition)
        if definition.model is None or definition.model.model_id:  # else a base has it
            again = PersonaDefinition.model_validate_json(definition.model_dump_json())
            assert again.model_dump() == definition.model_dump()
        check_origins(definition.origins.values(), lines)


def check_origins(origins: Any, lines: int) -> None:
    origin: Origin
    for origin in origins:
        assert 1 <= origin.line <= lines + 1
        assert origin.column >= 1


def same(one: PersonaDefinition, other: PersonaDefinition | None) -> bool:
    return (
        other is not None
        and repr(one) == repr(other)
        and one.model_dump(exclude_unset=True) == other.model_dump(exclude_unset=True)
        and one.implied == other.implied
        and one.key == other.key
    )


def check_short_way_of_markdown(source: Source) -> bool:
    """Compare the short way to the definition with the long one; tell whether it was taken."""
    try:
        parts = read_parts(source.file)
    except Refused:
        return False
    values = read_values(parts.yaml)
    if values is not None:
        root = parse(parts.yaml, parts.line)
        assert root is not None
        assert repr(root.data) == repr(values)
    quick = define_quickly(source, parts)
    if quick is None:
        return False
    report = Report(source.file)
    assert same(quick, define_closely(source, parts, report))
    assert not report.diagnostics
    return True


def check_short_way_of_toml(source: Source) -> bool:
    try:
        document = read_document(source.file)
    except Refused:
        return False
    taken = False
    for key in document.table(PERSONAS):
        quick = define_table_quickly(document, key, source)
        if quick is not None:
            closely, diagnostics = define_table_closely(document, key, source)
            assert same(quick, closely)
            assert not diagnostics
            taken = True
    return taken


class Project:
    """A folder in a project with other personas around, which the files may build on."""

    def __init__(self, root: Path) -> None:
        user = root / "config" / "personas"
        self.root, self.folder = root / "project", root / "project" / "deep"
        hidden = self.folder / ".jupyter"
        self.files = {
            "md": hidden / "personas" / "sage.persona.md",
            "toml": hidden / "personas.toml",
        }
        for folder in (user, hidden / "personas", self.root / ".jupyter" / "personas"):
            folder.mkdir(parents=True)
        (user / "base.persona.md").write_text("---\nmodel: p/base\noptions: {x: 1}\n---\nBase.\n")
        (user / "sage.persona.md").write_text("---\nmodel: p/far\n---\nFar.\n")
        far = "[personas.coder]\nextends = 'base'\n[personas.other]\noptions = { y = 2 }\n"
        (self.root / "personas.toml").write_text(far)
        self.locations = (Location(user, Scope.USER, user),)
        self.registry = EngineRegistry()

    def look(self) -> None:
        """Read, merge and check everything, and ask for each origin."""
        loaders = (MARKDOWN, TOML)
        catalog = Catalog(loaders=loaders, registry=self.registry, locations=self.locations)
        view = catalog.view(self.folder, self.root)
        assert view.personas or view.broken or view.diagnostics
        for found in view.diagnostics:
            assert found.code in CODES
            assert found.line >= 1
        for slug, definition in view.personas.items():
            for path, origin in definition.origins.items():
                assert path
                check_origins((origin, *origin.hides, *origin.includes), 10**6)
            assert PersonaDefinition.model_validate_json(definition.model_dump_json()).name == slug
            view.findings(slug)
        for broken in view.broken:
            assert broken.errors
        assert catalog.view(self.folder, self.root) is view


def test_broken_files_never_raise_and_are_told(tmp_path: Path) -> None:
    project = Project(tmp_path)
    seen: Counter[str] = Counter()
    slowest = 0.0
    for number in range(COUNT):
        rnd = random.Random(f"{SEED} {number}")
        kind, make = KINDS[number % len(KINDS)]
        data = make(rnd)
        file = project.files[kind]
        file.write_bytes(data)
        source = Source(file, Scope.PROJECT, project.folder)
        begun = time.process_time()
        try:
            result = (MARKDOWN if kind == "md" else TOML).load(source)
            took = time.process_time() - begun
            check_result(result, file, data.count(b"\n") + data.count(b"\r"))
            short = check_short_way_of_markdown if kind == "md" else check_short_way_of_toml
            seen["taken the short way"] += short(source)
            if number % 7 == 0:
                project.look()
                seen["looked at in a project"] += 1
        except Exception as exc:  # boundary: the file is told with whatever went wrong
            pytest.fail(f"File {number} of seed {SEED}: {exc!r}\n{data!r}")
        slowest = max(slowest, took)
        assert took < SLOWEST, f"File {number} of seed {SEED} took {took:.1f} s: {data!r}"
        seen["read" if result.definitions else "refused"] += 1
        if number % 50 == 49:  # the other file stays for a while, so that they meet
            project.files[rnd.choice(("md", "toml"))].unlink(missing_ok=True)
    print(f"{COUNT} files of seed {SEED}: {dict(seen)}; the slowest took {slowest * 1e3:.0f} ms")
    assert seen["read"] > COUNT / 20
    assert seen["refused"] > COUNT / 20
    assert seen["taken the short way"] > COUNT / 50
