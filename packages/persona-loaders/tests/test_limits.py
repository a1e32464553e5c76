"""Files made to hurt: they are refused quickly."""

import time

import pytest

from persona.core import LoadResult

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
ANCHORS = "\n".join(f"  k{i}: &a{i} x" for i in range(20_000))
CASES = {
    "billion laughs": f"---\noptions:\n  x: 1\n{LAUGHS}---\n",
    "laughs in options": "---\noptions:\n"
    + "".join(f"  {line}\n" for line in LAUGHS.splitlines())
    + "---\n",
    "merged laughs": "---\noptions: &a\n  x: 1\nb: &b {p: &p ["
    + "1," * 9000
    + "], q: *p, r: *p}\n---",
    "alias of itself": "---\noptions: &a [*a]\n---\n",
    "flow lists": "---\noptions: " + "[" * 100_000 + "\n---\n",
    "closed flow lists": "---\noptions: " + "[" * 20_000 + "]" * 20_000 + "\n---\n",
    "flow mappings": "---\noptions: " + "{a: " * 50_000 + "\n---\n",
    "block lists": "---\noptions:\n  " + "- " * 50_000 + "\n---\n",
    "block mappings": "---\n" + "".join(" " * i + "a:\n" for i in range(1000)) + "---\n",
    "question marks": "---\n" + "? " * 50_000 + "\n---\n",
    "one long key": "---\n" + "k" * 900_000 + ": 1\n---\n",
    "many unknown keys": "---\n" + "".join(f"key{i}: 1\n" for i in range(60_000)) + "---\n",
    "many servers": "---\ncontext:\n  mcp_servers:\n" + "    - x\n" * 100_000 + "---\n",
    "unclosed after many lines": "---\n" + "a\n" * 400_000,
    "rules without front matter": "- - -\n" * 150_000,
    "blank lines": "\n" * 900_000,
    "blank lines with spaces": "  \n" * 300_000 + "x",
    "long number": "---\noptions: {a: " + "1" * 900_000 + "}\n---\n",
    "long float": "---\noptions: {a: " + "1" * 900_000 + ".5x}\n---\nx",
}


@pytest.mark.parametrize("name", CASES)
def test_hostile_file_is_refused_quickly(load, name):
    start = time.process_time()
    result: LoadResult = load(CASES[name])
    spent = time.process_time() - start
    if name != "long float":
        assert result.definitions == ()
        assert any(d.severity == "error" for d in result.diagnostics)
    assert all(len(d.message) < 400 and len(d.fix) < 400 for d in result.diagnostics)
    assert len(result.diagnostics) <= 50
    assert spent < 5


def test_many_anchors_and_few_aliases_are_fine(load):
    (persona,) = load(f"---\noptions:\n{ANCHORS}\n  last: *a5\n---\n").definitions
    assert persona.options["last"] == "x"


@pytest.mark.parametrize(("depth", "fine"), [(50, True), (70, False)])
def test_depth_has_a_limit(load, depth, fine):
    result = load("---\noptions: {a: " + "[" * depth + "]" * depth + "}\n---\n")
    assert bool(result.definitions) is fine
    if not fine:
        assert result.diagnostics[0].code == "P106"
        assert "deep" in result.diagnostics[0].message
