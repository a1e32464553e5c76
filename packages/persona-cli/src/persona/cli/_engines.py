"""``jupyter persona engines``: what can answer behind a persona."""

from __future__ import annotations

from argparse import Namespace

from persona.cli._errors import OK
from persona.cli._json import print_json
from persona.cli._state import State, state_of_engine
from persona.cli._table import print_table
from persona.core import EngineEntry, EngineRegistry, EngineSupport


def run(args: Namespace) -> int:
    """Print the installed engines."""
    registry = EngineRegistry()
    found = [(entry, state_of_engine(entry, registry)) for entry in registry.entries.values()]
    if args.json:
        print_json([_as_dict(entry, state) for entry, state in found])
        return OK
    if not found:
        print("There is no engine. The package persona-engine-litellm brings one for any model.")
        return OK
    rows = [
        (entry.id, entry.distribution, state.word, support_line(state.support) or "–")
        for entry, state in found
    ]
    print_table(("ENGINE", "PACKAGE", "STATE", "HONOURS"), rows)
    for entry, state in found:
        if state.detail:
            print(f"\n{entry.id}: {state.detail}")
    return OK


def support_line(support: EngineSupport | None) -> str:
    """Return what an engine honours on one line; what it only asks for is marked."""
    if support is None:
        return ""
    levels = {
        "model": support.model,
        "prompt": support.system_prompt,
        "tools": support.mcp_servers,
        "skills": support.skills,
        "options": support.options,
    }
    marks = {"enforced": "", "requested": " (asked)"}
    return ", ".join(f"{word}{marks[lv]}" for word, lv in levels.items() if lv in marks)


def _as_dict(entry: EngineEntry, state: State) -> dict[str, object]:
    return {
        "id": entry.id,
        "distribution": entry.distribution,
        "target": entry.target,
        "state": state.word,
        "detail": state.detail,
        "support": state.support.as_dict() if state.support else None,
    }
