"""The rules of routing, without a server."""

from __future__ import annotations

import pytest

from persona.jupyter._routing import addressed_by_persona, route

NAMES = {"ada": ("Ada", "ada"), "data-sage": ("Data Sage", "data-sage")}


@pytest.mark.parametrize(
    ("body", "options", "targets", "why"),
    [
        ("@Ada hi", {}, ("ada",), "mentioned"),
        ("hi @Ada", {"humans": 3}, ("ada",), "mentioned"),
        ("@data-SAGE and @ada", {}, ("data-sage", "ada"), "mentioned"),
        ("@Ada hi", {"picked": "data-sage"}, ("ada",), "mentioned"),
        ("hi", {"picked": "data-sage", "last": "ada"}, ("data-sage",), "picked"),
        ("hi", {"picked": "gone", "last": "ada"}, ("ada",), "sticky"),
        ("hi", {"picked": "", "last": "ada", "default": "ada"}, (), "no-one"),
        ("@Ada hi", {"picked": ""}, ("ada",), "mentioned"),
        ("@Hugo hi", {"picked": ""}, (), "unknown-mention"),
        ("hi", {"last": "ada", "default": "data-sage"}, ("ada",), "sticky"),
        ("hi", {"last": "gone", "default": "data-sage"}, ("data-sage",), "default"),
        ("hi", {}, (), "nobody"),
        ("hi", {"humans": 2, "last": "ada"}, (), "several-people"),
        ("@Hugo hi", {"people": ["Hugo"], "last": "ada"}, (), "person"),
        ("@hugo-b hi", {"people": ["Hugo B"], "last": "ada"}, (), "person"),
        ("@Hugo hi", {"last": "ada"}, (), "unknown-mention"),
        ("hi @Hugo", {"last": "ada"}, ("ada",), "sticky"),
        ("`@Hugo` is what?", {"last": "ada"}, ("ada",), "sticky"),
    ],
)
def test_route_follows_the_first_rule_that_fits(
    body: str, options: dict[str, object], targets: tuple[str, ...], why: str
) -> None:
    decision = route(body, names=NAMES, **options)  # type: ignore[arg-type]
    assert (decision.targets, decision.why) == (targets, why)


def test_route_without_personas_says_so() -> None:
    assert route("hi", names={}).why == "no-personas"
    assert route("hi", names={}, humans=2).why == "several-people"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("@Ada please look", ["ada"]),
        ("Done.\n\n@Data-Sage your turn, @Ada too", ["data-sage"]),
        ("I asked @Ada already", []),
        ("```\n@Ada\n```", []),
    ],
)
def test_persona_addresses_another_only_at_the_start_of_a_line(
    body: str, expected: list[str]
) -> None:
    assert addressed_by_persona(body, NAMES) == expected
