"""The documentation tells of the agents what the tests saw, and the engines say the same."""

from __future__ import annotations

import pytest

from persona.core import EngineRegistry

from .agents import table
from .agents.install import PACKAGES
from .agents.profiles import PROFILES


def test_page_shows_the_table_of_what_was_seen() -> None:
    page = table.PAGE.read_text(encoding="utf-8")
    assert table.shown(page) == table.render(table.seen()), (
        "Run `python tests-integration/agents/table.py`."
    )


@pytest.mark.parametrize("name", [name for name in PACKAGES if not PACKAGES[name].nowhere])
def test_engine_says_what_was_seen(name: str) -> None:
    profile = PROFILES[name]
    seen = table.seen()[profile.engine]
    levels = EngineRegistry().create(profile.engine).support().as_dict()
    assert {block: levels[block] for block in table.BLOCKS} == {
        block: seen[block] for block in table.BLOCKS
    }
    assert seen["package"] == PACKAGES[name].requirements[0].replace("==", "@")
