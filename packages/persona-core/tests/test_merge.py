"""Laying one file over another: which two of three are merged first makes no difference."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from persona.core._merge import copy_plain, drop, merge, paths

SCALARS = st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2)
VALUES = st.recursive(
    SCALARS | st.lists(SCALARS, max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
DATA = st.dictionaries(st.sampled_from("xyz"), VALUES, max_size=3)


@settings(max_examples=300)
@given(DATA, DATA, DATA)
def test_merge_is_associative(a: Any, b: Any, c: Any) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@given(DATA, DATA)
def test_merge_is_idempotent_and_changes_neither_side(a: Any, b: Any) -> None:
    before = copy.deepcopy((a, b))
    assert merge(a, a) == a
    assert merge(merge(a, b), b) == merge(a, b)
    assert merge(a, {}) == a == merge({}, a)
    assert (a, b) == before


@given(DATA, DATA)
def test_each_value_comes_from_the_nearer_side_that_has_it(a: Any, b: Any) -> None:
    far, near = dict(paths(a)), dict(paths(b))
    merged = dict(paths(merge(a, b)))
    for path, value in merged.items():
        if not isinstance(value, dict):
            assert value == (near[path] if path in near else far[path])
    assert set(near) <= set(merged)


def test_lists_and_scalars_replace_and_mappings_merge() -> None:
    far = {"list": [1, 2], "one": 1, "map": {"a": 1, "b": {"c": 1}}, "kept": True}
    near = {"list": [3], "one": None, "map": {"b": {"d": 2}}}
    assert merge(far, near) == {
        "list": [3],
        "one": None,
        "map": {"a": 1, "b": {"c": 1, "d": 2}},
        "kept": True,
    }


def test_mapping_over_a_scalar_hides_the_mapping_below() -> None:
    first: Any = {"x": {"p": 1}}
    for order in (
        merge(merge(first, {"x": 5}), {"x": {"q": 2}}),
        merge(first, merge({"x": 5}, {"x": {"q": 2}})),
    ):
        assert order == {"x": {"q": 2}}


def test_copy_shares_nothing_and_drop_leaves_the_given_mapping() -> None:
    inner = {"a": [{"b": 1}], "c": 2}
    data = {"block": inner}
    made = copy_plain(data)
    made["block"]["a"][0]["b"] = 9
    assert inner["a"] == [{"b": 1}]
    drop(data, "block.c")
    drop(data, "none.at.all")
    assert data == {"block": {"a": [{"b": 1}]}}
    assert inner["c"] == 2
