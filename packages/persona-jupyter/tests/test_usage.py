"""What the replies of a persona in a chat took, over REST."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from persona.core import PersonaDefinition, PersonaEngine, PersonaIdentity, PersonaModel, Usage
from persona.jupyter._usage import ChatUsage, usage_of
from persona.testing.chat import MemoryChat


class Meter(PersonaEngine):
    """Tells what it took."""

    id = "meter"

    async def reply(self, turn: Any) -> AsyncIterator[Any]:
        yield "said"
        yield Usage(10, 2, 0.25, "m", context_used=100 + len(turn.history), context_size=1000)


async def test_choices_hold_what_the_replies_took(
    write: Any, open_chat: Any, server: Any, service: Any
) -> None:
    service.catalog.registry.register(Meter)
    write("ada", "engine: meter\nidentity:\n  name: Ada")
    write("bob", "engine: parrot\nidentity:\n  name: Bob")
    chat = await open_chat()

    async def usage(slug: str) -> Any:
        return json.loads((await server.fetch(f"/choices?path=a.chat&slug={slug}")).body)["usage"]

    assert await usage("ada") is None
    await chat.ask("@Ada one")
    await chat.ask("@Bob one")
    await chat.ask("@Ada two")
    took = await usage("ada")
    assert (took["input_tokens"], took["output_tokens"], took["cost"]) == (20, 4, 0.5)
    assert took["context_used"] > 100
    assert took["context_size"] == 1000
    assert await usage("bob") is None
    body = {"chat_id": chat.chat_id, "slug": "ada", "values": {"engine": "parrot"}}
    await server.fetch("/blocks", method="PATCH", body=json.dumps(body))
    took = await usage("ada")  # the window of another engine is another
    assert (took["cost"], took["context_used"], took["context_size"]) == (0.5, None, None)


def _definition(model: str | None) -> PersonaDefinition:
    made = PersonaModel(model_id=model) if model else None
    return PersonaDefinition(
        name="ada", engine="meter", identity=PersonaIdentity(name="Ada"), model=made
    )


def _took(notes: list[Any], model: str | None = None) -> ChatUsage | None:
    chat = MemoryChat()
    for number, usage in enumerate(notes):
        noted = {"kind": "reply", "engine": "meter", "model": "a/b", "usage": usage}
        message = chat.say(f"{number}", sender="persona::ada")
        message.metadata = {"persona": noted}
        chat.update_message(message)
    return usage_of(chat.get_messages(), ["persona::ada"], _definition(model))


@pytest.mark.parametrize("forged", ["1", None, True, -5, float("nan"), float("inf"), 10**400, []])
def test_forged_numbers_in_a_chat_file_count_as_unknown(forged: Any) -> None:
    names = ("input_tokens", "output_tokens", "cost", "context_used", "context_size")
    assert _took([dict.fromkeys(names, forged), {"input_tokens": 3}]) == ChatUsage(3)
    assert _took([forged, "text", None]) is None


def test_context_counts_as_long_as_the_model_is_the_same() -> None:
    usage = {"context_used": 5.0, "context_size": 10.0}
    assert _took([usage], "a/b") == ChatUsage(context_used=5, context_size=10)
    assert _took([usage], "a/other") == ChatUsage()
    assert _took([usage]) == ChatUsage(context_used=5, context_size=10)
