"""The table of docs/acp-agents.md: what each agent honours, as the tests on real agents saw it.

`python tests-integration/agents/table.py` writes it there, from `observed.json` beside this file.
That one is written by the tests when PERSONA_OBSERVED names it.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
OBSERVED = HERE / "observed.json"
PAGE = HERE.parents[1] / "docs" / "acp-agents.md"
BLOCKS = {
    "model": "Model",
    "system_prompt": "System prompt",
    "mcp_servers": "MCP servers",
    "skills": "Skills",
    "options": "Options",
}
MORE = {"restart": "After a restart"}
BEGIN = "<!-- table: made by tests-integration/agents/table.py, not by hand -->"
END = "<!-- end of the table -->"


def seen() -> dict[str, dict[str, str]]:
    """Return what the tests saw: for each engine its agent's package, and a level a block."""
    data = json.loads(OBSERVED.read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def render(observed: Mapping[str, Mapping[str, str]]) -> str:
    """Return the table."""
    columns = {"package": "Tested with", **BLOCKS, **MORE}
    heads = ["Engine", *columns.values()]
    rows = [heads, ["---"] * len(heads)]
    for engine, levels in sorted(observed.items()):
        rows.append([f"`{engine}`", *(levels[column] for column in columns)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def shown(page: str) -> str:
    """Return the table that stands in the page.

    Raises:
        ValueError: The page has no place for it.
    """
    found = re.search(re.escape(BEGIN) + r"\n\n(.*?)\n\n" + re.escape(END), page, re.DOTALL)
    if found is None:
        raise ValueError(f"{PAGE} has no lines {BEGIN!r} and {END!r}.")
    return found[1]


def main() -> None:
    """Write the table into the page."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page.replace(shown(page), render(seen())), encoding="utf-8")


if __name__ == "__main__":
    main()
