"""YAML that is read line by line means what the YAML parser says, or is left to it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from persona.loaders._report import Refused
from persona.loaders._yaml import parse
from persona.loaders._yaml_lines import read_lines
from persona.loaders._yaml_quick import read_values

pytestmark = pytest.mark.slow  # the same whatever Python it is

KEYS = ("a", "b", "name", "x-y", "x.y", "_p", "null", "y", "5", "1e999", "<<", "a b", "'q'", "&k a")
VALUES = (
    "a", "a b", "http://x:1/y", "- x", "--root", "-5", "1.5", "~", "null", "'q'", '"q"', "[a, b]",
    "[a,b]", "[ a , 'x' ]", "[]", "{}", "{a: 1}", "{a: 1, b: c d}", "[--root, .5]", "{a: [b]}",
    "[[a]]", "a # c", "a #", "a#b", "a:b", "a: b", "a:", "'it''s'", "''''", "'''", '"a" b',
    '"a"#c', "[a]#c", "[a] # c", "# c", "!x", "&a b", "*a", "?x", "? x", ":x", "%x", "@x", "`x",
    "-", "é", "🦉", "a, b", "a]", "{a}", "{a: }", "[a, ]", "[,]", "...", "${X}", "=", "a   ",
    '"a: b # c, ["', '["a]"]', "{a: 'x}'}", "0o17", "0x", "+1", "1_000", "1e999", "12:30",
    "2026-11-21", "yes", "[-]", "[a - b]", "[- a]", "[a?]", "x y: z", '"x" : y', "{a: 1}: 2",
    '"a\\"b"', '"\\n\\t\\\\"', '"\\x41"', '"\\"', '"\\0"', "a\\", "!!str 5", "\u2028", "\t", "\xa0",
)  # fmt: skip
TEXTS = ("text a", "- b", "k: v", "# no", "x  ", "", " y", "5", "x # c", "'q'", "~")


def made(rnd: random.Random) -> str:
    lines: list[str] = []
    indent = 0
    for _ in range(rnd.randint(1, 7)):
        indent = max(0, indent + rnd.choice((0, 0, 0, 2, 2, -2, -4, 1, -1, 4)))
        line = " " * indent
        if rnd.random() < 0.3:
            line += "- " + " " * rnd.choice((0, 0, 1))
        if rnd.random() < 0.75:
            line += rnd.choice(KEYS) + ":" + rnd.choice((" ", "", " ", "  "))
        kind = rnd.random()
        if kind < 0.6:
            line += rnd.choice(VALUES)
        elif kind < 0.7:
            line += rnd.choice(("|", ">", "|-", ">-", "|+", "|2", "| ", "> # c"))
        elif kind < 0.75:
            line = rnd.choice(("", "  ", "# c", "   # c", "#", "---", "..."))
        lines.append(line)
        if rnd.random() < 0.2:
            deeper = " " * (indent + rnd.choice((0, 1, 2, 2, 4)))
            lines += [deeper + rnd.choice(TEXTS) for _ in range(rnd.randint(1, 3))]
    return "\n".join(lines) + rnd.choice(("\n", "\n", "\n\n", ""))


def meant(text: str) -> Any:
    root = parse(text, 1)
    return None if root is None else root.data


def test_what_is_read_line_by_line_is_what_the_parser_reads():
    taken = 0
    for number in range(8_000):
        text = made(random.Random(number))
        for read in (read_lines, read_values):
            try:
                values = read(text)
            except Refused:  # a number that nothing can hold; the parser tells where
                values = None
            if values is not None:
                taken += 1
                assert repr(meant(text)) == repr(values), text
    assert taken > 500


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a: 1\nb: x # c\n", {"a": 1, "b": "x"}),
        ("a:\n- b: 1\n  c: [x, -2]\n- d\ne:\n", {"a": [{"b": 1, "c": ["x", -2]}, "d"], "e": None}),
        ("a: {b: 'x', c: .5}\nd: \"it's\"\n", {"a": {"b": "x", "c": 0.5}, "d": "it's"}),
        ("a: |\n  x\n\n   y\nb: >-\n  one\n  two\n\n", {"a": "x\n\n y\n", "b": "one two"}),
        ("a: one\n  two\n  3\nb: yes\n", {"a": "one two 3", "b": "yes"}),
    ],
)
def test_plain_text_is_read_line_by_line(text: str, values: dict[str, Any]):
    assert read_lines(text) == values == meant(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x\n", "a: !!str 1\n", "a: 1\na: 2\n", "<<: {a: 1}\n", "? a\n: b\n", "a: [b\n",
        "\ta: 1\n", "a: 1\n b: 2\n", "a: b: c\n", '"a": 1\n', "a: [b, [c]]\n", "- a\n", "a\n", "",
    ],
)  # fmt: skip
def test_anything_else_is_left_to_the_parser(text: str):
    assert read_lines(text) is None
