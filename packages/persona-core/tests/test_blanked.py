"""Settings as they are shown: without what is secret in them."""

from __future__ import annotations

from typing import Any

import pytest

from persona.core import (
    McpServerStdio,
    PersonaContext,
    PersonaDefinition,
    PersonaIdentity,
    blanked_at,
    pack_definition,
)


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("options.api_key", "correct horse", "•••"),
        ("options.env", {"A": "horse", "B": "${B}"}, {"A": "•••", "B": "${B}"}),
        ("options.env.A", "horse", "•••"),
        ("options.extra_headers", {"X-Any": "horse"}, {"X-Any": "•••"}),
        ("options.extra_headers", {"Authorization": "Bearer ${KEY}"}, None),
        ("options.config", {"api_token": "horse", "web": True}, {"api_token": "•••", "web": True}),
        ("options.deep", [{"a": {"password": "horse"}}], [{"a": {"password": "•••"}}]),
        ("options.args", ["--token", "horse", "--port", "8"], ["--token", "•••", "--port", "8"]),
        ("options.args", ["--db=pg://u:horse@h/d"], ["--db=pg://u:•••@h/d"]),
        ("options.args", ("--quiet", "now"), None),
        ("options.effort", "high", None),
        ("options.limit", 3, None),
        ("model.model_id", "openai/gpt-4o", None),
        ("engine", None, None),
    ],
)
def test_secrets_are_blanked(path: str, value: Any, shown: Any) -> None:
    result = blanked_at(path, value)
    if shown is None:
        assert result == value
    elif "pg://" in str(shown):
        assert "horse" not in str(result) and "@h/d" in str(result)
    else:
        assert result == shown


def test_secret_of_the_options_is_taken_out_of_texts_that_travel() -> None:
    definition = PersonaDefinition(
        name="ada",
        identity=PersonaIdentity(name="Ada", description="Uses hunter2horse."),
        context=PersonaContext(
            system_prompt="Say correcthorsebattery at the door of hunter2horse.",
            mcp_servers=[McpServerStdio(name="web", command="web", args=["-p", "hunter2horse"])],
        ),
        options={"env": {"DOOR": "hunter2horse"}, "api_key": "correcthorsebattery"},
    )
    packed = pack_definition(definition)
    assert "hunter2horse" not in packed and "correcthorsebattery" not in packed
