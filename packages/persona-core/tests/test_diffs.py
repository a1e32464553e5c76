"""Changes of files are shown right, bounded, and quickly."""

from __future__ import annotations

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from persona.core import Diff, FilePosition
from persona.core._diffs import render_diffs, render_locations, unified

LINES = st.lists(st.sampled_from(["a", "b", "", " c", "+d", "-e", "@@", "é\u2028"]), max_size=30)


def apply(old: list[str], diff: list[str]) -> list[str]:
    """Apply a unified diff as `patch` does, and check what it says of the old text."""
    new: list[str] = []
    at = 0
    for line in diff:
        if head := re.fullmatch(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@", line):
            first, length, to, to_length = map(int, head.groups())
            start = first - 1 if length else first
            new += old[at:start]
            at = start
            assert len(new) == (to - 1 if to_length else to)
        elif line[0] == "+":
            new.append(line[1:])
        else:
            assert old[at] == line[1:]
            new += [old[at]] if line[0] == " " else []
            at += 1
    return new + old[at:]


@given(LINES, LINES, LINES, LINES)
def test_diff_makes_the_new_text_of_the_old(
    before: list[str], old: list[str], new: list[str], after: list[str]
) -> None:
    a, b = [*before, *old, *after], [*before, *new, *after]
    diff = unified("".join(f"{line}\n" for line in a), "".join(f"{line}\n" for line in b))
    assert apply(a, diff) == b
    assert (diff == []) == (a == b)


def test_large_files_are_compared_quickly_and_shown_in_part() -> None:
    old = "".join(f"{number * 7 % 1000}\n" for number in range(100_000))
    new = "".join(f"{number * 11 % 1000}\n" for number in range(100_000))
    begun = time.perf_counter()
    shown = render_diffs((Diff("a.py", old, new),))
    assert time.perf_counter() - begun < 2
    assert len(shown) < 10_000
    assert "more lines not shown" in shown


def test_files_beyond_the_limit_are_named() -> None:
    diffs = [Diff(f"f{number}", None, "x\n" * 50) for number in range(6)]
    shown = render_diffs(diffs)
    assert shown.count("```diff") == 3
    assert "Not shown: `f3`, `f4`, `f5`." in shown


def test_change_that_changes_no_line_is_said_to_be_one() -> None:
    assert "*The same lines as before.*" in render_diffs([Diff("a", "x", "x\n")])
    assert "*Empty.*" in render_diffs([Diff("a", None, "")])


def test_places_are_listed_once_and_not_without_end() -> None:
    places = [FilePosition("a.py", 1), FilePosition("a.py", 1), FilePosition("b`.py")]
    assert render_locations(places) == "`a.py:1`, ``b`.py``"
    assert render_locations([FilePosition(f"f{n}") for n in range(50)]).endswith("and 30 more")
    assert render_locations([FilePosition("")]) == ""
