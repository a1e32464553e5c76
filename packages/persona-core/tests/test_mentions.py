"""Who is mentioned: any case, no code, no addresses, odd names, the longest wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona.core import find_mentions, mention_name

NAMES = {
    "ada": ["Ada", "ada"],
    "sage": ["Data Sage", "sage"],
    "gpt": ["GPT 4.1", "gpt"],
    "sage2": ["Data Sage (v2)", "sage-2"],
    "ole": ["Ólafur Straße"],
    "fox": ["🦊 Fox"],
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@Ada hi", ["ada"]),
        ("hi @ada", ["ada"]),
        ("@ADA!", ["ada"]),
        ("(@ada)", ["ada"]),
        ("@ada, @sage: look", ["ada", "sage"]),
        ("@sage @ada @sage", ["sage", "ada"]),
        ("@Data-Sage x", ["sage"]),
        ("@Data Sage x", ["sage"]),
        ("@data sage (V2) x", ["sage2"]),
        ("@Data-Sage-(v2)", ["sage2"]),
        ("@GPT-4.1.", ["gpt"]),
        ("@GPT 4.1 and", ["gpt"]),
        ("@gpt 4 is", ["gpt"]),
        ("@Ólafur-STRASSE", ["ole"]),
        ("@🦊 Fox", ["fox"]),
        ("@ada's", ["ada"]),
        ("**@ada**", ["ada"]),
        ("ada", []),
        ("@adalbert", []),
        ("@ada_x", []),
        ("@ada.com", []),
        ("@ada. Next", ["ada"]),
        ("@ada-lovelace", []),
        ("@ada/core", []),
        ("me@ada", []),
        ("me@ada.org", []),
        ("me.too@ada", []),
        ("@@ada", []),
        ("see https://x.org/@ada now", []),
        ("see <https://x.org/@ada> @sage", ["sage"]),
        ("[profile](/users/@ada)", []),
        ("[@ada](/users/x)", ["ada"]),
        ("`@ada`", []),
        ("``a ` @ada``", []),
        ("`x` @ada `y`", ["ada"]),
        ("`x @ada", ["ada"]),
        ("don`t\n\n@ada\n\ndon`t", ["ada"]),
        ("```\n@ada\n```", []),
        ("```python\n@ada\n```\n@sage", ["sage"]),
        ("~~~\n@ada\n~~~", []),
        ("```\n@ada\nnever closed", []),
        ("````\n```\n@ada\n```\n````", []),
        ("> ```\n> @ada\n> ```", []),
        ("- ```\n  @ada\n\n  @ada\n  ```\n- @sage", ["sage"]),
        ("", []),
        ("@", []),
    ],
)
def test_mentions_are_found(text: str, found: list[str]) -> None:
    assert find_mentions(text, NAMES) == found


def test_nobody_is_found_when_there_is_nobody() -> None:
    assert find_mentions("@ada", {}) == []


def test_first_of_two_with_one_name_wins() -> None:
    assert find_mentions("@Ada", {"near": ["ada"], "far": ["Ada"]}) == ["near"]


_plain = st.text(st.characters(categories=("L", "N", "Zs")), max_size=20).map(str.strip)
_name = st.text(
    st.characters(categories=("L", "N"), include_characters=" .()[]-_+🦊"), min_size=1, max_size=15
).map(lambda text: " ".join(text.split()))
_good = _name.filter(lambda n: n[:1].isalnum() and n[-1:].isalnum() and n.isascii())


@given(_good, _plain, st.sampled_from([str.upper, str.lower, str.title, str]))
def test_any_name_is_found_in_any_case(name: str, around: str, case: object) -> None:
    for form in (name, mention_name(name)):
        text = f"{around} @{case(form)} , {around}"  # type: ignore[operator]
        assert find_mentions(text, {"it": [name]}) == ["it"]


@given(_good, _plain.filter(lambda t: "`" not in t), st.sampled_from(["`", "``", "```\n", "~~~\n"]))
def test_no_name_is_found_in_code(name: str, around: str, ticks: str) -> None:
    end = ticks if ticks.endswith("`") else f"\n{ticks}"
    start = ticks if ticks.endswith("`") else f"\n{ticks}"
    text = f"{around} {start}@{name} {around}{end}"
    assert find_mentions(text, {"it": [name]}) == []


@given(st.from_regex(r"\A[a-zA-Z0-9]([a-zA-Z0-9+._-]{0,8}[a-zA-Z0-9])?\Z"), _good)
def test_no_name_is_found_in_an_address(user: str, name: str) -> None:
    assert find_mentions(f"write to {user}@{name} now", {"it": [name]}) == []


@given(_good, st.from_regex(r"\A[ .-][a-z0-9]{1,5}\Z"))
def test_longest_name_wins(name: str, more: str) -> None:
    longer = name + more
    names = {"short": [name], "long": [longer]}
    assert find_mentions(f"@{longer} hi", names) == ["long"]
    assert find_mentions(f"@{name} , hi", names) == ["short"]


@given(st.text(max_size=300))
def test_any_text_is_survived(text: str) -> None:
    assert set(find_mentions(text, NAMES)) <= NAMES.keys()


def test_hostile_text_takes_no_time() -> None:
    import time

    begun = time.perf_counter()
    for text in ("`" * 50_000, "` " * 30_000, "@" * 50_000, "```\n" * 20_000, "[](" * 30_000):
        find_mentions(text, NAMES)
    assert time.perf_counter() - begun < 5
