"""The text of a new table of ``personas.toml``, and of a file that only hides a persona.

That of a new Markdown file is in `persona.loaders`.
"""

from __future__ import annotations

from persona.cli._target import Name
from persona.core import mention_name
from persona.loaders import starter_choice

_TOML_HEAD = """\
# A persona: somebody to talk to in a JupyterLab chat; there, write {mention}.
# system_prompt says how it behaves, model is provider/model, and engine is what answers
# (`jupyter persona engines` shows those that are installed). More keys, if you like:
# description and avatar under identity, temperature under model, skills and mcp_servers
# under context, extends. `jupyter persona check` says what is wrong.
"""


def toml_starter(
    name: Name, engine: str | None, model: str | None, prompt: str
) -> tuple[str, dict[str, object]]:
    """Return the comment lines and the values of a new table."""
    engine, model = starter_choice(engine, model)
    values: dict[str, object] = {"engine": engine}
    if model is not None:
        values["model"] = model
    values["system_prompt"] = prompt
    values["identity"] = {"name": name.shown}
    return _TOML_HEAD.format(mention=f"@{mention_name(name.shown)}"), values


def hidden_stub(slug: str, scope: str) -> str:
    """Return the comment of a file that only hides a farther persona."""
    return (
        f"# Hides the persona {slug!r} of {scope} scope.\n"
        f"# `jupyter persona enable {slug}` removes this file again.\n"
    )
