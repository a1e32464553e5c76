"""Scripts of an LLM server in a JSON file."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from persona.testing._llm import ScriptedLLM
from persona.testing._llm_rule import Rule

CONDITIONS = frozenset({"match", "pattern", "model", "system", "text", "tool", "times"})
WITH_VALUE = frozenset({"reply", "tool_calls", "error", "html", "cut", "content_filter"})
WITHOUT_VALUE = frozenset({"auth_error", "unknown_model", "context_too_long", "hang", "empty"})


def load_script(llm: ScriptedLLM, path: Path) -> None:
    """Add the rules of a JSON file to a server. In a file the first rule that matches answers.

    The file is a list of rules. A rule has conditions (`match`, `pattern`, `model`, `system`,
    `text`, `tool`, `times`, as in `ScriptedLLM.on`; `pattern` is a regular expression) and
    `steps`. A step has the name of one of `Rule`'s methods with its value (`true` when it needs
    none), and that method's options.

    Example:
        ```json
        [{"match": "weather", "steps": [
            {"tool_calls": [{"name": "look", "arguments": {"at": "sky"}}]},
            {"reply": "It rains.", "chunk": 2, "delay": 0.05}]},
         {"match": "busy", "steps": [{"error": 429, "headers": {"retry-after": "7"}}]},
         {"match": "lost", "steps": [{"unknown_model": true}]}]
        ```

    Raises:
        ValueError: The file is not such a list; the message says where and why.
    """
    rules = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(rules, list):
        raise ValueError(f"{path}: a script is a list of rules.")
    for number in range(len(rules), 0, -1):
        try:
            _add_rule(llm, rules[number - 1])
        except (ValueError, TypeError, re.error) as error:
            raise ValueError(f"{path}: rule {number}: {error}") from error


def _add_rule(llm: ScriptedLLM, data: Mapping[str, Any]) -> None:
    conditions = {name: value for name, value in data.items() if name != "steps"}
    unknown = sorted(conditions.keys() - CONDITIONS)
    if unknown:
        raise ValueError(f"unknown {unknown}; a rule has {sorted(CONDITIONS)} and 'steps'")
    if not data.get("steps"):
        raise ValueError("it has no 'steps'")
    pattern = conditions.pop("pattern", None)
    if pattern is not None:
        conditions["match"] = re.compile(pattern)
    rule = llm.on(**conditions)
    for step in data["steps"]:
        _add_step(rule, step)


def _add_step(rule: Rule, step: Mapping[str, Any]) -> None:
    kinds = sorted(step.keys() & (WITH_VALUE | WITHOUT_VALUE))
    if len(kinds) != 1:
        known = sorted(WITH_VALUE | WITHOUT_VALUE)
        raise ValueError(f"a step has exactly one of {known}, not {kinds}")
    kind = kinds[0]
    add: Callable[..., Rule] = getattr(rule, kind)
    options = {name: value for name, value in step.items() if name != kind}
    if kind in WITHOUT_VALUE:
        add(**options)
    else:
        add(step[kind], **options)
